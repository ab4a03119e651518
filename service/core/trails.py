"""The past as trails: all that a rule can ask of a customer's events, in a size that does not grow with them.

A trail holds the newest instants of the events of one kind, about one offer, in one channel. Rules ask three things of
the past: how many such events stand in a window, how old the newest is, and what surveys said. A rule that compares a
count with 5 cannot tell 6 from 6,000. So with the newest ``most`` instants of every trail, where ``most`` is one above
the largest number that any count is compared with (``lookback``), every rule says what it would say of all the events,
to the millisecond, for every window at every instant: a count below ``most`` is exact, and where a trail had to leave
an event out of a window, it alone has ``most`` in it. So ``min(count, most)`` is exact, also of the sums over offers,
channels and directions, and the order in which events arrive changes nothing.

Of surveys the newest ``SURVEYS`` scores are read; their mean is the satisfaction that rules ask for.
"""

from collections.abc import Iterable

from service.core.domain import Event, EventKind, Survey, Trail

EVERY = 2**31 - 1
"""More than any trail holds: no event is left out."""


def trails_of(events: Iterable[Event]) -> tuple[Trail, ...]:
    """The trails of events, whole; each trail's instants oldest first."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for event in events:
        found.setdefault((event.kind, event.offer or "", event.channel or ""), []).append(event.at)
    return tuple(
        Trail(kind, offer or None, channel or None, tuple(sorted(found[kind, offer, channel])))
        for kind, offer, channel in sorted(found)
    )


def surveys_of(events: Iterable[Event]) -> tuple[Survey, ...]:
    """Every survey that has a score, in the order of the events."""
    return tuple(
        Survey(event.at, event.score) for event in events if event.kind == EventKind.SURVEY and event.score is not None
    )
