"""What became of each arm's customers: SQL over decisions and events.

Only decisions of releases whose experiments are those of ``policy`` count, so that all arms were open at the same time.
A customer belongs to the arm of all their decisions; who was in two (they withdrew personalisation, say) is left out,
and so is everybody who is not personalised. Taken is an accept or a purchase within the window after the first
decision, of any offer; its value is the expected margin that the decisions stated for that offer, 0 for one they never
showed. Records are read as JSON where they lie: some 10 seconds for a million decisions.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, TextClause, text

from service.store.decisions import first_id

MADE = """
    WITH releases_alike AS (
        SELECT releases.id FROM releases JOIN policies ON policies.hash = releases.policy
        WHERE (documents -> 'experiments')::jsonb
            = (SELECT (documents -> 'experiments')::jsonb FROM policies WHERE hash = :policy)
    ), made AS MATERIALIZED (
        SELECT customer_id, at, decision ->> 'arm' AS arm, decision -> 'treatments' AS treatments
        FROM decisions, LATERAL (SELECT convert_from(record, 'UTF8')::json -> 'decision' AS decision) AS read
        WHERE id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid)
            AND release_id IN (SELECT id FROM releases_alike) AND release_id >= :release
    )
"""
OUTCOMES = text(
    MADE  # noqa: S608 - our own words
    + """
    , members AS (
        SELECT customer_id, min(arm) AS arm, min(at) AS first_at, count(*) AS decisions,
            sum(json_array_length(treatments)) AS shown
        FROM made GROUP BY customer_id HAVING min(arm) = max(arm) AND min(arm) <> 'unpersonalised'
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
    SELECT arm, count(*) AS customers, sum(decisions) AS decisions, sum(shown) AS shown,
        count(worth.customer_id) AS taken, coalesce(sum(value), 0) AS value, coalesce(sum(value * value), 0) AS squares
    FROM members LEFT JOIN worth USING (customer_id) GROUP BY arm
    """
)
CREDITS = text(
    MADE  # noqa: S608 - our own words
    + """
    SELECT strategy, count(*) AS treatments
    FROM made, json_array_elements(treatments) AS treatment,
        json_array_elements_text(coalesce(treatment -> 'strategies', '[]'::json)) AS strategy
    WHERE arm <> 'unpersonalised' GROUP BY strategy
    """
)


def outcomes(
    connection: Connection, policy: str, since: int, until: int, window_ms: int, release: int
) -> dict[str, dict[str, float]]:
    """Arm -> customers, decisions, shown, taken, value, squares, of decisions from ``since`` to ``until`` (ms)."""
    rows = connection.execute(OUTCOMES, {**_span(policy, since, until, release), "since": since, "window": window_ms})
    return {row.arm: {name: float(row._mapping[name]) for name in COUNTED} for row in rows}


def credited(connection: Connection, policy: str, since: int, until: int) -> dict[str, int]:
    """Strategy -> how many shown treatments it is credited with."""
    return _counted(connection, CREDITS, _span(policy, since, until, 0))


COUNTED = ("customers", "decisions", "shown", "taken", "value", "squares")


def _span(policy: str, since: int, until: int, release: int) -> dict[str, object]:
    return {"policy": policy, "first": first_id(since), "last": first_id(until), "release": release}


def _counted(connection: Connection, statement: TextClause, words: Mapping[str, object]) -> dict[str, int]:
    return {row.strategy: int(row.treatments) for row in connection.execute(statement, dict(words))}
