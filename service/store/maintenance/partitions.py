"""Partitions of events and decisions by month (UTC), made ahead, with a default one so that no insert ever fails.

A month that is made late moves its rows out of the default partition, in one transaction.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from service.store.connection.database import Database
from service.store.decisions.decisions import first_id

LOCK = 0x4643_0002
PATIENCE_S = 60.0
LOCK_TIMEOUT_MS = 2000
"""Splitting the default partition needs an exclusive lock; it is better to retry tomorrow than to block the writers."""


@dataclass(frozen=True)
class Partitioned:
    """A table, its partition key, and how a bound of the key is written."""

    table: str
    key: str
    by_id: bool

    def bound(self, at: int) -> str:
        """The SQL literal of the key's lowest value at that millisecond."""
        return f"'{first_id(at)}'" if self.by_id else str(at)


TABLES = (Partitioned("events", "at", by_id=False), Partitioned("decisions", "id", by_id=True))


def ensure_partitions(database: Database, now_ms: int, months: int = 3, behind: int = 1) -> list[str]:
    """Make the missing partitions from ``behind`` months ago to ``months`` ahead; returns the names of the new ones."""
    first = _month_number(now_ms) - behind
    made = []
    for month in range(first, first + behind + months + 1):
        for partitioned in TABLES:
            with database.begin(PATIENCE_S) as connection:
                made += _ensure(connection, partitioned, month)
    return made


def _ensure(connection: Connection, partitioned: Partitioned, month: int) -> list[str]:
    name = f"{partitioned.table}_{month // 12}_{month % 12 + 1:02d}"
    connection.execute(
        text(f"SELECT pg_advisory_xact_lock({LOCK}), set_config('lock_timeout', '{LOCK_TIMEOUT_MS}', true)")
    )
    if connection.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar() is not None:
        return []
    for statement in _making(partitioned, name, _start(month), _start(month + 1)):
        connection.execute(text(statement))
    return [name]


def _making(partitioned: Partitioned, name: str, start: int, end: int) -> tuple[str, ...]:
    """Names and bounds are our own, never a caller's."""
    table, key, low, high = partitioned.table, partitioned.key, partitioned.bound(start), partitioned.bound(end)
    late = f"WITH late AS (DELETE FROM {table}_default WHERE {key} >= {low} AND {key} < {high} RETURNING *)"  # noqa: S608
    return (
        f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
        f"{late} INSERT INTO {name} SELECT * FROM late",  # noqa: S608
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})",
    )


def _month_number(at: int) -> int:
    when = datetime.fromtimestamp(at / 1000, UTC)
    return when.year * 12 + when.month - 1


def _start(month: int) -> int:
    return int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)
