"""Record differences: every path at which a stored record differs from its replay.

A replay is right when every byte is the same; where it is not, these say exactly what changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

BYTES = "(bytes)"
"""The path of records of equal content and different bytes."""
ABSENT = "(absent)"
"""The value of a side that lacks the path."""


@dataclass(frozen=True, slots=True)
class Difference:
    """At ``path`` ("decision.treatments.0.priority") the record holds ``stored``, and now it would hold ``now``."""

    path: str
    stored: Any
    now: Any


def list_differences(stored: bytes, now: bytes) -> tuple[Difference, ...]:
    """Every difference of two JSON records, in the order of the paths; none when all bytes are the same.

    >>> list_differences(b'{"a":[1,2]}', b'{"a":[1,3],"b":null}')
    (Difference(path='a.1', stored=2, now=3), Difference(path='b', stored='(absent)', now=None))
    """
    if stored == now:
        return ()
    found = tuple(compare_values("", orjson.loads(stored), orjson.loads(now)))
    return found or (Difference(BYTES, len(stored), len(now)),)


def compare_values(path: str, stored: Any, now: Any) -> Iterator[Difference]:
    """The differences of two read values; 1 and 1.0 and true are three things."""
    before, after = _members(stored), _members(now)
    if before is None or after is None or type(stored) is not type(now):
        if type(stored) is not type(now) or stored != now:
            yield Difference(path, stored, now)
        return
    for key in dict.fromkeys((*before, *after)):
        below = f"{path}.{key}" if path else str(key)
        yield from compare_values(below, before.get(key, ABSENT), after.get(key, ABSENT))


def _members(value: Any) -> Mapping[Any, Any] | None:
    """The members of an object or an array by key; None for anything else."""
    if isinstance(value, dict):
        return value
    return dict(enumerate(value)) if isinstance(value, list) else None
