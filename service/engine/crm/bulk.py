"""Lists of customers decided in one call: the same decision as one request each, by the same code, each recorded.

In order: all customers in one database snapshot -> ``decide_recorded`` for each -> all records in one transaction ->
the answers. An unknown customer, or one out of the caller's reach, gets a status and does not stop the others. So does
one whose decision fails unforeseen (500; the log has the cause). The cache is not used, as a list is decided once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from service.core.clock import Clock
from service.core.domain import Snapshot
from service.core.errors import FourcastError, no_customer
from service.engine.auth.branch_scope import expect_reach
from service.engine.offers.answer_cache import AnswerCache
from service.engine.offers.recommend import CACHE, RecordedDecision, decide_recorded
from service.engine.offers.request import OfferRequest, check_slot
from service.engine.releases.active_release import ActiveRelease, ReleaseFollower
from service.engine.runner_failures import Failures
from service.rendering.answer import Sign
from service.store import Store, new_decision_id


@dataclass(frozen=True, slots=True)
class Decided:
    """One customer of a list: the answer's bytes and the decision, or the error of a single call.

    A customer requested by an unknown external key is named by that key alone.
    """

    customer_id: str | None
    external_key: str | None = None
    body: bytes | None = None
    made: RecordedDecision | None = None
    error: FourcastError | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One list at one moment: release, request, instant, the caller's branch, unavailable parts, the signer of tokens.

    ``until`` is the instant (ms UTC) at which a campaign's list ends; None: answers end as those of single calls.
    """

    serving: ActiveRelease
    request: OfferRequest
    now: int
    branch: str | None = None
    away: tuple[str, ...] = ()
    sign: Sign | None = None
    until: int | None = None

    def decide(self, customer_id: str, external_key: str | None, snapshot: Snapshot | None) -> Decided:
        """One customer's decision, or its error.

        Raises: NotFound: when nobody has stored the customer.
        """
        try:
            if snapshot is None:
                raise no_customer(customer_id)
            expect_reach(self.branch, snapshot.attributes, no_customer(customer_id))
        except FourcastError as error:
            return Decided(customer_id, error=error)
        made = decide_recorded(self.serving, snapshot, self.request, self.now, self.away, new_decision_id(self.now))
        until = self.serving.until(self.now) if self.until is None else self.until
        body = made.render(self.request.language, until, self.sign, external_key)
        return Decided(customer_id, external_key, body, made)

    def row(self, made: RecordedDecision) -> dict[str, object]:
        """The decision as a row of the store."""
        one = made.decision
        return {"id": one.id, "customer_id": one.customer_id, "at": one.at, "record": made.record,
                "release_id": self.serving.release.id}  # fmt: skip


class Bulk:
    """Decides lists of customers."""

    def __init__(self, store: Store, releases: ReleaseFollower, answers: AnswerCache, sign: Sign, clock: Clock) -> None:
        self._store, self._releases, self._answers, self._sign = store, releases, answers, sign
        self._clock = clock
        self._failures = Failures("decisions")

    def round(self, request: OfferRequest, branch: str | None, until: int | None = None) -> Round:
        """A list's moment, now.

        Raises:
            InvalidInput: the policy has no such slot.
        """
        check_slot(request, self._releases.serving)
        away = (CACHE,) if self._answers.down else ()
        sign = self._sign if until is None else partial(self._sign, until=until)
        return Round(self._releases.serving, request, self._clock(), branch, away, sign, until)

    def is_outbound(self, request: OfferRequest) -> bool:
        """Whether a list of this request may contain offers in an outbound channel."""
        channels = self._releases.serving.policy.channels
        mine = (one for one in channels if request.channel in (None, one.id))
        return any(one.direction == "outbound" and request.placement in (None, *one.placements) for one in mine)

    def decide(self, customers: Sequence[str], request: OfferRequest, branch: str | None) -> list[Decided]:
        """Every customer's offers now, in the requested order; recorded before this returns."""
        turn = self.round(request, branch)
        decided = self.turns(turn, customers)
        stored = self._store.decisions.insert_many(turn.row(one.made) for one in decided if one.made is not None)
        return [one if one.made is None or one.customer_id in stored else _gone(one) for one in decided]

    def turns(self, turn: Round, customers: Sequence[str]) -> list[Decided]:
        """Every customer's decision, not recorded yet."""
        snapshots = self._store.customers.snapshots(customers, turn.serving.expiry.lookback(turn.now))
        keys = self._store.customers.keys_of(customers)
        return [self._decided(turn, one, keys.get(one), snapshots.get(one)) for one in customers]

    def _decided(self, turn: Round, customer_id: str, key: str | None, snapshot: Snapshot | None) -> Decided:
        failed = Decided(customer_id, error=FourcastError("This customer's turn failed; the log says where."))
        return self._failures.attempt("a customer's turn", turn.decide, customer_id, key, snapshot) or failed


def _gone(one: Decided) -> Decided:
    """The answer for a customer who was erased while the list was decided."""
    return Decided(one.customer_id, one.external_key, error=no_customer(one.customer_id or ""))
