"""Counts of events as a strategy, and the same count worked out by hand."""

from hypothesis import strategies as st

from service.core.domain import Event
from service.core.grid import DAY_MS, GridIndex
from service.rules.history.event_counts import EventCount
from tests.decision.bank import CHANNELS, NOON, OFFERS

PLACES = GridIndex([(one.id, one.family) for one in OFFERS], [(one.id, one.direction) for one in CHANNELS])
PER = ["customer", "offer", "family", "channel"]
tallies = st.builds(
    EventCount,
    per=st.sampled_from(PER),
    kinds=st.sets(st.sampled_from(["impression", "click", "contact", "survey", "dismiss"]), min_size=1).map(frozenset),
    window_days=st.sampled_from([0.5, 1, 7, 30, float("inf")]),
    direction=st.sampled_from([None, "inbound", "outbound"]),
)


def by_hand(tally: EventCount, past: tuple[Event, ...]) -> list[int] | None:
    """The same count, said another way."""
    families = {one.id: one.family for one in OFFERS}
    names = {
        "offer": [one.id for one in OFFERS],
        "channel": [one.id for one in CHANNELS],
        "family": ["deposit", "wealth"],
    }
    directions = {one.id: one.direction for one in CHANNELS}
    counted_names = []
    for one in past:
        recent = one.kind in tally.kinds and NOON - one.at < tally.window_days * DAY_MS
        directed = tally.direction is None or directions.get(one.channel, tally.direction) == tally.direction
        named = {"customer": "", "offer": one.offer, "family": families.get(one.offer), "channel": one.channel}[
            tally.per
        ]
        if recent and directed and named in names.get(tally.per, [""]):
            counted_names.append(named)
    return [counted_names.count(name) for name in names.get(tally.per, [""])] if counted_names else None
