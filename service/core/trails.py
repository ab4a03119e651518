"""A customer's events as trails: all that rules can ask of the past, in a size that does not grow with the events.

A trail holds the newest instants of the events of one kind, about one offer, in one channel. Rules ask three things of
the past: how many such events are in a window, how old the newest is, and what surveys answered. A rule that compares
a count with 5 cannot tell 6 from 6,000.

So each trail keeps its newest ``most`` instants, where ``most`` is one above the largest number that any count is
compared with (``lookback``). Every rule then gives the answer that all events would give, to the millisecond, for every
window at every instant. A count below ``most`` is exact; a trail that left an event out of a window has ``most`` in
the window by itself. So ``min(count, most)`` is exact, also for sums over offers, channels and directions, and the
order in which events arrive changes nothing.

Of surveys the newest ``SURVEYS`` scores are read; their mean is the satisfaction that rules read.
"""

from collections.abc import Iterable

from service.core.domain import Event, EventKind, Survey, Trail

EVERY = 2**31 - 1
"""More than any trail holds: no event is left out."""


def trails_of(events: Iterable[Event]) -> tuple[Trail, ...]:
    """The whole trails of events; each trail's instants oldest first."""
    instants: dict[tuple[str, str, str], list[int]] = {}
    for event in events:
        instants.setdefault((event.kind, event.offer or "", event.channel or ""), []).append(event.at)
    return tuple(
        Trail(kind, offer or None, channel or None, tuple(sorted(instants[kind, offer, channel])))
        for kind, offer, channel in sorted(instants)
    )


def surveys_of(events: Iterable[Event]) -> tuple[Survey, ...]:
    """Every survey that has a score, in the order of the events."""
    return tuple(
        Survey(event.at, event.score) for event in events if event.kind == EventKind.SURVEY and event.score is not None
    )
