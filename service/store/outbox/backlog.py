"""The backlog by queue: how many items wait, and for how long the oldest has waited."""

from dataclasses import dataclass

from sqlalchemy import text

from service.store.connection.database import PATIENCE_S, Database

QUEUES = ("jobs_queued", "jobs_running", "changes", "deliveries")
"""Jobs that no runner took yet, running jobs, changes without deliveries yet, deliveries not yet made."""

COUNT = text("""
    SELECT queue, count(*) AS items, (now_ms() - min(since)) / 1000.0 AS oldest_s FROM (
    SELECT 'jobs_' || state AS queue, created_at AS since FROM jobs WHERE state IN ('queued', 'running')
    UNION ALL SELECT 'changes', at FROM changes WHERE (xid, seq) > (SELECT told_xid, told_seq FROM feed)
    UNION ALL SELECT 'deliveries', d.created_at FROM deliveries AS d JOIN webhooks AS w ON w.id = d.webhook_id
        WHERE d.state = 'waiting' AND w.enabled
    ) AS waiting GROUP BY queue
""")


@dataclass(frozen=True, slots=True)
class QueueBacklog:
    """How many items wait in a queue, and for how long the oldest has waited (seconds, 0 where none waits)."""

    items: int
    oldest_s: float


class Backlog:
    """The queues of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def measure(self) -> dict[str, QueueBacklog]:
        """Every queue, with its items and the age of the oldest; empty queues too."""
        with self._database.begin(PATIENCE_S) as connection:
            found = {
                row.queue: QueueBacklog(row.items, max(0.0, float(row.oldest_s))) for row in connection.execute(COUNT)
            }
        return {queue: found.get(queue, QueueBacklog(0, 0.0)) for queue in QUEUES}
