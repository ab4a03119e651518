"""Migration of a database to the schema this version needs; of several processes at once, one does it.

All steps run in one transaction under an advisory lock: all of them or none. Then the partitions of the months ahead
are made. Alembic is imported only where there is a step to make, because its import would delay every command.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy

from service.core.errors import Unavailable
from service.store.connection.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parents[1] / "migrations"
LOCK = 0x4643_0001
PATIENCE_S = 120.0


def migrate(database: Database, to: str = "head") -> None:
    """Bring the database to the schema ``to`` (a revision, ``head`` or ``base``), forward or back.

    Raises:
        Unavailable: the database has the schema of a newer version.
    """
    with database.begin(PATIENCE_S) as connection:
        connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(LOCK)))
        if to != "head" or _current(connection) != newest():
            _walk(connection, to)


def _walk(connection: sqlalchemy.Connection, to: str) -> None:
    from alembic import command

    config = _config(connection)
    _expect_known(connection, config)
    if _is_behind(connection, config, to):
        command.upgrade(config, to)
    else:
        command.downgrade(config, to)


def revision(database: Database) -> str | None:
    """The schema's revision; None for a database without tables."""
    with database.begin() as connection:
        return _current(connection)


def newest() -> str:
    """The revision this version of the program needs: each migration's file begins with its number."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _current(connection: sqlalchemy.Connection) -> str | None:
    if not sqlalchemy.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sqlalchemy.text("SELECT version_num FROM alembic_version"))
    return found


def _config(connection: sqlalchemy.Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _expect_known(connection: sqlalchemy.Connection, config: "Config") -> None:
    from alembic.script import ScriptDirectory

    current = _current(connection)
    if current not in {None, *(script.revision for script in ScriptDirectory.from_config(config).walk_revisions())}:
        raise Unavailable(f'The database has the schema of a newer version ("{current}"): update this program.')


def _is_behind(connection: sqlalchemy.Connection, config: "Config", to: str) -> bool:
    from alembic.script import ScriptDirectory

    if to in {"head", "base"}:
        return to == "head"
    current = _current(connection)
    way = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    return current is None or way.index(to) >= way.index(current)
