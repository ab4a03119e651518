"""Events: each exactly once, durable before it is acknowledged.

One transaction: the event with its key (its id and the SHA-256 of its body), then the customer's revision and trail
(``trails``). The key's primary key decides races: of two deliveries of one event the second waits for the first and
then finds its hash. A delivery whose connection broke at commit may be sent again: if it was stored, it is a duplicate.
An offer that one decision showed is accepted once: the primary key of ``acceptances`` decides that race in the same
way, and whoever comes second, under whatever id, is a duplicate too.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

import orjson

from service.core.domain import Event, EventKind
from service.core.errors import Conflict, no_customer
from service.store import revisions
from service.store.connection import encoding
from service.store.connection.database import Ask, Database
from service.store.connection.wire import Row, Statement
from service.store.events import contact_rows
from service.store.events.contact_rows import Contact
from service.store.events.trails import HAPPENED
from service.store.revisions import Forget, nobody_told

FIELDS = ", ".join(field.name for field in fields(Event))
"""The columns of an event in the order in which it is made."""

STORE = Statement(
    b"store_event",
    b"""
    WITH key AS (
        INSERT INTO event_keys (id, body_hash, at) VALUES ($1, $11, $4::bigint)
        ON CONFLICT (id) DO NOTHING RETURNING id)
    INSERT INTO events (id, customer_id, kind, at, offer, channel, decision_id, amount_yuan, score, question)
    SELECT id, $2, $3, $4::bigint, $5, $6, $7, $8::numeric, $9::double precision, $10 FROM key
    RETURNING id
    """,
    binary=10,
)
STORE_AGAIN = Statement(
    b"store_event_again",
    b"""
    INSERT INTO events (id, customer_id, kind, at, offer, channel, decision_id, amount_yuan, score, question)
    VALUES ($1, $2, $3, $4::bigint, $5, $6, $7, $8::numeric, $9::double precision, $10)
    """,
)
REDATE = Statement(b"redate_event", b"UPDATE event_keys SET at = $2::bigint, body_hash = $3 WHERE id = $1", binary=2)
ACCEPT = Statement(
    b"accept",
    b"""
    INSERT INTO acceptances (customer_id, decision_id, offer) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING RETURNING 1
    """,
)
SAME = Statement(b"same_event", b"SELECT body_hash = $2 FROM event_keys WHERE id = $1", binary=1)


SINCE = Statement(
    b"events",
    f"""
    SELECT json_agg(json_build_array({FIELDS}) ORDER BY at, id) FROM events WHERE customer_id = $1 AND at >= $2::bigint
    """.encode(),  # noqa: S608 - our own column names
)


class EventRepository:
    """The events of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, event: Event, forget: Forget = nobody_told) -> bool:
        """Store an event and raise the customer's revision; False where it was stored before.

        Raises:
            NotFound: the customer is not stored.
            Conflict: the id was used for another event.
        """
        with self._database.exchange() as ask:
            revision = report(ask, event)
            if revision is None:
                return False
            revisions.invalidate(ask, event.customer_id, revision, forget)
            return True

    def contains(self, event: Event) -> bool:
        """Whether this very event, with this content, was stored before."""
        return known(self._database.ask, event)

    def since(self, customer_id: str, since_ms: int) -> tuple[Event, ...]:
        """A customer's events since then, oldest first; decisions read trails instead."""
        rows = self._database.ask(SINCE, encoding.name("customer_id", customer_id), b"%d" % since_ms)
        return events_of(rows)


def events_of(rows: Iterable[Row]) -> tuple[Event, ...]:
    """The row of ``SINCE``."""
    return tuple(Event(*fields) for (document,) in rows for fields in orjson.loads(document or b"[]"))


def body_hash(event: Event) -> bytes:
    """SHA-256 of the event's canonical JSON."""
    return hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).digest()


def columns(event: Event) -> list[bytes | None]:
    """The event as PostgreSQL reads it; raises InvalidInput naming what it cannot hold."""
    return [
        encoding.name("id", event.id),
        encoding.name("customer_id", event.customer_id),
        encoding.name("kind", event.kind),
        b"%d" % event.at,
        *(encoding.optional(field, getattr(event, field)) for field in ("offer", "channel", "decision_id")),
        None if event.amount_yuan is None else repr(event.amount_yuan).encode(),
        None if event.score is None else repr(event.score).encode(),
        encoding.optional("question", event.question),
    ]


def record(ask: Ask, event: Event) -> int | None:
    """The customer's new revision, or None where it counts already; raises Conflict, NotFound."""
    if _accepted_before(ask, event) and not ask(SAME, encoding.name("id", event.id), body_hash(event)):
        return None
    told = columns(event)
    if not ask(STORE, *told, body_hash(event)):
        if not known(ask, event):
            raise Conflict(f'Event "{event.id}" was recorded before with another content: give each event its own id.')
        return None
    return _raised(ask, event, told)


def _raised(ask: Ask, event: Event, told: Sequence[bytes | None]) -> int:
    """The customer's new revision, their trail longer by the event; NotFound."""
    kind, at, offer, channel, *_ = told[2:]
    for (revision,) in ask(HAPPENED, told[1], kind, at, offer, channel, told[0], told[8]):
        return int(revision or 0)
    raise no_customer(event.customer_id)


def report(ask: Ask, event: Event) -> int | None:
    """As ``record``, of what is told of afterwards: a contact that was reserved under that id is made, and counts once.

    It counts from when it was made; what the report leaves open is as it was reserved.
    """
    if event.kind != EventKind.CONTACT:
        return record(ask, event)
    revisions.lock_customer(ask, event.customer_id)
    found = contact_rows.find_held(ask, event.id)
    if found is None or found.reserved_at is None:
        return record(ask, event)
    found.expect_same(event)
    if found.state not in (contact_rows.RESERVED, contact_rows.CANCELLED):
        return None
    named = {name: getattr(event, name) or getattr(found, name) for name in ("offer", "channel", "decision_id")}
    return make(ask, found, replace(event, **named))


def make(ask: Ask, contact: Contact, event: Event, state: str = contact_rows.MADE) -> int:
    """The contact made at the event's instant: its one event stands there from now on. The customer's new revision."""
    if contact.state == contact_rows.RESERVED:
        contact_rows.take_back(ask, contact)
    told = columns(event)
    ask(REDATE, told[0], told[3], body_hash(event))
    ask(STORE_AGAIN, *told)
    contact_rows.set_state(ask, contact, state, event.at)
    return _raised(ask, event, told)


def _accepted_before(ask: Ask, event: Event) -> bool:
    """Whether another accept of this offer of this decision counts already; from now on this one does."""
    if event.kind != EventKind.ACCEPT or event.decision_id is None or event.offer is None:
        return False
    return not ask(
        ACCEPT, *(encoding.name(name, getattr(event, name)) for name in ("customer_id", "decision_id", "offer"))
    )


def known(ask: Ask, event: Event) -> bool:
    """Whether this very event, with this content, was stored before."""
    return ask(SAME, encoding.name("id", event.id), body_hash(event)) == [(b"t",)]
