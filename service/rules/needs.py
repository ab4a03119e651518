"""Which of a customer's events a policy's rules can tell apart: those are read and recorded, and no others.

A rule asks how many events of a kind stand in a window, or how old the newest is, per customer, offer, family or
channel. A cap of 20 cannot tell 20 from 6,000, and a cool-off looks at one event. So each rule *needs* the newest
``most`` events of a kind in its window at each of its places, and an event that no need takes may be left out: every
rule says what it would say of all the past, and no newer event is ever put in an older one's place. What a policy reads
of a kind is bounded by its own numbers, however the events are spread over offers and channels; trails that differ only
in an axis which no rule of that kind looks at are one.

A record cut by one policy answers another's questions where the first read as much (``answers``).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from math import inf

from service.domain import Snapshot, Trail
from service.rules.clock import Clock
from service.rules.formulas import formulas
from service.rules.history import COUNTS, NEWEST
from service.rules.lookback import counted
from service.rules.policy import Policy
from service.rules.tally import age_ms

Place = tuple[str, ...]
"""Where a trail counts for a need; of an offer whose family is not known, a place of its own."""


@dataclass(frozen=True, slots=True)
class Need:
    """The newest ``most`` events of a kind within ``window_days``, at each place of the axis ``per``."""

    kind: str
    per: str
    direction: str | None
    window_days: float
    most: int

    def since(self, now: int) -> int:
        """The instant (ms) after which events count."""
        return now - age_ms(self.window_days)


class Needs:
    """What one policy reads of the past."""

    def __init__(self, policy: Policy) -> None:
        """Takes the needs from the rules, and from the catalogue where an event counts."""
        self.needs, self.depth_ms = tuple(dict.fromkeys(_needs(policy))), Clock.of(policy).depth_ms
        self._of = {need.kind: [one for one in self.needs if one.kind == need.kind] for need in self.needs}
        self.families = {one.id: one.family for one in policy.offers}
        self.directions = {one.id: one.direction for one in policy.channels}
        self._offer = {one.kind for one in self.needs if one.per in ("offer", "family")}
        self._channel = {one.kind for one in self.needs if one.per == "channel" or one.direction is not None}

    def kept(self, trails: Iterable[Trail], now: int) -> tuple[Trail, ...]:
        """The trails with the instants that some need takes, and the axes that some need looks at."""
        found: dict[str, list[Trail]] = {}
        for one in trails:
            found.setdefault(one.kind, []).append(one)
        return tuple(chain(*(self._merged(kind, self._taken(kind, found[kind], now)) for kind in sorted(found))))

    def _taken(self, kind: str, trails: Sequence[Trail], now: int) -> Iterator[Trail]:
        """Of trails of one kind, as many of the newest instants as the need that takes most of them."""
        lengths = [0] * len(trails)
        for need in self._of.get(kind, ()):
            for members in self._groups(need, trails).values():
                newest = _newest([trails[number] for number in members], need.since(now), need.most)
                for number in members if newest else ():
                    instants = trails[number].instants
                    taken = min(need.most, len(instants) - bisect_left(instants, newest[0]))
                    lengths[number] = max(lengths[number], taken)
        kept = zip(trails, lengths, strict=True)
        return (replace(one, instants=one.instants[-length:]) for one, length in kept if length)

    def full(self, need: Need, trails: Sequence[Trail], since: int) -> bool:
        """Whether at any of the need's places so many events stand after ``since`` that others may be left out."""
        groups = self._groups(need, trails).values()
        return any(len(_newest([trails[each] for each in one], since, need.most)) == need.most for one in groups)

    def _groups(self, need: Need, trails: Sequence[Trail]) -> dict[Place, list[int]]:
        """The numbers of the trails that count for the need, by place."""
        found: dict[Place, list[int]] = {}
        for number, trail in enumerate(trails):
            place = self._place(need, trail) if trail.kind == need.kind else None
            if place is not None:
                found.setdefault(place, []).append(number)
        return found

    def _place(self, need: Need, trail: Trail) -> Place | None:
        """None where the trail counts nowhere; a channel that nobody knows counts in either direction."""
        if need.direction not in (None, self.directions.get(trail.channel or "", need.direction)):
            return None
        if need.per == "customer":
            return ()
        name = trail.channel if need.per == "channel" else trail.offer
        if name is None or need.per != "family":
            return None if name is None else (name,)
        return (self.families[name],) if name in self.families else ("", name)

    def _merged(self, kind: str, trails: Iterable[Trail]) -> Iterator[Trail]:
        """Trails of one kind as one where they differ only in what no need looks at."""
        offers, channels = kind in self._offer, kind in self._channel
        found: dict[tuple[str, str], list[tuple[int, ...]]] = {}
        for one in trails:
            where = one.offer if offers else None, one.channel if channels else None
            found.setdefault((where[0] or "", where[1] or ""), []).append(one.instants)
        for (offer, channel), members in sorted(found.items()):
            yield Trail(kind, offer or None, channel or None, tuple(sorted(chain(*members))))


@lru_cache(maxsize=16)
def needs_of(policy: Policy) -> Needs:
    """What the policy reads of the past, worked out once."""
    return Needs(policy)


def cut(policy: Policy, snapshot: Snapshot, now: int) -> Snapshot:
    """The customer with what the policy's rules tell apart of the past at ``now`` (ms): it decides the same."""
    if not snapshot.trails:
        return snapshot
    return replace(snapshot, trails=needs_of(policy).kept(snapshot.trails, now))


def answers(recorded: Policy, asking: Policy, snapshot: Snapshot, now: int) -> bool:
    """Whether a snapshot cut by ``recorded`` says to ``asking`` what all of the past would say.

    For every need of the one that asks there must be one of the other's that looks as far at the same places. Where
    that took fewer events, or by other families, no place may be so full that an event may have been left out.
    """
    if recorded.hash == asking.hash:
        return True
    mine, theirs = needs_of(recorded), needs_of(asking)
    return all(_answered(mine, theirs, need, snapshot.trails, now) for need in theirs.needs)


def _answered(mine: Needs, theirs: Needs, need: Need, trails: Sequence[Trail], now: int) -> bool:
    if need.direction is not None and mine.directions != theirs.directions:
        return False
    if need.window_days == inf and mine.depth_ms < theirs.depth_ms:
        return False
    alike = need.per != "family" or mine.families == theirs.families
    return any(
        (alike and one.most >= need.most) or not mine.full(one, trails, need.since(now))
        for one in mine.needs
        if (one.kind, one.per, one.direction) == (need.kind, need.per, need.direction)
        and one.window_days >= need.window_days
    )


def _needs(policy: Policy) -> Iterator[Need]:
    """Rules that take several kinds together need as many of each: the newest of all are among them."""
    for cap in policy.contact.caps:
        for kind in cap.counts:
            yield Need(kind, cap.per, cap.direction, cap.window_days, cap.maximum)
    for rest in policy.contact.cool_offs:
        for kind in (*rest.after, *rest.until):
            yield Need(kind, rest.per, None, rest.days, 1)
    read = frozenset[str]().union(*(one.names for _, one in formulas(policy)))
    most = {**dict.fromkeys(NEWEST, 1), **counted(policy)}
    for name, tally in {**COUNTS, **NEWEST}.items():
        for kind in sorted(tally.kinds) if name in read else ():
            yield Need(kind, tally.per, tally.direction, tally.window_days, most.get(name, 1))


def _newest(trails: Iterable[Trail], since: int, most: int) -> list[int]:
    """The newest ``most`` instants after ``since``, oldest first."""
    found = [one.instants[max(bisect_right(one.instants, since), len(one.instants) - most) :] for one in trails]
    return sorted(chain(*found))[-most:]
