"""Trails: the instants of a customer's events by kind, offer and channel, for decisions to read; at most ``KEPT`` each.

One row for each kind, offer and channel of a customer ('' stands for none). An event adds its instant in the statement
that raises the customer's revision, under the same lock, so a trail never differs from the events. An old event that
comes late is pushed out as if it had come in time. So an event costs the same whether it is the first or the
ten-thousandth, and so does a decision. Surveys with a score have a table of their own.

Customers of a time before trails (column ``trailed`` of ``customers`` is false) are read from their events, with the
same result, until the runner has made their trails (``TrailRepository.make``). It may be stopped at any moment and
continues where it was; setting ``trailed`` to false has them made anew. Where a policy needs the count of a kind, and
so more than ``KEPT``, the events of that kind are read. A trail outlives its events: a month of them may be dropped,
and the newest refusal is still known for as long as the policy looks back.
"""

from sqlalchemy import Connection, text

from service.core.domain import KEPT
from service.store.connection.database import PATIENCE_S, Database
from service.store.connection.wire import Statement

PART = 200
"""Customers whose trails are made in one transaction."""

LONGER = """ARRAY(
    SELECT at FROM (
        SELECT at FROM unnest(kept.instants || excluded.instants) AS at ORDER BY at DESC LIMIT {}
    ) AS newest ORDER BY at)"""
"""The newest so many instants of the stored row ``kept`` and of a new one, oldest first."""

HAPPENED = Statement(
    b"happened",
    f"""
    WITH raised AS (
        UPDATE customers SET revision = revision + 1, updated_at = now() WHERE id = $1 RETURNING revision, trailed
    ), trail AS (
        INSERT INTO trails AS kept (customer_id, kind, offer, channel, instants)
        SELECT $1, $2, coalesce($4, ''), coalesce($5, ''), ARRAY[CAST($3 AS bigint)] FROM raised WHERE trailed
        ON CONFLICT (customer_id, kind, offer, channel) DO UPDATE SET instants = {LONGER.format(KEPT)}
    ), survey AS (
        INSERT INTO surveys (customer_id, at, id, score)
        SELECT $1, CAST($3 AS bigint), $6, CAST($7 AS double precision) FROM raised
        WHERE trailed AND $2 = 'survey' AND $7 IS NOT NULL)
    SELECT revision FROM raised
    """.encode(),  # noqa: S608 - our own number
)
COUNTED = ("customer_id", "kind", "at", "offer", "channel", "id", "score")
"""The fields of an event that ``HAPPENED`` takes: it raises the customer's revision and adds to their trail."""

TAKE_BACK = Statement(
    b"take_back_event",
    f"""
    WITH gone AS (
        DELETE FROM events WHERE customer_id = $1 AND at = CAST($3 AS bigint) AND id = $2
        RETURNING customer_id, kind, coalesce(offer, '') AS offer, coalesce(channel, '') AS channel, at)
    UPDATE trails SET instants = CASE WHEN cardinality(instants) < {KEPT} THEN '{{}}'::bigint[] ELSE ARRAY(
            SELECT older.at FROM events AS older
            WHERE older.customer_id = $1 AND older.kind = gone.kind AND coalesce(older.offer, '') = gone.offer
                AND coalesce(older.channel, '') = gone.channel AND older.at < trails.instants[1]
            ORDER BY older.at DESC LIMIT 1) END
        || instants[1:array_position(instants, gone.at) - 1] || instants[array_position(instants, gone.at) + 1:]
    FROM gone
    WHERE (trails.customer_id, trails.kind, trails.offer, trails.channel) = (
        gone.customer_id, gone.kind, gone.offer, gone.channel) AND gone.at = ANY (instants)
    """.encode(),  # noqa: S608 - our own number
)
"""Delete one event and its instant of the trail; an older one that was pushed out of a full trail comes back: customer,
id, ms."""
EMPTY = Statement(b"empty_trails", b"DELETE FROM trails WHERE customer_id = $1 AND instants = '{}'")

UNTRAILED = text("""
    SELECT id FROM customers WHERE NOT trailed AND id > :after ORDER BY id LIMIT :part FOR NO KEY UPDATE SKIP LOCKED
""")
MAKE = (
    text("DELETE FROM trails WHERE customer_id = ANY(:names)"),
    text("DELETE FROM surveys WHERE customer_id = ANY(:names)"),
    text(f"""
    INSERT INTO trails (customer_id, kind, offer, channel, instants)
    SELECT customer_id, kind, coalesce(offer, ''), coalesce(channel, ''),
        (array_agg(at ORDER BY at))[greatest(1, count(*)::int - {KEPT - 1}):]
    FROM events WHERE customer_id = ANY(:names) GROUP BY 1, 2, 3, 4
    """),  # noqa: S608 - our own number
    text("""
    INSERT INTO surveys (customer_id, at, id, score)
    SELECT customer_id, at, id, score FROM events
    WHERE customer_id = ANY(:names) AND kind = 'survey' AND score IS NOT NULL
    """),
    text("UPDATE customers SET trailed = true WHERE id = ANY(:names)"),
)


class TrailRepository:
    """The trails of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after = ""

    def make(self) -> bool:
        """Make the trails of the next customers in the order of their ids; True where there may be more.

        Locked customers are left for the next round.
        """
        with self._database.begin(PATIENCE_S) as connection:
            names = make(connection, self._after)
        self._after = names[-1] if names else ""
        return bool(names)


def make(connection: Connection, after: str) -> list[str]:
    """Make the trails of some customers after that id, all or none; returns their ids."""
    names = list(connection.execute(UNTRAILED, {"after": after, "part": PART}).scalars())
    if names:
        for statement in MAKE:
            connection.execute(statement, {"names": names})
    return names
