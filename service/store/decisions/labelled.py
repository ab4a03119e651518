"""Decisions with what came of them: one per customer, the first of the span, and the offers taken in the window after.

A customer counts once, so that the rows are independent of each other. Where there are more customers than asked for,
those with the smallest hash are taken: always the same, and fair to all. Taken is an accept or a purchase. Whoever was
erased is left out: what they took went with them.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from service.store.decisions.decisions import first_id

TAKEN = text(
    """
    WITH first AS (
        SELECT customer_id, min(id::text)::uuid AS id FROM decisions
        WHERE id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid) AND NOT starts_with(customer_id, 'erased-')
        GROUP BY customer_id
        ORDER BY hashtextextended(customer_id, 0), customer_id LIMIT :count
    )
    SELECT decisions.record, ARRAY(
        SELECT DISTINCT offer FROM events
        WHERE events.customer_id = decisions.customer_id AND kind IN ('accept', 'purchase') AND offer IS NOT NULL
            AND events.at >= decisions.at AND events.at < decisions.at + CAST(:window AS bigint)
        ORDER BY offer) AS taken
    FROM first JOIN decisions ON decisions.id = first.id ORDER BY decisions.id
    """
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A stored decision's record, and the offers its customer took within the window after it."""

    record: bytes
    taken: frozenset[str]


def taken(connection: Connection, since: int, until: int, window_ms: int, count: int) -> list[Outcome]:
    """The first decision from ``since`` to ``until`` (ms) of at most ``count`` customers, oldest first."""
    words = {"first": first_id(since), "last": first_id(until), "window": window_ms, "count": count}
    rows = connection.execute(TAKEN, words)
    return [Outcome(bytes(row.record), frozenset(row.taken)) for row in rows]
