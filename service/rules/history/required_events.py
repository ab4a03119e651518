"""Which of a customer's events a policy's rules can tell apart: those are read and recorded, and no others.

A rule asks how many events of a kind are in a window, or how old the newest is, per customer, offer, family or channel.
A cap of 20 cannot tell 20 from 6,000, and a cool-off looks at one event. So each rule requires the newest ``most``
events of a kind in its window at each of its positions. An event that no requirement takes may be left out: every rule
gives the answer that the whole past would give, and no newer event ever replaces an older one. What a policy reads of a
kind is bounded by its own numbers, however the events are spread over offers and channels. Trails that differ only in
an axis at which no rule of that kind looks are merged.

A record cut by one policy serves another where the first read as much (``can_answer``).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from math import inf

from service.core.domain import KindLookback, Snapshot, Trail
from service.rules.formulas import formulas_of
from service.rules.history.columns import COUNTS, NEWEST, SPARE_MS, depth_ms
from service.rules.history.event_counts import age_ms
from service.rules.history.lookback import most_by_count
from service.rules.policy import Policy

Instants = tuple[int, ...]
"""Instants (ms) of one trail, oldest first; never empty."""

Place = tuple[str, ...]
"""Where a trail counts for a requirement; an offer whose family is not known counts for itself."""


@dataclass(frozen=True, slots=True)
class EventRequirement:
    """The newest ``most`` events of a kind within ``window_days``, at each position of the axis ``per``."""

    kind: str
    per: str
    direction: str | None
    window_days: float
    most: int

    def since(self, now: int) -> int:
        """The instant (ms) after which events count."""
        return now - age_ms(self.window_days)


class RequiredEvents:
    """What one policy reads of the past; ``kinds`` is the same kind by kind, as at the instant 0."""

    def __init__(self, policy: Policy) -> None:
        """Takes the requirements from the rules, and from the catalogue where an event counts."""
        self.needs, self.depth_ms = _widest(dict.fromkeys(_needs(policy))), depth_ms(policy.contact)
        self.families = {one.id: one.family for one in policy.offers}
        self.directions = {one.id: one.direction for one in policy.channels}
        self._of = {need.kind: [one for one in self.needs if one.kind == need.kind] for need in self.needs}
        self.kinds = tuple(self._kind(kind, needs) for kind, needs in sorted(self._of.items()))
        self._axes = {one.kind: (one.by_offer, one.by_channel) for one in self.kinds}

    def _kind(self, kind: str, needs: Sequence[EventRequirement]) -> KindLookback:
        """The lookback of one kind: its longest window and a minute, its largest number, and the axes at which a rule
        looks.
        """
        window = min(self.depth_ms, max(age_ms(one.window_days) for one in needs) + SPARE_MS)
        by_offer = any(one.per in ("offer", "family") for one in needs)
        by_channel = any(one.per == "channel" or one.direction is not None for one in needs)
        return KindLookback(kind, -window, max(one.most for one in needs), by_offer, by_channel)

    def select(self, trails: Iterable[Trail], now: int) -> tuple[Trail, ...]:
        """The trails by the axes at which some rule looks, with the instants that some rule requires."""
        by_kind: dict[str, list[Trail]] = {}
        for one in self._merged(trails):
            by_kind.setdefault(one.kind, []).append(one)
        return tuple(chain(*(self._taken(self._of[kind], members, now) for kind, members in by_kind.items())))

    def _merged(self, trails: Iterable[Trail]) -> Iterator[Trail]:
        """Trails as one where they differ only in an axis at which no rule looks, in the order of their positions."""
        merged: dict[tuple[str, str, str], list[Trail]] = {}
        for one in trails:
            if one.kind in self._axes:
                by_offer, by_channel = self._axes[one.kind]
                place = one.kind, (by_offer and one.offer) or "", (by_channel and one.channel) or ""
                merged.setdefault(place, []).append(one)
        for place in sorted(merged):
            kind, offer, channel = place
            instants = [one.instants for one in merged[place]]
            whole = instants[0] if len(instants) == 1 else tuple(sorted(chain(*instants)))
            yield Trail(kind, offer or None, channel or None, whole)

    def _taken(self, needs: Iterable[EventRequirement], trails: Sequence[Trail], now: int) -> Iterator[Trail]:
        """Of trails of one kind, as many of the newest instants as any requirement takes."""
        lengths = [0] * len(trails)
        for need in needs:
            since, most = need.since(now), need.most
            for members in self._groups(need, trails).values():
                first = _first([trails[number].instants for number in members], since, most)
                for number in members:
                    instants = trails[number].instants
                    if instants[-1] >= first:
                        taken = min(most, len(instants) - bisect_left(instants, first))
                        lengths[number] = max(lengths[number], taken)
        pairs = zip(trails, lengths, strict=True)
        return (replace(one, instants=one.instants[-length:]) for one, length in pairs if length)

    def is_full(self, need: EventRequirement, trails: Sequence[Trail], since: int) -> bool:
        """Whether at any of its positions so many events are after ``since`` that others may have been left out."""
        groups = self._groups(need, trails).values()
        return any(
            sum(len(_after(trails[each].instants, since, need.most)) for each in one) >= need.most for one in groups
        )

    def _groups(self, need: EventRequirement, trails: Sequence[Trail]) -> dict[Place, list[int]]:
        """The numbers of the trails that count for the requirement, by position."""
        groups: dict[Place, list[int]] = {}
        for number, trail in enumerate(trails):
            place = self._place(need, trail) if trail.kind == need.kind else None
            if place is not None:
                groups.setdefault(place, []).append(number)
        return groups

    def _place(self, need: EventRequirement, trail: Trail) -> Place | None:
        """None where the trail counts nowhere; an unknown channel counts in either direction."""
        if need.direction not in (None, self.directions.get(trail.channel or "", need.direction)):
            return None
        if need.per == "customer":
            return ()
        name = trail.channel if need.per == "channel" else trail.offer
        if name is None or need.per != "family":
            return None if name is None else (name,)
        return (self.families[name],) if name in self.families else ("", name)


@lru_cache(maxsize=16)
def required_events_of(policy: Policy) -> RequiredEvents:
    """What the policy reads of the past, worked out once."""
    return RequiredEvents(policy)


def cut_snapshot(policy: Policy, snapshot: Snapshot, now: int) -> Snapshot:
    """The customer with only the events that the policy's rules can tell apart at ``now`` (ms): the decision is the
    same.
    """
    if not snapshot.trails:
        return snapshot
    return replace(snapshot, trails=required_events_of(policy).select(snapshot.trails, now))


def can_answer(recorded: Policy, asking: Policy, snapshot: Snapshot, now: int) -> bool:
    """Whether a snapshot cut by ``recorded`` gives ``asking`` the same answers as the whole past.

    For every requirement of the asking policy, the recorded policy must have one that looks as far at the same
    positions. Where that took fewer events, or by other families, no position may be so full that an event may have
    been left out.
    """
    if recorded.hash == asking.hash:
        return True
    mine, theirs = required_events_of(recorded), required_events_of(asking)
    return all(_answered(mine, theirs, need, snapshot.trails, now) for need in theirs.needs)


def _answered(
    mine: RequiredEvents, theirs: RequiredEvents, need: EventRequirement, trails: Sequence[Trail], now: int
) -> bool:
    if need.direction is not None and mine.directions != theirs.directions:
        return False
    if need.window_days == inf and mine.depth_ms < theirs.depth_ms:
        return False
    alike = need.per != "family" or mine.families == theirs.families
    return any(
        (alike and one.most >= need.most) or not mine.is_full(one, trails, need.since(now))
        for one in mine.needs
        if (one.kind, one.per, one.direction) == (need.kind, need.per, need.direction)
        and one.window_days >= need.window_days
    )


def _needs(policy: Policy) -> Iterator[EventRequirement]:
    """The requirements of all rules. A rule that counts several kinds together requires as many of each."""
    for cap in policy.contact.caps:
        for kind in cap.counts:
            yield EventRequirement(kind, cap.per, cap.direction, cap.window_days, cap.maximum)
    for rest in policy.contact.cool_offs:
        for kind in (*rest.after, *rest.until):
            yield EventRequirement(kind, rest.per, None, rest.days, 1)
    read = frozenset[str]().union(*(one.names for _, one in formulas_of(policy)))
    most = {**dict.fromkeys(NEWEST, 1), **most_by_count(policy)}
    for name, count in {**COUNTS, **NEWEST}.items():
        for kind in sorted(count.kinds) if name in read else ():
            yield EventRequirement(kind, count.per, count.direction, count.window_days, most.get(name, 1))


def _widest(needs: Iterable[EventRequirement]) -> tuple[EventRequirement, ...]:
    """The requirements without those that another covers: at the same positions, as far back and as many."""
    every = list(needs)
    return tuple(one for one in every if not any(_within(one, other) for other in every if other is not one))


def _within(one: EventRequirement, other: EventRequirement) -> bool:
    alike = (one.kind, one.per, one.direction) == (other.kind, other.per, other.direction)
    return alike and one.window_days <= other.window_days and one.most <= other.most


def _first(trails: Sequence[Instants], since: int, most: int) -> int:
    """The oldest of the newest ``most`` instants after ``since``; without any, the instant after it."""
    instants = sorted(chain(*(_after(one, since, most) for one in trails if one[-1] > since)))
    return instants[-most:][0] if instants else since + 1


def _after(instants: Instants, since: int, most: int) -> Instants:
    """The newest ``most`` instants after ``since``, oldest first."""
    newest = instants[-most:]
    return newest if newest[0] > since else newest[bisect_right(newest, since) :]
