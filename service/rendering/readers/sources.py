"""What was known of a customer, from where, and which of it a decision used. Names only, never values.

Used is what is known and what a rule, a formula or a model reads, whether or not it changed the outcome. What is known
and read by none of them was not used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.core.attributes import Attribute
from service.core.domain import EventKind, Snapshot
from service.decision import compile_policy
from service.rules.policy import Policy

ORIGINS = ("bank", "customer", "outside")
"""Where attributes come from, in the order of the explanation."""


@dataclass(frozen=True, slots=True)
class Known:
    """The attributes that are known: those that were used, by origin, and those that were not; and events by kind."""

    used: Mapping[str, Sequence[Attribute]]
    unused: Sequence[Attribute]
    events: Mapping[str, int]


def find_known(policy: Policy, snapshot: Snapshot, read_by_models: frozenset[str] | None) -> Known:
    """What the record of a decision holds; ``read_by_models`` are raw attributes, None: all of them may have been."""
    known = [one for one in policy.attributes.attributes if snapshot.attributes.get(one.name) is not None]
    read = {one.name for one in compile_policy(policy).columns.features.table.attributes}
    used = known if read_by_models is None else [one for one in known if one.name in read | read_by_models]
    by_origin = {origin: [one for one in used if one.origin == origin] for origin in ORIGINS}
    return Known(by_origin, [one for one in known if one not in used], dict(_events(snapshot)))


def _events(snapshot: Snapshot) -> Iterator[tuple[str, int]]:
    for kind in EventKind:
        count = sum(len(trail.instants) for trail in snapshot.trails if trail.kind == kind)
        if kind == EventKind.SURVEY:
            count = max(count, len(snapshot.surveys))
        if count:
            yield str(kind), count
