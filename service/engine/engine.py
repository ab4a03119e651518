"""The engine of one worker: all its parts, and the path of a request for offers.

A request passes in this order:

    1. ``auth``                    which client asks, within which quota, and which customers it may reach
    2. ``check_slot``              the channel, placement and trigger exist in the policy that serves
    3. ``Engine._revision``        PostgreSQL: the customer's revision, the active release, the cache generation; at the
                                   same time Redis: a cached answer
    4. cached answer               returned when it was made from the revision just read
    5. ``keyed_snapshot``          else PostgreSQL: the customer's attributes, consents and events
    6. ``decide_recorded``         champion or challenger; score, decide, encode the record
    7. ``decisions.insert``        the record is stored
    8. ``RecordedDecision.render`` the answer in Chinese or English, with a token for each offer
    9. ``AnswerCache.write``       the answer is cached under the customer's revision

PostgreSQL is the source of truth. A cached answer is served only if its revision is the one just read, so Redis saves
work and never serves stale answers.

When a part fails, answers degrade in steps, which they report as ``degraded``:

    fresh or cached   nothing is missing
    ``models``        no bundle serves, or it did not load: rules and priors decide
    ``cache``         Redis is down: every answer is decided anew
    ``database``      PostgreSQL is down: cached answers, else the default offers, which are those for a customer of
                      whom nothing is known; events are refused with 503

The other parts are attributes of ``Engine``: ``visitors``, ``contacts``, ``preferences``, ``labels``, ``copies``,
``objections``, ``filing``, ``explanations``, ``experiments``, ``rule_effects``, ``drift``,
``fairness``, ``governance``, ``policy_jobs``, ``models``, ``crm``. Routes read rows that need no engine from
``Engine.store``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from service.analysis.policy_checks.words import further_banned, judge_texts
from service.cache import Cache
from service.core.clock import Clock, now_ms
from service.core.domain import UNKNOWN_CUSTOMER, Event, Snapshot
from service.core.errors import Unavailable, no_customer
from service.engine.auth import Access
from service.engine.auth.audit_anchors import AuditAnchors
from service.engine.contacts import ContactService
from service.engine.crm import Crm
from service.engine.drift import DriftService
from service.engine.explain import ExplanationService
from service.engine.offers.answer_cache import AnswerCache
from service.engine.offers.event_claims import Claims, KnownNames
from service.engine.offers.offer_tokens import OfferTokens
from service.engine.offers.recommend import CACHE, DATABASE, Answer, decide_recorded, default_answer
from service.engine.offers.request import OfferRequest, check_slot
from service.engine.offers.visitors import VisitorService
from service.engine.outcomes.experiments import ExperimentService
from service.engine.outcomes.rule_effects import RuleEffectService
from service.engine.playground import Playground
from service.engine.portrait import portrait_now
from service.engine.releases.active_release import ActiveRelease, ReleaseFollower, models_state
from service.engine.releases.fairness.measuring import FairnessService
from service.engine.releases.governance import Governance
from service.engine.releases.models.model_catalogue import ModelCatalogue
from service.engine.releases.models.model_inventory import ModelInventory
from service.engine.releases.policy_jobs import PolicyJobs
from service.engine.rights.copy import CopyService
from service.engine.rights.filing import read_filing
from service.engine.rights.impact import ImpactAssessments
from service.engine.rights.labels import LabelService
from service.engine.rights.objections import ObjectionService
from service.engine.rights.preferences import PreferenceService
from service.rendering.answer import mark_degraded
from service.runtime.config import Settings
from service.runtime.tracing import span
from service.store import Record, Store, new_decision_id

__all__ = ["Answer", "Engine", "OfferRequest", "Readiness"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this worker should get traffic, and the state of each check in words."""

    ready: bool
    checks: Mapping[str, str]


class Engine:
    """The engine of one worker: built after the fork, closed with the worker; its parts share ``clock``."""

    def __init__(self, settings: Settings, store: Store, cache: Cache, clock: Clock = now_ms) -> None:
        self.store, self.clock = store, clock
        self.access = Access(settings, store, cache, clock)
        self.filing = read_filing(settings.filing)
        self.tokens = OfferTokens(store, settings.offer_token_hours, clock)
        self._releases = ReleaseFollower(settings, store, clock)
        self._names = KnownNames(store, self._releases)
        self._answers = AnswerCache(cache, settings.cache_seconds)
        self.contacts = ContactService(store, self._releases, self._answers, clock)
        self.visitors = VisitorService(store, self._releases, self._away, clock)
        self.preferences = PreferenceService(store, self._releases, self._answers, clock)
        self.labels = LabelService(store, self._releases, self._answers, clock)
        self.copies = CopyService(store, self._releases, self.labels, clock)
        self.impact = ImpactAssessments(store, self._releases, self.filing, clock)
        self.objections = ObjectionService(settings, store, self._releases, clock)
        self.explanations = ExplanationService(store, self._releases, clock)
        self.playground = Playground(self._releases, store.withdrawals, clock)
        self.governance = Governance(store, self._releases.loader, self._releases.notice, settings.workers == 1, clock)
        self.policy_jobs = PolicyJobs(store, self.governance, settings.job_lease_seconds)
        self.models = ModelCatalogue(settings, store)
        self.inventory = ModelInventory(self.models, clock)
        self.experiments = ExperimentService(store, lambda: self._releases.serving, clock)
        self.crm = Crm(settings, store, self._releases, self._answers, self.explanations, self.tokens.sign, clock)
        self.anchors = AuditAnchors(settings, store, clock)
        self.fairness = FairnessService(store, self._releases.loader, lambda: self._releases.serving.policy, clock)
        self.rule_effects = RuleEffectService(
            store, self._releases.loader, lambda: self._releases.serving.policy, clock
        )
        self.drift = DriftService(store, lambda: self._releases.serving, clock)

    def recommend(self, customer_id: str, request: OfferRequest) -> Answer:
        """The next best offers of a customer now, from the cache or decided.

        Raises:
            NotFound: no such customer is stored.
            InvalidInput: the policy has no such channel, placement or trigger.
        """
        now, serving = self.clock(), self._releases.serving
        check_slot(request, serving)
        try:
            with span("check"):
                revision, cached = self._answers.read_beside(
                    customer_id, request, now, serving, lambda: self._revision(customer_id)
                )
            if cached is not None and cached[0] == revision:
                return Answer(cached[1], "cached")
            return self._fresh(customer_id, request, now, serving)
        except Unavailable:
            return self._without_store(customer_id, request, now, serving)

    def recommend_default(self, external_key: str, request: OfferRequest) -> Answer:
        """The default offers for an external key, while PostgreSQL cannot say which customer has it; not recorded.

        Raises:
            InvalidInput: the policy has no such channel, placement or trigger.
        """
        now, serving = self.clock(), self._releases.serving
        check_slot(request, serving)
        return default_answer(serving, Snapshot(UNKNOWN_CUSTOMER, 0, {}), request, now, self._away(), external_key)

    def record_events(self, events: Sequence[Event]) -> list[tuple[str, str]]:
        """Each event's id with ``stored`` or ``duplicate``; durable, and read by any worker's next decision."""
        words = {True: "stored", False: "duplicate"}
        return [(event.id, words[self.store.events.record(event, self._answers.forget)]) for event in events]

    def claims(self, trusted: bool) -> Claims:
        """A check of one request's events against what the bank has; ``trusted``: a program of the bank sends them."""
        return Claims(self.store, self._names, trusted)

    def is_acknowledged(self, event: Event) -> bool:
        """Whether this event, with the same content, was recorded before."""
        return self.store.events.contains(event)

    @property
    def timezone(self) -> tzinfo:
        """The time zone of the active policy."""
        return self._releases.serving.phrases.timezone

    def judge_words(
        self, texts: Sequence[str], language: str, family: str, risk: int | None, part: str, reasons: str | None
    ) -> dict[str, object]:
        """Texts about a product judged as a policy's own are, with the banned words of the policy that serves."""
        banned = further_banned(self._releases.serving.policy.documents)
        return judge_texts(texts, language, family, risk, part, banned, reasons)

    def portrait(self, customer_id: str, language: str) -> bytes:
        """The customer's portrait now, as JSON in ``zh`` or ``en``.

        Raises:
            NotFound: no such customer is stored.
            Unavailable: PostgreSQL does not answer.
        """
        return portrait_now(self.store, self._releases.serving, customer_id, language, self.clock())

    def read_decision(self, decision_id: str) -> Record:
        """A stored decision: the record's bytes and its customer.

        Raises:
            NotFound: no such decision is stored.
        """
        return self.store.decisions.read(decision_id)

    def readiness(self) -> Readiness:
        """Whether the worker is ready (PostgreSQL answers), and the state of every part in words."""
        checks = {
            "release": self._releases.problem or "ok",
            "models": models_state(self._releases.serving),
            "database": "ok" if self.store.ready() else "unavailable",
            "cache": "unavailable" if self._answers.down else "ok",
        }
        return Readiness(checks["database"] == "ok", checks)

    def close(self) -> None:
        """Stop the threads that run beside the requests."""
        self._releases.close()

    def _revision(self, customer_id: str) -> int:
        """The customer's revision. The active release and the cache generation, read with it, are passed on.

        Raises:
            NotFound: no such customer is stored.
        """
        revision, release, generation = self.store.customers.read_revision(customer_id)
        self._answers.set_generation(generation)
        self._releases.notice(release)
        if revision is None:
            raise no_customer(customer_id)
        return revision

    def _fresh(self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease) -> Answer:
        with span("store.snapshot"):
            stored = self.store.customers.keyed_snapshot(customer_id, serving.expiry.lookback(now))
        if stored is None:
            raise no_customer(customer_id)
        snapshot, external_key = stored
        made = decide_recorded(serving, snapshot, request, now, self._away(), new_decision_id(now))
        with span("store.remember"):
            self.store.decisions.insert(made.decision.id, customer_id, now, serving.release.id, made.record)
        body = made.render(request.language, serving.until(now), self.tokens.sign, external_key)
        with span("cache.write"):
            self._answers.write(customer_id, request, now, serving, snapshot.revision, body)
        return Answer(body, "fresh", made.decision.degraded)

    def _without_store(self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease) -> Answer:
        cached = self._answers.read(customer_id, request, now, serving)
        if cached is not None:
            return Answer(mark_degraded(cached[1], (DATABASE,)), "cached", (DATABASE,))
        return default_answer(serving, Snapshot(customer_id, 0, {}), request, now, self._away())

    def _away(self) -> tuple[str, ...]:
        return (CACHE,) if self._answers.down else ()
