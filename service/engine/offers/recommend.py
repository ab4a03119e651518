"""One customer's decision: scored, decided, encoded as a record, rendered as an answer. Stores nothing.

Serving and explaining both decide here, so an explanation describes what is served.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.core.domain import Decision, Snapshot
from service.decision import decide_with_stops, encode
from service.decision.compiled import compile_policy
from service.decision.positioning import choose_variants
from service.engine.metrics import count_decision
from service.engine.offers.request import OfferRequest
from service.engine.releases.active_release import ActiveRelease
from service.engine.releases.scores import score_one
from service.rendering.answer import Sign, render
from service.rendering.readers.assessment import assessment_of
from service.rules.history.required_events import cut_snapshot
from service.runtime.tracing import span

UNRECORDED = ""
"""The id of a decision that is not stored; null in the answer."""


DATABASE, CACHE = "database", "cache"
"""Parts that may be unavailable, as the answer's ``degraded`` names them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes to send, their source (``fresh``, ``cached``, ``default``), and the unavailable parts."""

    body: bytes
    source: str
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A decision, its record, the release that served the customer, and by offer the segment's message variant.

    ``renewable``: the customer is personalised and has no valid risk assessment. ``stops``: offers by the statutory
    gate that closed them in some channel although the policy's own gates had not.
    """

    decision: Decision
    record: bytes
    serving: ActiveRelease
    variants: Mapping[str, str]
    renewable: bool = False
    stops: Mapping[str, int] = field(default_factory=dict)

    def render(self, language: str, until: int, sign: Sign | None = None, external_key: str | None = None) -> bytes:
        """The answer as JSON, valid until ``until`` (ms UTC); with ``sign``, a token for each offer."""
        words = self.variants, external_key, self.renewable
        return render(self.decision, self.serving.phrases, language, until, sign, *words)


def decide_recorded(
    serving: ActiveRelease, snapshot: Snapshot, request: OfferRequest, now: int, away: tuple[str, ...], decision_id: str
) -> RecordedDecision:
    """Decide by champion or challenger, whichever serves the customer; ``away`` are the unavailable parts.

    Of the customer's past, only what that policy's rules can tell apart is read and recorded.
    """
    mine = serving.for_customer(snapshot)
    context, snapshot = request.context(now), cut_snapshot(mine.policy, snapshot, now)
    with span("score"):
        scores = score_one(mine.bundle, snapshot, compile_policy(mine.policy).columns.segment_and_stage.reads_segment)
    with span("decide"):
        parts = *away, *mine.degraded
        decision, stops = decide_with_stops(mine.policy, snapshot, context, scores, mine.release, decision_id, parts)
    if decision_id != UNRECORDED:
        count_decision(decision, scores)
        mine.note_stops(stops, decision.personalised, now)
    variants = choose_variants(mine.policy, decision, snapshot, context, scores)
    record = encode(decision, snapshot, context, scores, mine.release)
    assessed = assessment_of(snapshot, now, mine.policy.contact.timezone) if decision.personalised else None
    renewable = assessed is not None and not assessed.valid
    return RecordedDecision(decision, record, mine, variants, renewable, stops)


def default_answer(
    serving: ActiveRelease,
    stranger: Snapshot,
    request: OfferRequest,
    now: int,
    away: tuple[str, ...],
    external_key: str | None = None,
) -> Answer:
    """The offers that the policy allows a customer of whom nothing is known, while PostgreSQL is down; not recorded."""
    made = decide_recorded(serving, stranger, request, now, (DATABASE, *away), UNRECORDED)
    made.serving.note_stops(made.stops, made.decision.personalised, now)
    body = made.render(request.language, now, external_key=external_key)
    return Answer(body, "default", made.decision.degraded)
