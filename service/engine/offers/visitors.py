"""Visitors: people of whom the bank knows nothing yet, on a device or without one.

They get what the policy allows a customer of whom nothing is known: nothing personal, nothing in a channel that goes to
them, nothing they would have to be assessed for. Where a device is named, what was shown and waved away on it counts
against caps and cool-offs as a customer's past does. Each decision is on record and replays; it names no device, so no
record leads to one. Nothing is kept in the cache.
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
    """The visitors' desk of one worker; ``away`` says which parts do not answer."""

    def __init__(
        self, store: Store, releases: ReleaseFollower, away: Callable[[], tuple[str, ...]], clock: Clock
    ) -> None:
        self._store, self._releases, self._away, self._clock = store, releases, away, clock

    def offers(self, request: OfferRequest, device_id: str | None) -> Answer:
        """The offers a visitor may be shown now; recorded when this returns, but for the default without PostgreSQL."""
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
        """``stored`` or ``duplicate``, durable; Conflict for an id that was used for something else."""
        (new,) = self._store.visitors.record(device_id, [happened])
        return "stored" if new else "duplicate"

    def prune(self) -> bool:
        """Forget devices on which nothing happened as far back as a decision looks; False: nothing more at once."""
        self._store.visitors.forget(self._clock() - self._releases.serving.expiry.depth_ms)
        return False


def _stranger(past: tuple[Trail, ...] = ()) -> Snapshot:
    return Snapshot(UNKNOWN_CUSTOMER, 0, {}, {}, past)
