"""The policy's clock: until when an answer made now may be repeated, and how far back a decision must look. Pure.

An answer is kept for a grain of minutes, but never across an instant at which a gate may open or close by the clock
alone: the edges of quiet hours, and every full hour of the bank's day (midnight among them: holidays begin, assessments
expire, maturities come near). Everything else that closes a gate raises the customer's revision; what merely ages can
only open one.
"""

from bisect import bisect_right
from copy import copy

from service.domain import KEPT, Lookback
from service.grid import DAY_MS, moment
from service.rules.history import COUNTS, MEANS
from service.rules.lookback import most_told_apart
from service.rules.outreach import Contact
from service.rules.policy import Policy

MINUTE_MS = 60_000
DEPTH_DAYS = 200.0
"""At least so far back, for the newest click, refusal or purchase that a rule may ask after."""


class Clock:
    """One policy's edges and depth, computed once; ``most`` is how many events of a trail its rules tell apart."""

    def __init__(self, contact: Contact, grain_minutes: int, most: int = KEPT) -> None:
        hours = {60 * hour for hour in range(1, 25)}
        quiet = {minute for rule in contact.quiet_hours for minute in (rule.start_minute, rule.end_minute)}
        self._timezone, self._grain_ms = contact.timezone, grain_minutes * MINUTE_MS
        self._edges = sorted((hours | quiet) - {0})
        windows = [*(tally.window_days for tally in COUNTS.values()), *MEANS.values()]
        limits = [*(cap.window_days for cap in contact.caps), *(rest.days for rest in contact.cool_offs)]
        self._kept, self._most = (0, 0), max(KEPT, most)
        self.depth_ms = int(max(DEPTH_DAYS, *windows, *limits) * DAY_MS) + MINUTE_MS

    @classmethod
    def of(cls, policy: Policy) -> "Clock":
        """The clock of a policy."""
        return cls(policy.contact, policy.experiments.cache_grain_minutes, most_told_apart(policy))

    def lookback(self, now: int) -> Lookback:
        """How much of the past a decision made at ``now`` reads."""
        return Lookback(now - self.depth_ms, self._most)

    def joined(self, other: "Clock") -> "Clock":
        """The clock of two policies that serve together: every edge of both, the finer grain, the longer depth."""
        both = copy(self)
        both._kept = (0, 0)
        both._grain_ms = min(self._grain_ms, other._grain_ms)
        both._edges = sorted({*self._edges, *other._edges})
        both.depth_ms, both._most = max(self.depth_ms, other.depth_ms), max(self._most, other._most)
        return both

    def end(self, now: int) -> int:
        """The instant (ms) at which an answer made at ``now`` ends: the next whole grain, or an edge before it."""
        since, until = self._kept
        if since <= now < until:
            return until
        self._kept = since, until = now, self._next(now)
        return until

    def _next(self, now: int) -> int:
        minute = moment(now, self._timezone).minute
        edge = self._edges[bisect_right(self._edges, minute)] - minute
        return min(now - now % self._grain_ms + self._grain_ms, now - now % MINUTE_MS + edge * MINUTE_MS)
