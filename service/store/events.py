"""Events: each exactly once, durable before it is acknowledged.

One transaction: the event's key with the SHA-256 of its body, the customer's revision, the event itself. The key's
primary key decides races: of two deliveries of one event the second waits for the first and then finds its hash. A
delivery whose connection broke at commit may be sent again: if it was stored, it is a duplicate.
"""

import hashlib
from dataclasses import astuple

import orjson
from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_new

from service.domain import Event
from service.errors import Conflict
from service.store import text
from service.store.customers import raise_revision
from service.store.schema import event_keys, events

COLUMNS = ("id", "customer_id", "kind", "at", "offer", "channel", "decision_id", "amount_yuan", "score")


def body_hash(event: Event) -> bytes:
    """SHA-256 of the event's canonical JSON."""
    return hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).digest()


def checked(event: Event) -> Event:
    """``event``, when each of its names can be stored; raises InvalidInput."""
    for field in ("id", "customer_id", "kind"):
        text.name(field, getattr(event, field))
    for field in ("offer", "channel", "decision_id"):
        text.checked(field, getattr(event, field))
    return event


def record(connection: Connection, event: Event) -> int | None:
    """The customer's new revision, or None for an event stored before; raises Conflict, NotFound."""
    digest = body_hash(checked(event))
    key = insert_new(event_keys).values(id=event.id, body_hash=digest, at=event.at).on_conflict_do_nothing()
    if connection.execute(key.returning(event_keys.c.id)).scalar() is None:
        _expect_same(connection, event.id, digest)
        return None
    revision = raise_revision(connection, event.customer_id)
    connection.execute(insert(events).values(dict(zip(COLUMNS, astuple(event), strict=True))))
    return revision


def _expect_same(connection: Connection, event_id: str, digest: bytes) -> None:
    known = connection.execute(select(event_keys.c.body_hash).where(event_keys.c.id == event_id)).scalar_one()
    if bytes(known) != digest:
        raise Conflict(f'Event "{event_id}" was recorded before with another content: give each event its own id.')
