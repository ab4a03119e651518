"""When PostgreSQL fails: an answer within the deadline, nothing acknowledged is lost, and it heals by itself."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from service.core.domain import Event, Lookback
from service.core.errors import InvalidInput, Unavailable
from service.runtime.embedded import Server, start_postgres
from service.store import ConsentWords, Store, new_decision_id
from service.store.connection.database import Database, ask_within
from service.store.revisions import LOCK
from tests.seed import put_customer
from tests.servers import execute, family, pid_of, signal_each

DEADLINE_MS = 300
MARGIN_S = 10.0
"""For a busy machine, on top of the deadline; without one a call on a stopped server never ends."""

NOW = time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def server(state: Path) -> Iterator[Server]:
    with start_postgres(state) as running:
        prepared = Store(running.url, 5000)
        prepared.migrate()
        put_customer(prepared, "c-1", {"age": 41})
        prepared.close()
        yield running


@pytest.fixture
def own(server: Server) -> Iterator[Store]:
    store = Store(server.url, DEADLINE_MS)
    assert store.customers.read_revision("c-1")[0] is not None
    yield store
    store.close()


@pytest.fixture
def frozen(state: Path, own: Store) -> Iterator[Store]:
    """The store, of a server that has just stopped answering without closing anything."""
    own.customers.sample_ids(1)
    processes = family(pid_of(state, "postgres"))
    signal_each(processes, signal.SIGSTOP)
    yield own
    signal_each(processes, signal.SIGCONT)


def seconds(attempt: Callable[[], object]) -> float:
    started = time.monotonic()
    refusal(attempt)
    return time.monotonic() - started


def refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as refused:
        attempt()
    return refused.value.message


def is_refused_at_once(store: Store) -> bool:
    """Whether the breaker answers one of the next callers; more than one, for it pauses only for a moment."""
    return any("a moment ago" in refusal(lambda: store.customers.read_revision("c-1")) for _ in range(20))


CALLS: dict[str, Callable[[Store], object]] = {
    "check": lambda store: store.customers.read_revision("c-1"),
    "snapshot": lambda store: store.customers.snapshot("c-1", Lookback(0)),
    "remember": lambda store: store.decisions.insert(new_decision_id(NOW), "c-1", NOW, 1, b"x"),
    "remember a large record": lambda store: store.decisions.insert(
        new_decision_id(NOW), "c-1", NOW, 1, b"x" * 5_000_000
    ),
    "event": lambda store: store.events.record(Event("frozen", "c-1", "click", NOW)),
    "consents": lambda store: store.consents.say("c-1", ConsentWords({"personalisation": False}, "app", "v1"), NOW),
    "customer": lambda store: put_customer(store, "c-1", {}),
    "releases": lambda store: store.releases.list_releases(),
}


@pytest.mark.parametrize("call", CALLS, ids=CALLS.keys())
def test_a_server_that_hangs_costs_the_deadline_and_no_more(frozen: Store, call: str) -> None:
    assert seconds(lambda: CALLS[call](frozen)) < DEADLINE_MS / 1000 + MARGIN_S


def test_while_a_server_hangs_the_next_callers_fail_at_once(frozen: Store) -> None:
    seconds(lambda: frozen.customers.read_revision("c-1"))
    assert is_refused_at_once(frozen)


def test_threads_at_a_server_that_hangs_do_not_queue_up(frozen: Store) -> None:
    took: list[float] = []
    threads = [
        threading.Thread(target=lambda: took.append(seconds(lambda: frozen.customers.read_revision("c-1"))))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(took) < DEADLINE_MS / 1000 + MARGIN_S
    assert len(took) == 12


def test_a_server_that_wakes_up_is_used_again(state: Path, own: Store) -> None:
    processes = family(pid_of(state, "postgres"))
    signal_each(processes, signal.SIGSTOP)
    seconds(lambda: own.customers.read_revision("c-1"))
    signal_each(processes, signal.SIGCONT)
    healed(own)


def healed(store: Store) -> None:
    until = time.monotonic() + 60
    while not store.ready():
        assert time.monotonic() < until, "the store did not find its server again"
        time.sleep(0.02)
    assert store.customers.read_revision("c-1")[0] is not None
    assert store.customers.sample_ids(1) == ["c-1"]


def test_a_session_that_the_server_ended_is_replaced_unseen(server: Server, own: Store) -> None:
    own.customers.sample_ids(1)
    execute(server.url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fourcast'")
    while execute(server.url, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'fourcast'"):
        time.sleep(0.01)
    assert own.customers.read_revision("c-1")[0] is not None
    assert own.customers.sample_ids(1) == ["c-1"]
    assert own.events.record(Event(f"after-{time.time_ns()}", "c-1", "click", NOW)) is True


def test_a_session_that_the_server_ended_within_a_transaction_is_named_and_opens_no_breaker(server: Server) -> None:
    with contextlib.closing(Database(server.url, DEADLINE_MS)) as database:
        with pytest.raises(Unavailable, match="terminating connection"), database.begin() as connection:
            process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            execute(server.url, f"SELECT pg_terminate_backend({process}, 10000)")
            ask_within(connection)(LOCK, b"c-1")
        with database.begin() as connection:
            assert ask_within(connection)(LOCK, b"c-1")


def test_a_slow_statement_ends_without_losing_its_connection(server: Server, own: Store) -> None:
    with psycopg.connect(server.url) as locking:
        locking.execute("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
        seconds(lambda: own.customers.read_revision("c-1"))
        locking.rollback()
    assert own.customers.read_revision("c-1")[0] is not None, (
        "no breaker: the server itself answered that it was too slow"
    )


def test_a_migration_in_between_does_not_break_prepared_statements(server: Server, own: Store) -> None:
    execute(server.url, "ALTER TABLE customers ALTER COLUMN revision TYPE numeric")
    try:
        assert own.customers.read_revision("c-1")[0] is not None
        assert own.customers.snapshot("c-1", Lookback(0)) is not None
    finally:
        execute(server.url, "ALTER TABLE customers ALTER COLUMN revision TYPE bigint")
    assert own.customers.read_revision("c-1")[0] is not None


def test_a_database_without_tables_says_what_to_do(server: Server) -> None:
    execute(server.url, "CREATE DATABASE bare")
    store = Store(server.url.replace("/fourcast?", "/bare?"), DEADLINE_MS)
    for attempt in (lambda: store.customers.read_revision("c-1"), lambda: store.customers.sample_ids(1)):
        with pytest.raises(Unavailable, match=r"lacks its tables.*migrates it at start"):
            attempt()
    assert store.ready() is False


def test_nobody_listening_is_unavailable_at_once_and_asked_rarely(tmp_path: Path) -> None:
    store = Store(f"postgresql:///x?host={tmp_path}", DEADLINE_MS)
    assert "cannot be reached" in refusal(lambda: store.customers.read_revision("c-1"))
    assert is_refused_at_once(store)


@pytest.mark.parametrize("url", ["postgresql://[", "postgresql://h/d?no_such_option=1"])
def test_a_url_that_cannot_be_read_is_refused_in_words(url: str) -> None:
    with pytest.raises(InvalidInput, match="database URL"):
        Store(url)


def test_kill_9_of_the_server_loses_no_acknowledged_event_and_a_restart_heals(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("killed")
    first = start_postgres(folder)
    store = Store(first.url, 2000)
    store.migrate()
    put_customer(store, "c-1", {})
    acknowledged: list[str] = []

    def deliver() -> None:
        for number in range(10_000):
            try:
                if store.events.record(Event(f"e-{number}", "c-1", "click", number), lambda *_: True):
                    acknowledged.append(f"e-{number}")
            except Unavailable:
                return

    sender = threading.Thread(target=deliver)
    sender.start()
    while len(acknowledged) < 50:
        time.sleep(0.01)
    signal_each(family(pid_of(folder, "postgres")), signal.SIGKILL)
    sender.join()
    first.stop()
    with start_postgres(folder) as second:
        assert second.url == first.url
        healed(store)
        snapshot = store.customers.snapshot("c-1", Lookback(0))
        assert snapshot is not None
        stored = {event.id for event in store.events.since("c-1", 0)}
        assert set(acknowledged) <= stored
        assert snapshot.revision == 1 + len(stored)
        store.close()


def test_the_test_process_itself_left_nothing_stopped() -> None:
    assert all(
        child.status() != psutil.STATUS_STOPPED for child in psutil.Process(os.getpid()).children(recursive=True)
    )
