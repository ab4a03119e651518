"""What became of each arm's customers: SQL over decisions and events.

Only decisions of releases whose experiments are those of ``policy`` count, so that all arms were open at the same time.
A customer belongs to the arm of all their decisions; who was in two (they withdrew personalisation, say) is left out,
and so is everybody who is not personalised. Taken is an accept or a purchase within the window after the first
decision, of any offer; its value is the expected margin that the decisions stated for that offer, 0 for one they never
showed. Records are read where they lie, each once; one that is no record any more (somebody altered it) is left out
and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from service.store.decisions.decisions import first_id

OUTCOMES = text(
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

COUNTED = ("customers", "decisions", "shown", "taken", "value", "squares")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Arm -> customers, decisions, shown, taken, value, squares; strategy -> shown treatments credited to it.

    ``unreadable``: decisions left out because their record is none.
    """

    arms: Mapping[str, Mapping[str, float]]
    credits: Mapping[str, int]
    unreadable: int


def outcomes(connection: Connection, policy: str, since: int, until: int, window_ms: int, release: int = 0) -> Outcomes:
    """What came of the decisions from ``since`` to ``until`` (ms), under releases from ``release`` on."""
    span = {"policy": policy, "first": first_id(since), "last": first_id(until), "release": release}
    rows = connection.execute(OUTCOMES, {**span, "since": since, "window": window_ms}).all()
    return Outcomes(
        {row.name: {one: float(row._mapping[one]) for one in COUNTED} for row in rows if row.kind == "arm"},
        {row.name: int(row.shown) for row in rows if row.kind == "strategy"},
        sum(int(row.decisions) for row in rows if row.kind == "unreadable"),
    )
