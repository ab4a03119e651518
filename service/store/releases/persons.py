"""Names of persons, compared as people read them: case, width and spaces make no second person."""

from collections.abc import Iterable

from service.core.folding import fold_text


def same_person(one: str, other: str) -> bool:
    """Whether a reader takes two names for one.

    >>> same_person("Anna Li", " ａｎｎａ  li")
    True
    """
    return read_name(one) == read_name(other)


def is_among(name: str, others: Iterable[str]) -> bool:
    """Whether a reader takes a name for one of the others."""
    return read_name(name) in map(read_name, others)


def read_name(name: str) -> str:
    """The name as a reader takes it."""
    return " ".join(fold_text(name).split())
