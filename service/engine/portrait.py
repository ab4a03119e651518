"""The portrait of a customer, as JSON: what is stored and scored now, described by ``rendering.portrait``."""

from collections.abc import Sequence

import orjson

from service.core.domain import Event, Lookback, Snapshot
from service.core.errors import no_customer
from service.core.grid import DAY_MS
from service.decision.portrait import Portrait, compile_portrait
from service.decision.privacy import is_withdrawn
from service.engine.releases.active_release import ActiveRelease
from service.engine.releases.scores import estimate
from service.rendering.portrait import describe_portrait
from service.rules.policy import Policy
from service.scoring.models import Models
from service.store import Store

HISTORY_DAYS = 366
"""How far back a portrait reads events: the longest window of a survey answer."""


def portrait_now(store: Store, serving: ActiveRelease, customer_id: str, language: str, now: int) -> bytes:
    """The customer's portrait at ``now`` (ms UTC) as JSON, by the release that serves.

    Raises:
        NotFound: no such customer is stored.
    """
    (snapshot, external_key), events = _read(store, customer_id, now)
    portrait = portray(snapshot, events, now, serving.policy, serving.bundle)
    return orjson.dumps({"external_key": external_key, **describe_portrait(portrait, serving.policy, language)})


def portray_stored(
    store: Store, serving: ActiveRelease, customer_id: str, now: int
) -> tuple[Portrait, Snapshot, ActiveRelease]:
    """The customer's portrait at ``now`` (ms UTC), what it was made of, and the release that serves the customer.

    Raises:
        NotFound: no such customer is stored.
    """
    (snapshot, _), events = _read(store, customer_id, now)
    mine = serving.for_customer(snapshot)
    return portray(snapshot, events, now, mine.policy, mine.bundle), snapshot, mine


def _read(store: Store, customer_id: str, now: int) -> tuple[tuple[Snapshot, str | None], Sequence[Event]]:
    since = now - HISTORY_DAYS * DAY_MS
    stored = store.customers.keyed_snapshot(customer_id, Lookback(since))
    if stored is None:
        raise no_customer(customer_id)
    return stored, store.events.since(customer_id, since)


def portray(snapshot: Snapshot, events: Sequence[Event], now: int, policy: Policy, models: Models) -> Portrait:
    """The customer's portrait at ``now`` (ms UTC); only stored facts for a customer who withdrew personalisation."""
    withdrawn = is_withdrawn(snapshot.consents)
    return compile_portrait(policy).build(snapshot, events, now, estimate(models, snapshot), withdrawn)
