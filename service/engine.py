"""The engine: where the pure core meets time, models and storage. One request, one ladder.

In order: ask PostgreSQL for the customer's revision, the active release and the cache generation (one statement);
read the answer kept in Redis under exactly these; else read the customer, score, decide, remember the decision,
render the answer and keep it. PostgreSQL is the truth: an answer from the cache is served only when it was made from
the revision just read, so Redis can save work but never serve what is stale.

The ladder when parts fail, reported as ``degraded``:

    fresh -> cached                         no loss
    ``models``    no bundle, or one that failed to load: rules and priors decide
    ``cache``     Redis down: every answer is decided anew
    ``database``  PostgreSQL down: answers already cached, then the default offers, which are what the policy allows a
                  customer of whom nothing is known; events are refused with 503

Not here: what decides (``decision``), what waits for a new release (``serving``), who may ask (``access``).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from service.access import Clients
from service.answer import mark_degraded, render
from service.cache import Cache
from service.config import Settings
from service.decision import decide, decode, encode, replay
from service.decision.permission import permit
from service.domain import Client, Context, Decision, Event, Snapshot
from service.errors import InvalidInput, NotFound, Problem, Unavailable
from service.explaining import Explaining
from service.governance import Governance
from service.measurement import Measurement
from service.meters import count_decision
from service.portrait import portrait_now
from service.preferences import Preferences, expect_known
from service.serving import Releases, Serving
from service.store import Record, Store, new_decision_id
from service.tracing import span

DATABASE = "database"
CACHE = "cache"
UNTOLD = -1
"""No generation: under it nothing was ever cached."""
UNRECORDED = ""
"""The id of a decision that could not be stored; the answer says null."""


@dataclass(frozen=True, slots=True)
class OfferRequest:
    """What the caller asks: the slot, how many offers, in which language; ``key`` names it in the cache."""

    channel: str | None = None
    placement: str | None = None
    limit: int = 3
    trigger: str | None = None
    amount_yuan: float | None = None
    language: str = "zh"

    @property
    def key(self) -> str:
        """The request as one part of a cache field."""
        return f"{self.channel}|{self.placement}|{self.limit}|{self.trigger}|{self.amount_yuan}|{self.language}"

    def context(self, now: int) -> Context:
        """The request at one instant, as the core reads it."""
        return Context(now, self.channel, self.placement, self.limit, self.trigger, self.amount_yuan)


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes to send, their source (``fresh``, ``cached``, ``default``), and for how many seconds they hold."""

    body: bytes
    source: str
    max_age_s: int
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this worker should get traffic, and each check in words."""

    ready: bool
    checks: Mapping[str, str]


class Engine:
    """One per worker: made after the fork, closed with the worker."""

    def __init__(self, settings: Settings, store: Store, cache: Cache) -> None:
        self._settings = settings
        self._store = store
        self._cache = cache
        self._clients = Clients(store.client)
        self._releases = Releases(settings, store)
        self.explaining = Explaining(self._releases, settings.artifacts)
        self.governance = Governance(store, self._releases.shelf, self._releases.seen)
        self.measurement = Measurement(store, lambda: self._releases.serving)
        self._generation = UNTOLD

    def client(self, key: str) -> Client:
        """The client that holds ``key``; raises Unauthorized, or Unavailable when nobody can tell."""
        return self._clients.client(key)

    def recommend(self, customer_id: str, request: OfferRequest) -> Answer:
        """The next best offers of one customer now; raises NotFound for a customer nobody has stored."""
        now = time.time_ns() // 1_000_000
        serving = self._releases.serving
        check_slot(request, serving)
        try:
            with span("store.check"):
                revision, release, self._generation = self._store.check(customer_id)
            self._releases.seen(release)
            if revision is None:
                raise NotFound(f'No customer "{customer_id}". Import customers first, or check the id.')
            return self._kept(customer_id, request, now, serving, revision) or self._fresh(
                customer_id, request, now, serving
            )
        except Unavailable:
            return self._without_store(customer_id, request, now, serving)

    def explain(self, customer_id: str, request: OfferRequest, shap: bool = False) -> bytes:
        """The answer ``recommend`` would decide now, with its whole explanation. Reads only: nothing is kept of it."""
        now, serving = time.time_ns() // 1_000_000, self._releases.serving
        check_slot(request, serving)
        snapshot = self._store.snapshot(customer_id, now - serving.clock.depth_ms)
        if snapshot is None:
            raise NotFound(f'No customer "{customer_id}". Import customers first, or check the id.')
        mine = serving.of(snapshot)
        decision, record = decided(snapshot, request.context(now), mine, self._parts_down(mine), UNRECORDED)
        body = render(decision, mine.phrases, request.language, grain_end(now, serving))
        return self.explaining.beside(body, record, request.language, shap)

    def record(self, events: Sequence[Event]) -> list[tuple[str, str]]:
        """Each event's id with ``stored`` or ``duplicate``: durable now, seen by the next read in any worker."""
        return [(event.id, self._record(event)) for event in events]

    @property
    def timezone(self) -> tzinfo:
        """The bank's time zone, by the active policy."""
        return self._releases.serving.phrases.timezone

    def reserve(self, wanted: Event, language: str) -> tuple[Event, bool]:
        """The contact, dated now, and whether it is new; ContactRefused where a gate is closed. Counted from now on."""
        serving, contact = self._releases.serving, replace(wanted, at=time.time_ns() // 1_000_000)
        return self._store.permissions.reserve(
            contact,
            contact.at - serving.clock.depth_ms,
            lambda snapshot: permit((mine := serving.of(snapshot)).policy, snapshot, contact, mine.release, language),
            self._forget,
        )

    def preferences(self, customer_id: str) -> Preferences:
        """What the customer said on every purpose, and the purposes one may speak of."""
        return Preferences(self._releases.serving.policy, self._store.permissions.said(customer_id))

    def prefer(self, customer_id: str, granted: Mapping[str, bool], source: str, version: str) -> Preferences:
        """Keep what the customer says now; the next call in any worker follows it. InvalidInput for other purposes."""
        expect_known(self._releases.serving.policy, granted)
        now = time.time_ns() // 1_000_000
        self._store.permissions.say(customer_id, granted, source, version, now, self._forget)
        return self.preferences(customer_id)

    def portrait(self, customer_id: str, language: str) -> bytes:
        """Who the customer is now, in ``zh`` or ``en``; raises NotFound, and Unavailable without PostgreSQL."""
        return portrait_now(self._store, self._releases.serving, customer_id, language)

    def stored(self, decision_id: str) -> Record:
        """One decision as it is stored, with its customer; NotFound."""
        return self._store.decision(decision_id)

    def decision(self, decision_id: str) -> bytes:
        """The record of one decision, the bytes as they were stored."""
        return self.stored(decision_id).record

    def replay(self, decision_id: str) -> bytes:
        """The record made anew from its own inputs and its policy; equal to ``decision`` byte for byte."""
        record = self.decision(decision_id)
        *_, release = decode(record)
        return replay(record, self._releases.policy(release.policy))

    def readiness(self) -> Readiness:
        """Ready while a release serves; each server's state in words, whether it is needed or not."""
        checks = {
            "release": self._releases.problem or "ok",
            "models": "priors only" if self._releases.serving.bundle is None else "ok",
            "database": "ok" if self._store.ready() else "unavailable",
            "cache": "unavailable" if self._cache.down else "ok",
        }
        return Readiness(checks["database"] == "ok", checks)

    def close(self) -> None:
        """Stop what runs beside the requests."""
        self._releases.close()

    def _record(self, event: Event) -> str:
        return "stored" if self._store.record_event(event, self._forget) else "duplicate"

    def _kept(
        self, customer_id: str, request: OfferRequest, now: int, serving: Serving, revision: int
    ) -> Answer | None:
        with span("cache.read"):
            kept = self._cache.read(customer_id, self._field(request, now, serving))
        if kept is None or kept[0] != revision:
            return None
        return Answer(kept[1], "cached", max_age(now, serving))

    def _fresh(self, customer_id: str, request: OfferRequest, now: int, serving: Serving) -> Answer:
        with span("store.snapshot"):
            snapshot = self._store.snapshot(customer_id, now - serving.clock.depth_ms)
        if snapshot is None:
            raise NotFound(f'No customer "{customer_id}". They were erased a moment ago.')
        mine = serving.of(snapshot)
        decision, record = decided(snapshot, request.context(now), mine, self._parts_down(mine), new_decision_id(now))
        with span("store.remember"):
            self._store.remember(decision.id, customer_id, now, serving.release.id, record)
        body = render(decision, mine.phrases, request.language, grain_end(now, serving))
        seconds = max_age(now, serving)
        field = self._field(request, now, serving)
        with span("cache.write"):
            self._cache.write(customer_id, field, snapshot.revision, body, min(seconds, self._settings.cache_seconds))
        return Answer(body, "fresh", seconds, decision.degraded)

    def _without_store(self, customer_id: str, request: OfferRequest, now: int, serving: Serving) -> Answer:
        kept = self._cache.read(customer_id, self._field(request, now, serving))
        if kept is not None:
            return Answer(mark_degraded(kept[1], (DATABASE,)), "cached", 0, (DATABASE,))
        stranger = Snapshot(customer_id, 0, {})
        decision, _ = decided(
            stranger, request.context(now), serving, (DATABASE, *self._parts_down(serving)), UNRECORDED
        )
        return Answer(render(decision, serving.phrases, request.language, now), "default", 0, decision.degraded)

    def _parts_down(self, serving: Serving) -> tuple[str, ...]:
        return (*serving.degraded, CACHE) if self._cache.down else serving.degraded

    def _forget(self, customer_id: str, revision: int) -> bool:
        """Tell the cache; where it cannot be told, trust nothing in it until PostgreSQL names the new generation."""
        told = self._cache.forget(customer_id, revision)
        if not told:
            self._generation = UNTOLD
        return told

    def _field(self, request: OfferRequest, now: int, serving: Serving) -> str:
        return f"{serving.release.id}:{self._generation}:{request.key}:{grain_end(now, serving)}"


def decided(
    snapshot: Snapshot, context: Context, serving: Serving, degraded: tuple[str, ...], decision_id: str
) -> tuple[Decision, bytes]:
    """Score, decide, encode: the decision and its record. Who withdrew personalisation is not scored."""
    withdrawn = snapshot.consents.get("personalisation") is False
    with span("score"):
        scores = {} if serving.bundle is None or withdrawn else serving.bundle.score_one(snapshot.attributes)
    with span("decide"):
        decision = decide(serving.policy, snapshot, context, scores, serving.release, decision_id, degraded)
    if decision_id != UNRECORDED:
        count_decision(decision, scores)
    return decision, encode(decision, snapshot, context, scores, serving.release)


def check_slot(request: OfferRequest, serving: Serving) -> None:
    """Raise InvalidInput where the policy has no such channel or placement, naming those it has."""
    if request.channel is None and request.placement is None:
        return
    channels = serving.phrases.placements
    if request.channel is not None and request.channel not in channels:
        raise _unknown("channel", request.channel, channels)
    places = channels[request.channel] if request.channel else {p for each in channels.values() for p in each}
    if request.placement is not None and request.placement not in places:
        raise _unknown("placement", request.placement, places)


def _unknown(name: str, got: str, known: object) -> InvalidInput:
    words = ", ".join(sorted(known))  # type: ignore[call-overload]
    return InvalidInput(f"The policy has no such {name}.", [Problem(name, f'expected one of {words}; got "{got}"')])


def grain_end(now: int, serving: Serving) -> int:
    """The instant (ms) at which answers made now end: the next whole grain of the policy, or its clock's next edge."""
    return serving.clock.end(now)


def max_age(now: int, serving: Serving) -> int:
    """Whole seconds an answer made now holds."""
    return max(1, (grain_end(now, serving) - now) // 1000)
