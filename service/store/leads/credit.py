"""Credit: sales credited to the lead's adviser and strategies, and the report of both."""

from typing import Any

from sqlalchemy import Connection, text

from service.store.leads.locked_lead import LockedLead, find_lead, lock
from service.store.leads.rows import CREDIT_MS, SOLD, Actor

BOUGHT = text("""
    SELECT l.id::text AS id, l.customer_id, min(e.at) AS at, sum(e.amount_yuan) AS yuan
    FROM leads AS l JOIN events AS e ON e.customer_id = l.customer_id AND e.kind = 'purchase' AND e.offer = l.offer
        AND e.at >= l.contacted_at AND e.at < l.contacted_at + :within
    WHERE l.status IN ('claimed', 'contacted', 'accepted', 'expired') AND l.corrected_at IS NULL
    GROUP BY l.id LIMIT :limit
""")
REPORT = text("""
    WITH mine AS (
        SELECT * FROM leads WHERE built_at >= :since AND built_at < :until
        AND (cast(:branch AS text) IS NULL OR branch = :branch)),
    keyed AS (
        SELECT 'adviser' AS by, adviser AS name, mine.* FROM mine
        UNION ALL SELECT 'strategy', strategy, mine.* FROM mine, unnest(strategies) AS strategy)
    SELECT by, name, count(*) AS leads, count(claimed_at) AS claimed, count(contacted_at) AS contacted,
        count(*) FILTER (WHERE status IN ('accepted', 'sold')) AS accepted, count(sold_at) AS sold,
        coalesce(sum(sold_yuan), 0)::double precision AS sold_yuan,
        count(*) FILTER (WHERE status = 'rejected') AS rejected,
        count(*) FILTER (WHERE status = 'withdrawn') AS withdrawn,
        count(*) FILTER (WHERE status = 'expired') AS expired,
        count(corrected_at) AS corrected,
        count(*) FILTER (WHERE offer <> decided_offer) AS overridden
    FROM keyed GROUP BY by, name ORDER BY by, sold_yuan DESC, name
""")


def settle(connection: Connection, limit: int) -> int:
    """Credit leads with purchases of their offer within 30 days of the contact; returns how many.

    Leads whose sale was corrected stay as they are. The purchases are read again under their customers' locks, so that
    no lead of a customer erased meanwhile is credited.
    """
    words = {"within": CREDIT_MS, "limit": limit}
    held = lock(connection, [row.customer_id for row in connection.execute(BOUGHT, words)])
    found = [row for row in connection.execute(BOUGHT, words) if row.customer_id in held] if held else []
    for row in found:
        lead = LockedLead(connection, find_lead(connection, row.id), None)
        lead.change("sold", Actor("runner"), status=SOLD, sold_at=row.at, sold_yuan=row.yuan)
    return len(found)


def report(connection: Connection, since: int, until: int, branch: str | None = None) -> list[dict[str, Any]]:
    """The outcomes of the leads built in a time: a row per adviser, then one per strategy credited."""
    rows = connection.execute(REPORT, {"since": since, "until": until, "branch": branch})
    return [{str(name): value for name, value in row.items()} for row in rows.mappings()]
