"""Where two records differ: every path whose value was one thing when it was stored and is another now.

A replay is right when every byte is the same; where it is not, these say exactly what changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

BYTES = "(bytes)"
"""The path of records whose content is the same, written otherwise."""
ABSENT = "(absent)"
"""What stands where only the other side has a value."""


@dataclass(frozen=True, slots=True)
class Difference:
    """At ``path`` ("decision.treatments.0.priority") the record holds ``stored``, and now it would hold ``now``."""

    path: str
    stored: Any
    now: Any


def list_differences(stored: bytes, now: bytes) -> tuple[Difference, ...]:
    """Every difference of two JSON records, in the order of the paths; none when all bytes are the same.

    >>> differences(b'{"a":[1,2]}', b'{"a":[1,3],"b":null}')
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
    """What stands in an object or an array by key; None for anything else."""
    if isinstance(value, dict):
        return value
    return dict(enumerate(value)) if isinstance(value, list) else None
