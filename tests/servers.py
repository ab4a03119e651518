"""Real servers for tests, from the wheels: started once per session, a database of its own for each test module.

The session's PostgreSQL does not wait for the disk; tests of its own failures start a durable one.
"""

import contextlib
import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from service.runtime.embedded import start_postgres, start_valkey
from service.store import Store

TEMPLATE = "migrated"
DEADLINE_MS = 2000
"""Longer than in service, for a busy machine."""

MakeDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def make_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeDatabase]:
    """``() -> url`` of a new database with all tables and no rows."""
    state = tmp_path_factory.mktemp("servers")
    with start_postgres(state, {"fsync": "off", "full_page_writes": "off"}) as server:
        template = database_at(server.url, TEMPLATE)
        execute(server.url, f"CREATE DATABASE {TEMPLATE}")
        store = Store(template, DEADLINE_MS)
        store.migrate()
        store.close()
        number = itertools.count(1)

        def make() -> str:
            name = f"test_{next(number)}"
            execute(server.url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            return database_at(server.url, name)

        yield make


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    """A migrated database that this test module has to itself."""
    return make_database()


@pytest.fixture(scope="module")
def store(database_url: str) -> Iterator[Store]:
    """The store on this module's database."""
    opened = Store(database_url, DEADLINE_MS)
    yield opened
    opened.close()


@pytest.fixture
def fresh_database(make_database: MakeDatabase) -> str:
    """A migrated database that this test has to itself."""
    return make_database()


@pytest.fixture
def fresh_store(fresh_database: str) -> Iterator[Store]:
    """The store on this test's database."""
    opened = Store(fresh_database, DEADLINE_MS)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Valkey for the session; whoever needs it empty flushes it."""
    with start_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server.url


def database_at(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return url.replace("/fourcast?", f"/{name}?", 1)


def execute(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Run one statement past the store; its rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def pid_of(state: Path, name: str) -> int:
    """The process of an embedded server."""
    return int((state / f"{name}.pid").read_text())


def family(pid: int) -> list[psutil.Process]:
    """A server's first process and all it has started."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def signal_each(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Reach every process that is still there: a server's workers come and go by themselves."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
