"""The latest decision of each customer served lately, and what these customers took: what drift is measured on."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

from service.store.decisions.decisions import Record, first_id

ROWS_PER_CUSTOMER = 4
"""Decisions read for each customer wanted: a customer asks more than once."""

LATEST = text(
    """
    SELECT * FROM (
        SELECT DISTINCT ON (customer_id) id, customer_id, at, release_id, record FROM (
            SELECT * FROM decisions WHERE id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid)
                AND NOT starts_with(customer_id, 'erased-')
            ORDER BY id DESC LIMIT :rows
        ) AS latest ORDER BY customer_id, id DESC
    ) AS one_each ORDER BY id DESC LIMIT :customers
    """
)
TAKEN = text(
    """
    SELECT customer_id, offer, at FROM events
    WHERE customer_id = ANY(:customers) AND at >= :since AND at < :until AND kind IN ('accept', 'purchase')
        AND offer IS NOT NULL
    """
)


def latest(connection: Connection, since: int, until: int, customers: int) -> list[Record]:
    """The latest decision of at most so many customers, made from ``since`` to ``until`` (ms)."""
    span = {"first": first_id(since), "last": first_id(until), "rows": customers * ROWS_PER_CUSTOMER}
    rows = connection.execute(LATEST, {**span, "customers": customers})
    return [Record(str(row.id), row.customer_id, int(row.at), int(row.release_id), bytes(row.record)) for row in rows]


def takings(connection: Connection, customers: Iterable[str], since: int, until: int) -> Sequence[tuple[str, str, int]]:
    """(customer, offer, at) of every accept and purchase of these customers from ``since`` to ``until`` (ms)."""
    rows = connection.execute(TAKEN, {"customers": list(customers), "since": since, "until": until})
    return [(row.customer_id, row.offer, int(row.at)) for row in rows]
