"""The engine: where the pure core meets time, models and storage. One request, one ladder.

In order: ask PostgreSQL for the customer's revision, the active release and the cache generation (one statement), and
Redis, at the same time, for the answer kept under them; else read the customer, score, decide, remember the decision,
render the answer and keep it. PostgreSQL is the truth: an answer from the cache is served only when it was made from
the revision just read, so Redis can save work but never serve what is stale.

The ladder when parts fail, reported as ``degraded``:

    fresh -> cached                         no loss
    ``models``    no bundle, or one that failed to load: rules and priors decide
    ``cache``     Redis down: every answer is decided anew
    ``database``  PostgreSQL down: answers already cached, then the default offers, which are what the policy allows a
                  customer of whom nothing is known; events are refused with 503

Beside it, each a part of the engine with one subject: ``visitors``, ``contacts``, ``preferences``, ``explanations``,
``governance``, ``policy_jobs``, ``experiments``, ``models``, ``crm``, ``drift``. Not here: what decides (``decision``,
called by ``offers.recommend``), what waits for a new release (``releases.active_release``), who may ask (``auth``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from service.cache import Cache
from service.core.clock import Clock, now_ms
from service.core.domain import UNKNOWN_CUSTOMER, Event, Snapshot
from service.core.errors import Unavailable, no_customer
from service.engine.auth import Access
from service.engine.contacts import ContactService
from service.engine.crm import Crm
from service.engine.drift import DriftService
from service.engine.experiments import ExperimentService
from service.engine.explain import ExplanationService
from service.engine.offers.answer_cache import AnswerCache
from service.engine.offers.event_claims import Claims, KnownNames
from service.engine.offers.offer_tokens import OfferTokens
from service.engine.offers.recommend import CACHE, DATABASE, Answer, decide_recorded, default_answer
from service.engine.offers.request import OfferRequest, check_slot
from service.engine.offers.visitors import VisitorService
from service.engine.portrait import portrait_now
from service.engine.preferences import PreferenceService
from service.engine.releases.active_release import ActiveRelease, ReleaseFollower
from service.engine.releases.governance import Governance
from service.engine.releases.model_catalogue import ModelCatalogue
from service.engine.releases.policy_jobs import PolicyJobs
from service.rendering.answer import mark_degraded
from service.runtime.config import Settings
from service.runtime.tracing import span
from service.store import Record, Store, new_decision_id

__all__ = ["Answer", "Engine", "OfferRequest", "Readiness"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this worker should get traffic, and each check in words."""

    ready: bool
    checks: Mapping[str, str]


class Engine:
    """One per worker: made after the fork, closed with the worker."""

    def __init__(self, settings: Settings, store: Store, cache: Cache, clock: Clock = now_ms) -> None:
        self.store, self.clock = store, clock
        self.access = Access(settings, store, cache, clock)
        self.tokens = OfferTokens(store, settings.offer_token_hours, clock)
        self._releases = ReleaseFollower(settings, store)
        self._names = KnownNames(store, self._releases)
        self._answers = AnswerCache(cache, settings.cache_seconds)
        self.contacts = ContactService(store, self._releases, self._answers, clock)
        self.visitors = VisitorService(store, self._releases, self._away, clock)
        self.preferences = PreferenceService(store, self._releases, self._answers, clock)
        self.explanations = ExplanationService(store, self._releases, clock)
        self.governance = Governance(store, self._releases.loader, self._releases.notice, settings.workers == 1, clock)
        self.policy_jobs = PolicyJobs(store, self.governance, settings.job_lease_seconds)
        self.models = ModelCatalogue(settings, store)
        self.experiments = ExperimentService(store, lambda: self._releases.serving, clock)
        self.crm = Crm(settings, store, self._releases, self._answers, self.explanations, self.tokens.sign, clock)
        self.drift = DriftService(store, lambda: self._releases.serving, clock)

    def recommend(self, customer_id: str, request: OfferRequest) -> Answer:
        """The next best offers of one customer now; raises NotFound for a customer nobody has stored."""
        now, serving = self.clock(), self._releases.serving
        check_slot(request, serving)
        try:
            with span("check"):
                revision, kept = self._answers.read_beside(
                    customer_id, request, now, serving, lambda: self._revision(customer_id)
                )
            if kept is not None and kept[0] == revision:
                return Answer(kept[1], "cached")
            return self._fresh(customer_id, request, now, serving)
        except Unavailable:
            return self._without_store(customer_id, request, now, serving)

    def recommend_default(self, external_key: str, request: OfferRequest) -> Answer:
        """The policy's default, told to an external key while nobody can tell whose it is; recorded nowhere."""
        now, serving = self.clock(), self._releases.serving
        check_slot(request, serving)
        return default_answer(serving, Snapshot(UNKNOWN_CUSTOMER, 0, {}), request, now, self._away(), external_key)

    def record_events(self, events: Sequence[Event]) -> list[tuple[str, str]]:
        """Each event's id with ``stored`` or ``duplicate``: durable now, seen by the next read in any worker."""
        words = {True: "stored", False: "duplicate"}
        return [(event.id, words[self.store.events.record(event, self._answers.forget)]) for event in events]

    def claims(self, trusted: bool) -> Claims:
        """What holds one request's events against what the bank has; ``trusted``: a program of the bank's sends it."""
        return Claims(self.store, self._names, trusted)

    def is_acknowledged(self, event: Event) -> bool:
        """Whether this very event, with this content, was recorded before."""
        return self.store.events.contains(event)

    @property
    def timezone(self) -> tzinfo:
        """The bank's time zone, by the active policy."""
        return self._releases.serving.phrases.timezone

    def portrait(self, customer_id: str, language: str) -> bytes:
        """Who the customer is now, in ``zh`` or ``en``; raises NotFound, and Unavailable without PostgreSQL."""
        return portrait_now(self.store, self._releases.serving, customer_id, language, self.clock())

    def read_decision(self, decision_id: str) -> Record:
        """One decision as it is stored, its record byte for byte, with its customer; NotFound."""
        return self.store.decisions.read(decision_id)

    def readiness(self) -> Readiness:
        """Ready while a release serves; each server's state in words, whether it is needed or not."""
        checks = {
            "release": self._releases.problem or "ok",
            "models": "priors only" if self._releases.serving.degraded else "ok",
            "database": "ok" if self.store.ready() else "unavailable",
            "cache": "unavailable" if self._answers.down else "ok",
        }
        return Readiness(checks["database"] == "ok", checks)

    def close(self) -> None:
        """Stop what runs beside the requests."""
        self._releases.close()

    def _revision(self, customer_id: str) -> int:
        """The customer's revision; what else PostgreSQL says with it is passed on. NotFound."""
        revision, release, generation = self.store.customers.read_revision(customer_id)
        self._answers.set_generation(generation)
        self._releases.notice(release)
        if revision is None:
            raise no_customer(customer_id)
        return revision

    def _fresh(self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease) -> Answer:
        with span("store.snapshot"):
            found = self.store.customers.keyed_snapshot(customer_id, serving.expiry.lookback(now))
        if found is None:
            raise no_customer(customer_id)
        snapshot, external_key = found
        made = decide_recorded(serving, snapshot, request, now, self._away(), new_decision_id(now))
        with span("store.remember"):
            self.store.decisions.insert(made.decision.id, customer_id, now, serving.release.id, made.record)
        body = made.render(request.language, serving.until(now), self.tokens.sign, external_key)
        with span("cache.write"):
            self._answers.write(customer_id, request, now, serving, snapshot.revision, body)
        return Answer(body, "fresh", made.decision.degraded)

    def _without_store(self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease) -> Answer:
        kept = self._answers.read(customer_id, request, now, serving)
        if kept is not None:
            return Answer(mark_degraded(kept[1], (DATABASE,)), "cached", (DATABASE,))
        return default_answer(serving, Snapshot(customer_id, 0, {}), request, now, self._away())

    def _away(self) -> tuple[str, ...]:
        return (CACHE,) if self._answers.down else ()
