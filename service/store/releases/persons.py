"""Names of persons, compared as people read them: case, width and spaces make no second person.

A table says which other names are one person (``person_names``); ``Persons`` reads it. Pure.
"""

from collections.abc import Iterable

from service.core.folding import fold_text


def same_person(one: str, other: str) -> bool:
    """Whether a reader takes two names for one.

    >>> same_person("Anna Li", " ａｎｎａ  li")
    True
    """
    return read_name(one) == read_name(other)


def read_name(name: str) -> str:
    """The name as a reader takes it."""
    return " ".join(fold_text(name).split())


class Persons:
    """Who is one person, by pairs of names; what is joined to one name is joined to all that it is joined to.

    >>> everybody = Persons([("mei", "mei-console"), ("oauth:17", "Mei-Console")])
    >>> everybody.are_same("oauth:17", "MEI"), everybody.are_same("mei", "ben")
    (True, False)
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._joined: dict[str, set[str]] = {}
        for pair in pairs:
            names = {other for name in map(read_name, pair) for other in self._joined.get(name, {name})}
            self._joined |= dict.fromkeys(names, names)

    def are_same(self, one: str, other: str) -> bool:
        """Whether two names are one person."""
        return read_name(other) in self._joined.get(read_name(one), {read_name(one)})

    def is_among(self, name: str, others: Iterable[str]) -> bool:
        """Whether a name is one of the other persons."""
        return any(self.are_same(name, other) for other in others)
