"""Until when an answer may be repeated, and how far back a decision must look. Pure.

An answer is cached for a grain of minutes, but never across an instant at which time alone may open or close a gate:
the edges of quiet hours (on every clock that a customer may live by), and every full hour of the bank's day. Midnight
is one of them: holidays begin, assessments expire, maturities come near. Every other change that closes a gate raises
the customer's revision; an event that ages can only open one.
"""

from bisect import bisect_right
from collections.abc import Iterable
from copy import copy
from dataclasses import replace

from service.core.domain import KEPT, KindLookback, Lookback
from service.core.grid import moment
from service.rules.history.columns import depth_ms
from service.rules.history.required_events import required_events_of
from service.rules.model.contact import Contact
from service.rules.policy import Policy

MINUTE_MS = 60_000
DAY, QUARTER = 1440, 15
"""In minutes. Every time zone is a multiple of a quarter of an hour from every other."""


class AnswerExpiry:
    """The edges and the depth of one policy, computed once; ``kinds``: what its rules read of the past, as at the
    instant 0.
    """

    def __init__(
        self, contact: Contact, grain_minutes: int, kinds: Iterable[KindLookback] = (), zones: bool = False
    ) -> None:
        """``zones``: whether customers may live by clocks of their own."""
        hours = {60 * hour for hour in range(1, 25)}
        quiet = {minute for rule in contact.quiet_hours for minute in (rule.start_minute, rule.end_minute)}
        if zones and quiet:
            quiet = {(minute + shift) % DAY for minute in {*quiet, 0} for shift in range(0, DAY, QUARTER)}
        self._timezone, self._grain_ms = contact.timezone, grain_minutes * MINUTE_MS
        self._edges = sorted((hours | quiet) - {0})
        self._kept, self._kinds = (0, 0), {one.kind: one for one in kinds}
        self.depth_ms = depth_ms(contact)

    @classmethod
    def for_policy(cls, policy: Policy) -> "AnswerExpiry":
        """The expiry of a policy."""
        grain, kinds = policy.experiments.cache_grain_minutes, required_events_of(policy).kinds
        return cls(policy.contact, grain, kinds, policy.attributes.zone is not None)

    def lookback(self, now: int) -> Lookback:
        """How much of the past a decision made at ``now`` reads."""
        kinds = tuple(replace(one, since=now + one.since) for one in self._kinds.values())
        return Lookback(now - self.depth_ms, max([KEPT, *(one.most for one in kinds)]), kinds)

    def merge(self, other: "AnswerExpiry") -> "AnswerExpiry":
        """The expiry of two policies that serve together: every edge of both, the finer grain, the longer depth."""
        both = copy(self)
        both._kept = (0, 0)
        both._grain_ms = min(self._grain_ms, other._grain_ms)
        both._edges = sorted({*self._edges, *other._edges})
        both.depth_ms = max(self.depth_ms, other.depth_ms)
        both._kinds = self._kinds | {kind: _wider(one, self._kinds.get(kind)) for kind, one in other._kinds.items()}
        return both

    def end(self, now: int) -> int:
        """The instant (ms UTC) at which an answer made at ``now`` ends: the next whole grain, or an edge before it."""
        since, until = self._kept
        if since <= now < until:
            return until
        self._kept = since, until = now, self._next(now)
        return until

    def _next(self, now: int) -> int:
        minute = moment(now, self._timezone).minute
        edge = self._edges[bisect_right(self._edges, minute)] - minute
        return min(now - now % self._grain_ms + self._grain_ms, now - now % MINUTE_MS + edge * MINUTE_MS)


def _wider(one: KindLookback, other: KindLookback | None) -> KindLookback:
    """The lookback that covers both, of one kind."""
    if other is None:
        return one
    return KindLookback(
        one.kind,
        min(one.since, other.since),
        max(one.most, other.most),
        one.by_offer or other.by_offer,
        one.by_channel or other.by_channel,
    )
