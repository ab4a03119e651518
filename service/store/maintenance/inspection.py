"""The state of a PostgreSQL before it is trusted: version, schema, durability, clock, and this user's rights."""

from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import text

from service.core.clock import now_ms
from service.store.connection.database import Database
from service.store.maintenance import migrate
from service.store.schema import METADATA

NEVER_UPDATED = frozenset(
    {"audit", "audit_values", "bundles", "challengers", "consents", "policies", "proposals", "releases"}
)
"""Tables in which no row is changed in place, as rows of all others are."""

PARTITIONS = "CREATE in the schema and the role that owns events and decisions (next months' partitions)"

_FACTS = text("""
    SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync,
        current_setting('synchronous_commit') AS synchronous_commit, current_setting('full_page_writes') AS full_pages,
        current_setting('server_encoding') AS encoding, current_setting('max_connections')::int AS connections,
        pg_is_in_recovery() AS recovering, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock_ms,
        has_schema_privilege(current_schema(), 'CREATE') AND coalesce(
            (SELECT bool_and(pg_has_role(tableowner, 'USAGE')) FROM pg_tables
             WHERE schemaname = current_schema() AND tablename IN ('events', 'decisions')), true) AS divides
""")
_MAY = text("SELECT has_table_privilege(to_regclass(:name), :right)")


@dataclass(frozen=True)
class DatabaseState:
    """The state found; ``skew_ms`` is the difference of the clocks beyond the time of the question itself."""

    version: int
    settings: dict[str, str]
    connections: int
    recovering: bool
    skew_ms: float
    revision: str | None
    newest: str | None
    lacking: tuple[str, ...]


def inspect(url: str, deadline_ms: int) -> DatabaseState:
    """Inspect the database behind ``url``, changing nothing.

    Raises:
        Unavailable: it does not answer.
        InvalidInput: ``url`` is none.
    """
    database = Database(url, deadline_ms)
    try:
        with database.begin() as connection:
            before = now_ms()
            facts = connection.execute(_FACTS).mappings().one()
            took, middle = now_ms() - before, (now_ms() + before) / 2
            lacking = [] if facts["divides"] else [PARTITIONS]
            lacking += _lacking(connection)
        return DatabaseState(
            facts["version"],
            {name: facts[name] for name in ("fsync", "synchronous_commit", "full_pages", "encoding")},
            facts["connections"],
            facts["recovering"],
            max(0.0, abs(float(facts["clock_ms"]) - middle) - took / 2),
            migrate.revision(database),
            migrate.newest(),
            tuple(lacking),
        )
    finally:
        database.close()


def _lacking(connection: sqlalchemy.Connection) -> list[str]:
    """Each right that this user lacks on a table of ours; none for a missing table (its schema is old)."""
    return [
        f"{right} on {table}"
        for table in sorted(METADATA.tables)
        for right in ("SELECT", "INSERT", *(() if table in NEVER_UPDATED else ("UPDATE",)))
        if connection.execute(_MAY, {"name": table, "right": right}).scalar() is False
    ]
