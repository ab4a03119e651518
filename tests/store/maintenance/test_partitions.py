"""Partitions by month: there before they are needed, late ones made without losing a row."""

from datetime import UTC, datetime

import pytest

from service.core.domain import Event
from service.store import Store, new_decision_id
from service.store.connection.database import Database
from service.store.maintenance.partitions import ensure_partitions
from tests.seed import put_customer
from tests.servers import DEADLINE_MS, execute


def at(year: int, month: int, day: int = 1) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def database(database_url: str) -> Database:
    return Database(database_url, DEADLINE_MS)


def home_of(database_url: str, table: str) -> list[str]:
    return [str(row[0]) for row in execute(database_url, f"SELECT tableoid::regclass::text FROM {table} ORDER BY id")]


def test_the_months_ahead_are_made_once(database: Database) -> None:
    made = ensure_partitions(database, at(2031, 12, 15), months=1, behind=0)
    assert made == ["events_2031_12", "decisions_2031_12", "events_2032_01", "decisions_2032_01"]
    assert ensure_partitions(database, at(2031, 12, 15), months=1, behind=0) == []


def test_rows_that_came_before_their_partition_move_into_it(
    store: Store, database: Database, database_url: str
) -> None:
    put_customer(store, "c-late", {})
    first, last = at(2040, 2), at(2040, 3) - 1
    for number, when in enumerate((first, last, last + 1)):
        store.events.record(Event(f"late-{number}", "c-late", "click", when))
        store.decisions.insert(new_decision_id(when), "c-late", when, 1, b"record")
    assert home_of(database_url, "events") == ["events_default"] * 3
    ensure_partitions(database, at(2040, 2, 10), months=0, behind=0)
    assert home_of(database_url, "events") == ["events_2040_02", "events_2040_02", "events_default"]
    assert home_of(database_url, "decisions") == ["decisions_2040_02", "decisions_2040_02", "decisions_default"]


@pytest.mark.parametrize("when", [0, -1, at(1999, 1), at(9999, 1)])
def test_no_time_is_too_strange_to_be_stored(store: Store, when: int) -> None:
    put_customer(store, "c-strange", {})
    assert store.events.record(Event(f"strange-{when}", "c-strange", "click", when)) is True


def test_a_migrated_store_has_partitions_for_this_month_and_the_next_three(store: Store, database_url: str) -> None:
    now = datetime.now(UTC)
    months = [(now.year * 12 + now.month - 1 + step) for step in range(4)]
    for table in ("events", "decisions"):
        for month in months:
            name = f"{table}_{month // 12}_{month % 12 + 1:02d}"
            assert execute(database_url, f"SELECT to_regclass('{name}')") != [(None,)]
