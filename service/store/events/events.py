"""Events: each exactly once, durable before it is acknowledged.

One transaction: the event with its key (its id and the SHA-256 of its body), then the customer's revision and trail
(``trails``). The key's primary key decides races: of two deliveries of one event the second waits for the first and
then finds its hash. A delivery whose connection broke at commit may be sent again: if it was stored, it is a duplicate.
An offer that one decision showed is accepted once: the primary key of ``acceptances`` decides that race in the same
way, and a second accept, under whatever id, is a duplicate too.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

import orjson
from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import dialect

from service.core.domain import Event, EventKind
from service.core.errors import Conflict, no_customer
from service.store import revisions
from service.store.connection import encoding
from service.store.connection.database import Ask, Database
from service.store.connection.wire import Row, Statement
from service.store.events import contact_rows
from service.store.events.contact_rows import Contact
from service.store.events.trails import COUNTED, HAPPENED
from service.store.revisions import Forget, without_cache
from service.store.schema import events as rows

NAMES = tuple(field.name for field in fields(Event))
FIELDS = ", ".join(NAMES)
"""The columns of an event in the order of its fields: one row in ``core.domain.Event``, and one in the schema."""


POSTGRESQL = dialect()  # type: ignore[no-untyped-call]


def _parameter(place: int, name: str) -> str:
    """The parameter of an event's field, cast to its column's type."""
    kind = rows.c[name].type
    return f"${place}" if isinstance(kind, Text) else f"${place}::{kind.compile(POSTGRESQL)}"


VALUES = ", ".join(_parameter(place, name) for place, name in enumerate(NAMES, 1))
INSERT = Statement(
    b"store_event",
    f"""
    WITH key AS (
        INSERT INTO event_keys (id, body_hash, at)
        VALUES ($1, ${len(NAMES) + 1}, ${NAMES.index("at") + 1}::bigint)
        ON CONFLICT (id) DO NOTHING RETURNING id)
    INSERT INTO events ({FIELDS}) SELECT {VALUES} FROM key RETURNING id
    """.encode(),  # noqa: S608 - our own column names
    binary=len(NAMES),
)
INSERT_AGAIN = Statement(
    b"store_event_again",
    f"INSERT INTO events ({FIELDS}) VALUES ({VALUES})".encode(),  # noqa: S608 - our own column names
)
"""For a key that is there already."""
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

    def record(self, event: Event, forget: Forget = without_cache) -> bool:
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
    """The event as PostgreSQL reads it.

    Raises:
        InvalidInput: when PostgreSQL cannot hold a field; names it.
    """
    return [_encoded(name, getattr(event, name)) for name in NAMES]


def _encoded(field: str, value: str | float | None) -> bytes | None:
    return encoding.optional(field, value) if value is None or isinstance(value, str) else str(value).encode()


def record(ask: Ask, event: Event) -> int | None:
    """The customer's new revision, or None where the event counts already.

    Raises: Conflict: when the id was used for another event. NotFound: when the customer is not stored.
    """
    if _accepted_before(ask, event) and not ask(SAME, encoding.name("id", event.id), body_hash(event)):
        return None
    revision = insert(ask, event)
    if revision is None and not known(ask, event):
        raise id_was_used(event)
    return revision


def insert(ask: Ask, event: Event) -> int | None:
    """Store an event and its key; the customer's new revision, None where the id was used before.

    Raises:
        NotFound: when the customer is not stored.
        InvalidInput: when PostgreSQL cannot hold a field.
    """
    cells = columns(event)
    return _raised(ask, event, cells) if ask(INSERT, *cells, body_hash(event)) else None


def id_was_used(event: Event) -> Conflict:
    """The error for an id that another event has."""
    return Conflict(f'Event "{event.id}" was recorded before with another content: give each event its own id.')


def _raised(ask: Ask, event: Event, cells: Sequence[bytes | None]) -> int:
    """The customer's new revision, their trail longer by the event.

    Raises:
        NotFound: when the customer is not stored.
    """
    told = dict(zip(NAMES, cells, strict=True))
    for (revision,) in ask(HAPPENED, *(told[name] for name in COUNTED)):
        return int(revision or 0)
    raise no_customer(event.customer_id)


def report(ask: Ask, event: Event) -> int | None:
    """As ``record``; a contact that was reserved under that id is made, and counts once.

    It counts from when it was made; fields that the report leaves open are as reserved.
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
    """Make the contact at the event's instant, to which its one event moves; returns the customer's new revision."""
    if contact.state == contact_rows.RESERVED:
        contact_rows.take_back(ask, contact)
    cells = columns(event)
    ask(REDATE, encoding.name("id", event.id), b"%d" % event.at, body_hash(event))
    ask(INSERT_AGAIN, *cells)
    contact_rows.set_state(ask, contact, state, event.at)
    return _raised(ask, event, cells)


def _accepted_before(ask: Ask, event: Event) -> bool:
    """Whether another accept of this offer of this decision counts already; if not, this one does from now on."""
    if event.kind != EventKind.ACCEPT or event.decision_id is None or event.offer is None:
        return False
    return not ask(
        ACCEPT, *(encoding.name(name, getattr(event, name)) for name in ("customer_id", "decision_id", "offer"))
    )


def known(ask: Ask, event: Event) -> bool:
    """Whether this very event, with this content, was stored before."""
    return ask(SAME, encoding.name("id", event.id), body_hash(event)) == [(b"t",)]
