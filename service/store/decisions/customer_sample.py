"""A sample of the customer base for a simulation: whole snapshots, read through a cursor.

The sample is the same at every call and fair to every kind of customer: those whose id has the smallest hash. One
statement, and so one view of the database.
"""

from typing import Any

import orjson
from sqlalchemy import Connection

from service.core.domain import Lookback, Snapshot
from service.store.connection import statements
from service.store.connection.database import named_text
from service.store.connection.statements import CONSENTS, surveys_of, trails_of
from service.store.connection.wire import Statement
from service.store.events.trails import PAST

READ_ROWS = 1000

SAMPLE = named_text(
    Statement(
        b"sample",
        f"""
    SELECT id, revision, attributes::text,
        {CONSENTS}::text, {PAST}
    FROM (SELECT id, revision, attributes, trailed FROM customers ORDER BY hashtextextended(id, 0), id LIMIT $1) AS c
    ORDER BY id
    """.encode(),  # noqa: S608 - our own statement
    )
)


def snapshots(connection: Connection, count: int, back: Lookback) -> list[Snapshot]:
    """At most ``count`` customers with attributes, newest consents and the past so far back."""
    asked = {"p1": count, **lookback(back)}
    rows = connection.execute(SAMPLE, asked, execution_options={"yield_per": READ_ROWS})
    return [_snapshot(*row) for row in rows]


def lookback(back: Lookback) -> dict[str, object]:
    """``hot.lookback`` for a transaction of SQLAlchemy."""
    since, kinds = statements.lookback(back)
    return {"p2": int(since), "p3": kinds.decode()}


def _snapshot(
    customer_id: str, revision: int, attributes: str, consents: str | None, trails: list[Any], surveys: list[Any]
) -> Snapshot:
    return Snapshot(
        customer_id,
        revision,
        orjson.loads(attributes),
        orjson.loads(consents or "{}"),
        trails_of(trails or ()),
        surveys_of(surveys or ()),
    )
