"""A sample of the customer base for a simulation: whole snapshots, read through a cursor.

The sample is the same at every call and fair to every kind of customer: those whose id has the smallest hash. One
statement, and so one view of the database.
"""

from dataclasses import fields

import orjson
from sqlalchemy import Connection, text

from service.domain import Event, Snapshot

READ_ROWS = 1000
EVENT = ", ".join(field.name for field in fields(Event))
"""The columns of an event in the order in which it is made."""

SAMPLE = text(
    f"""
    SELECT id, revision, attributes::text,
        (SELECT json_object_agg(purpose, granted)::text FROM (
            SELECT DISTINCT ON (purpose) purpose, granted FROM consents WHERE customer_id = sample.id
            ORDER BY purpose, at DESC, seq DESC) AS newest),
        (SELECT json_agg(json_build_array({EVENT}) ORDER BY at, id)::text
            FROM events WHERE customer_id = sample.id AND at >= :since)
    FROM (SELECT id, revision, attributes FROM customers ORDER BY hashtextextended(id, 0), id LIMIT :count) AS sample
    ORDER BY id
    """  # noqa: S608 - our own column names
)


def snapshots(connection: Connection, count: int, since_ms: int) -> list[Snapshot]:
    """At most ``count`` customers with attributes, newest consents and the events since then."""
    rows = connection.execute(SAMPLE, {"count": count, "since": since_ms}, execution_options={"yield_per": READ_ROWS})
    return [_snapshot(*row) for row in rows]


def _snapshot(customer_id: str, revision: int, attributes: str, consents: str | None, events: str | None) -> Snapshot:
    return Snapshot(
        customer_id,
        revision,
        orjson.loads(attributes),
        orjson.loads(consents) if consents is not None else {},
        tuple(Event(*fields) for fields in orjson.loads(events)) if events is not None else (),
    )
