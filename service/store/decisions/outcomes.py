"""What came of decisions, for measuring, drift and training; never read on a request.

by_arm     each arm's customers, decisions, takings and value, of releases whose experiments are those of a policy
labelled   one decision per customer, the first of the span, with the offers taken in the window after it
takings    the accepts and purchases of some customers
histories  decisions and events, customer by customer, for training

Taken is an accept or a purchase. Erased customers are left out: what they took was deleted with them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import text

from service.core.domain import Event
from service.store.connection.database import PATIENCE_S, Database
from service.store.decisions.decisions import first_id
from service.store.events.events import FIELDS

READ_ROWS = 1000
"""Customers fetched through a cursor at a time."""

BY_ARM = text(
    """
    WITH releases_alike AS (
        SELECT releases.id FROM releases JOIN policies ON policies.hash = releases.policy
        WHERE (documents -> 'experiments')::jsonb
            = (SELECT (documents -> 'experiments')::jsonb FROM policies WHERE hash = :policy)
    ), made AS MATERIALIZED (
        SELECT customer_id, at, decision ->> 'arm' AS arm, decision -> 'treatments' AS treatments
        FROM decisions, LATERAL (SELECT decision_of(record) AS decision) AS read
        WHERE id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid)
            AND release_id IN (SELECT id FROM releases_alike) AND release_id >= :release
            AND NOT starts_with(customer_id, 'erased-')
    ), members AS (
        SELECT customer_id, min(arm) AS arm, min(at) AS first_at, count(*) AS decisions,
            sum(json_array_length(treatments)) AS shown
        FROM made WHERE arm IS NOT NULL
        GROUP BY customer_id HAVING min(arm) = max(arm) AND min(arm) <> 'unpersonalised'
    ), takings AS (
        SELECT DISTINCT members.customer_id, events.offer
        FROM members JOIN events ON events.customer_id = members.customer_id AND events.kind IN ('accept', 'purchase')
            AND events.at >= first_at AND events.at < first_at + CAST(:window AS bigint)
        WHERE events.at >= :since
    ), offered AS (
        SELECT customer_id, treatment ->> 'offer' AS offer, max((treatment ->> 'value')::float8) AS value
        FROM made, json_array_elements(treatments) AS treatment
        WHERE customer_id IN (SELECT customer_id FROM takings) GROUP BY 1, 2
    ), worth AS (
        SELECT customer_id, sum(coalesce(value, 0)) AS value
        FROM takings LEFT JOIN offered USING (customer_id, offer) GROUP BY customer_id
    )
    SELECT 'arm' AS kind, arm AS name, count(*) AS customers, sum(decisions) AS decisions, sum(shown) AS shown,
        count(worth.customer_id) AS taken, coalesce(sum(value), 0) AS value, coalesce(sum(value * value), 0) AS squares
    FROM members LEFT JOIN worth USING (customer_id) GROUP BY arm
    UNION ALL
    SELECT 'strategy', strategy, 0, 0, count(*), 0, 0, 0
    FROM made, json_array_elements(treatments) AS treatment,
        json_array_elements_text(coalesce(treatment -> 'strategies', '[]'::json)) AS strategy
    WHERE arm <> 'unpersonalised' GROUP BY strategy
    UNION ALL
    SELECT 'unreadable', '', 0, count(*), 0, 0, 0, 0 FROM made WHERE arm IS NULL
    """
)
"""Only decisions of releases whose experiments are those of ``:policy`` count, so that all arms were open at once.

A customer belongs to the arm of all their decisions; one in two arms (they withdrew personalisation, say) is left out,
as is everybody without personalisation. The value of a taking is the expected margin that the decisions stated for
that offer, 0 for an offer they never showed. A record that cannot be read is left out and counted.
"""

COUNTED = ("customers", "decisions", "shown", "taken", "value", "squares")

LABELLED = text(
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
"""A customer counts once, so that the rows are independent. Of more customers than asked for, those with the smallest
hash: always the same, and fair to all."""

TAKINGS = text(
    """
    SELECT customer_id, offer, at FROM events
    WHERE customer_id = ANY(:customers) AND at >= :since AND at < :until AND kind IN ('accept', 'purchase')
        AND offer IS NOT NULL
    """
)
HISTORIES = text(
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
"""Only customers who are stored now and have not withdrawn personalisation; records as they were stored."""

CustomerHistory = tuple[str, list[bytes], tuple[Event, ...]]
"""A customer's id, the records of their decisions in order, and their events, oldest first."""


@dataclass(frozen=True, slots=True)
class ArmOutcomes:
    """Arm -> customers, decisions, shown, taken, value, squares; strategy -> shown treatments credited to it.

    ``unreadable``: decisions left out because their record cannot be read.
    """

    arms: Mapping[str, Mapping[str, float]]
    credits: Mapping[str, int]
    unreadable: int


@dataclass(frozen=True, slots=True)
class LabelledDecision:
    """A stored decision's record, and the offers its customer took within the window after it."""

    record: bytes
    taken: frozenset[str]


class OutcomeRepository:
    """The outcomes of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_arm(self, policy: str, since: int, until: int, window_ms: int, release: int = 0) -> ArmOutcomes:
        """What came of each arm's decisions from ``since`` to ``until`` (ms), under releases from ``release`` on."""
        span = {"policy": policy, "first": first_id(since), "last": first_id(until), "release": release}
        with self._database.begin(PATIENCE_S) as connection:
            rows = connection.execute(BY_ARM, {**span, "since": since, "window": window_ms}).all()
        return ArmOutcomes(
            {row.name: {name: float(row._mapping[name]) for name in COUNTED} for row in rows if row.kind == "arm"},
            {row.name: int(row.shown) for row in rows if row.kind == "strategy"},
            sum(int(row.decisions) for row in rows if row.kind == "unreadable"),
        )

    def labelled(self, since: int, until: int, window_ms: int, count: int) -> list[LabelledDecision]:
        """The first decision from ``since`` to ``until`` (ms) of at most ``count`` customers, oldest first."""
        words = {"first": first_id(since), "last": first_id(until), "window": window_ms, "count": count}
        with self._database.begin(PATIENCE_S) as connection:
            rows = connection.execute(LABELLED, words)
            return [LabelledDecision(bytes(row.record), frozenset(row.taken)) for row in rows]

    def takings(self, customers: Iterable[str], since: int, until: int) -> Sequence[tuple[str, str, int]]:
        """(customer, offer, at) of every accept and purchase of these customers from ``since`` to ``until`` (ms)."""
        with self._database.begin(PATIENCE_S) as connection:
            rows = connection.execute(TAKINGS, {"customers": list(customers), "since": since, "until": until})
            return [(row.customer_id, row.offer, int(row.at)) for row in rows]

    def histories(self, since: int, until: int) -> Iterator[CustomerHistory]:
        """Every customer with a decision from ``since`` to ``until`` (ms), in the order of their ids.

        One statement through a cursor: one view of the database, and memory for ``READ_ROWS`` customers at a time.
        """
        span = {"since": since, "until": until, "first": first_id(since), "last": first_id(until)}
        by_cursor = {"yield_per": READ_ROWS}
        with self._database.begin(PATIENCE_S) as connection:
            for customer_id, records, events in connection.execute(HISTORIES, span, execution_options=by_cursor):
                yield customer_id, [bytes(record) for record in records], _events(events)


def _events(document: str | None) -> tuple[Event, ...]:
    return () if document is None else tuple(Event(*fields) for fields in orjson.loads(document))
