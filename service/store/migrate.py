"""Bringing a database to the schema this version needs; several processes may do it at once, one of them works.

The whole way runs in one transaction under an advisory lock: it arrives or nothing happened. Then the partitions of
the months ahead are made.
"""

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.errors import Unavailable
from service.store.database import Database

LOCK = 0x4643_0001
PATIENCE_S = 120.0


def migrate(database: Database, to: str = "head") -> None:
    """The schema ``to`` (a revision, ``head`` or ``base``), forward or back as needed."""
    with database.begin(PATIENCE_S) as connection:
        connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(LOCK)))
        config = _config(connection)
        _expect_known(connection, config)
        if _is_behind(connection, config, to):
            command.upgrade(config, to)
        else:
            command.downgrade(config, to)


def revision(database: Database) -> str | None:
    """The schema's revision; None for a database without tables."""
    with database.begin() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision this version of the program needs."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: sqlalchemy.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _expect_known(connection: sqlalchemy.Connection, config: Config) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current not in {None, *(script.revision for script in ScriptDirectory.from_config(config).walk_revisions())}:
        raise Unavailable(f'The database has the schema of a newer version ("{current}"): update this program.')


def _is_behind(connection: sqlalchemy.Connection, config: Config, to: str) -> bool:
    if to in {"head", "base"}:
        return to == "head"
    current = MigrationContext.configure(connection).get_current_revision()
    way = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    return current is None or way.index(to) >= way.index(current)
