"""The schema: forward, back, forward again, from several processes at once, and the same as the code says."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from service.core.errors import Unavailable
from service.store import Store
from service.store.connection.database import Database
from service.store.maintenance.migrate import newest, revision
from service.store.schema import METADATA
from tests.seed import put_customer
from tests.servers import execute

PARTITION_SUFFIX = r"_(default|\d{4}_\d{2})$"


@pytest.fixture
def empty_url(make_database: Callable[[], str]) -> str:
    """A database with nothing in it."""
    url = make_database()
    Store(url, 5000).migrate("base")
    execute(url, "DROP TABLE alembic_version")
    return url


def tables(url: str) -> set[str]:
    rows = execute(
        url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ %s", PARTITION_SUFFIX
    )
    return {str(row[0]) for row in rows}


def test_back_leaves_nothing_and_forward_again_makes_everything(database_url: str) -> None:
    store, database = Store(database_url, 5000), Database(database_url, 5000)
    assert revision(database) == newest()
    before = tables(database_url)
    store.migrate("base")
    assert tables(database_url) == {"alembic_version"}
    assert execute(database_url, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == [(0,)]
    assert revision(database) is None
    store.migrate()
    assert tables(database_url) == before
    put_customer(store, "c-1", {})
    assert store.customers.read_revision("c-1")[:2] == (1, 0)


def test_migrating_again_changes_nothing(database_url: str) -> None:
    store = Store(database_url, 5000)
    store.migrate()
    put_customer(store, "c-kept", {"age": 1})
    store.migrate()
    assert store.customers.read_revision("c-kept")[0] == 1


def test_the_tables_are_what_the_code_says(database_url: str) -> None:
    def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and name not in METADATA.tables)

    with Database(database_url, 5000).begin() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert len(sqlalchemy.inspect(connection).get_table_names()) > len(METADATA.tables)


def test_three_processes_may_migrate_at_once(empty_url: str) -> None:
    code = "import sys; from service.store import Store; Store(sys.argv[1], 5000).migrate()"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, empty_url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert execute(empty_url, "SELECT count(*) FROM serving") == [(1,)]


def test_a_database_of_a_newer_version_is_left_alone(empty_url: str) -> None:
    store = Store(empty_url, 5000)
    store.migrate()
    execute(empty_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="newer version"):
        store.migrate()
