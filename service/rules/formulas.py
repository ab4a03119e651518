"""Every expression of a policy, with the id of the rule, offer or channel it belongs to."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

from service.core.expressions import Expression
from service.rules.policy import Policy

Formula = tuple[str, Expression]

_PLAIN = frozenset({"experiments", "messages", "schema", "static_columns"})
"""Large parts of a policy that hold no expression."""


@lru_cache(maxsize=16)
def formulas_of(policy: Policy) -> tuple[Formula, ...]:
    """All expressions of the policy, collected once."""
    parts = [getattr(policy, field.name) for field in fields(policy) if field.name not in _PLAIN]
    return tuple(formula for part in parts for formula in _within(part))


def _within(part: Any, where: str = "") -> Iterator[Formula]:
    if isinstance(part, Expression):
        yield where, part
    elif isinstance(part, Mapping):
        for name, one in part.items():
            yield from _within(one, where or str(name))
    elif isinstance(part, tuple | list):
        for one in part:
            yield from _within(one, where)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _within(getattr(part, field.name), getattr(part, "id", where))
