"""Visitors: people without a customer id, on a device or without one.

They get what the policy allows a customer of whom nothing is known: nothing personal, nothing in an outbound channel,
nothing that needs a risk assessment. Where a device is named, impressions and dismissals on it count against caps and
cool-offs, as a customer's events do. Each decision is recorded and can be replayed; the record names no device, so it
cannot be traced to one. Nothing is cached.
"""

from collections.abc import Callable

from service.core.clock import Clock
from service.core.domain import UNKNOWN_CUSTOMER, Event, Snapshot, Trail
from service.core.errors import Unavailable
from service.engine.offers.recommend import Answer, decide_recorded, default_answer
from service.engine.offers.request import OfferRequest, check_slot
from service.engine.releases.active_release import ReleaseFollower
from service.store import Store, new_decision_id


class VisitorService:
    """Offers and events of visitors; ``away`` returns the unavailable parts."""

    def __init__(
        self, store: Store, releases: ReleaseFollower, away: Callable[[], tuple[str, ...]], clock: Clock
    ) -> None:
        self._store, self._releases, self._away, self._clock = store, releases, away, clock

    def offers(self, request: OfferRequest, device_id: str | None) -> Answer:
        """The offers for a visitor now. The decision is recorded before this returns, except without PostgreSQL."""
        now, serving = self._clock(), self._releases.serving
        check_slot(request, serving)
        try:
            past = () if device_id is None else self._store.visitors.read_past(device_id, serving.expiry.lookback(now))
            made = decide_recorded(serving, _stranger(past), request, now, self._away(), new_decision_id(now))
            self._store.decisions.insert(made.decision.id, UNKNOWN_CUSTOMER, now, serving.release.id, made.record)
        except Unavailable:
            return default_answer(serving, _stranger(), request, now, self._away())
        return Answer(made.render(request.language, serving.until(now)), "fresh", made.decision.degraded)

    def record(self, device_id: str, happened: Event) -> str:
        """``stored`` or ``duplicate``; the event is durable.

        Raises:
            Conflict: the id was used for another event.
        """
        (new,) = self._store.visitors.record(device_id, [happened])
        return "stored" if new else "duplicate"

    def prune(self) -> bool:
        """Delete devices without events in the period that decisions read; returns False: no more work at once."""
        self._store.visitors.forget(self._clock() - self._releases.serving.expiry.depth_ms)
        return False


def _stranger(past: tuple[Trail, ...] = ()) -> Snapshot:
    return Snapshot(UNKNOWN_CUSTOMER, 0, {}, {}, past)
