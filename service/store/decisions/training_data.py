"""What the service has lived through with its customers: decisions and events, customer by customer, for training.

Only customers who are stored now (an erased one is in no training set) and who have not withdrawn personalisation.
Decisions come as the records they were stored as, with the facts of their own time. One statement, read through a
cursor: one view of the database, and memory for a thousand customers at a time.
"""

from collections.abc import Iterator

import orjson
from sqlalchemy import Connection, text

from service.core.domain import Event
from service.store.decisions.customer_sample import READ_ROWS
from service.store.decisions.decisions import first_id
from service.store.events.events import FIELDS

Life = tuple[str, list[bytes], tuple[Event, ...]]
"""A customer's id, the records of their decisions in order, and their events, oldest first."""

LIVES = text(
    f"""
    SELECT id, records, (SELECT json_agg(json_build_array({FIELDS}) ORDER BY at, id)::text
        FROM events WHERE customer_id = customers.id AND at >= :since AND at < :until)
    FROM customers, LATERAL (SELECT array_agg(record ORDER BY decisions.id) AS records FROM decisions
        WHERE customer_id = customers.id AND decisions.id >= CAST(:first AS uuid)
            AND decisions.id < CAST(:last AS uuid)) AS made
    WHERE records IS NOT NULL AND coalesce((SELECT granted FROM consents
        WHERE customer_id = customers.id AND purpose = 'personalisation' ORDER BY at DESC, seq DESC LIMIT 1), true)
    ORDER BY id
    """  # noqa: S608 - our own column names
)


def lives(connection: Connection, since: int, until: int) -> Iterator[Life]:
    """Every customer with a decision from ``since`` to ``until`` (ms), in order of their ids."""
    span = {"since": since, "until": until, "first": first_id(since), "last": first_id(until)}
    by_cursor = {"yield_per": READ_ROWS}
    for customer_id, records, events in connection.execute(LIVES, span, execution_options=by_cursor):
        yield customer_id, [bytes(record) for record in records], _events(events)


def _events(text_of: str | None) -> tuple[Event, ...]:
    return () if text_of is None else tuple(Event(*fields) for fields in orjson.loads(text_of))
