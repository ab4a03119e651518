"""Bulk loads: all or nothing, faulty rows by number, what is stored already left alone."""

import threading
import time
from collections.abc import Iterator

import pytest

from service.core.domain import Attributes, Lookback
from service.core.errors import InvalidInput
from service.store import Store
from tests.servers import execute

SEEN: list[tuple[int, int]] = []


def note(done: int, of: int) -> None:
    SEEN.append((done, of))


def people(count: int, prefix: str = "b", **more: float) -> Iterator[tuple[str, Attributes]]:
    wide = {f"attribute_{number}": number + 0.5 for number in range(36)}
    return ((f"{prefix}-{number:06d}", {**wide, "n": number, **more}) for number in range(count))


def test_customers_come_in_with_progress(store: Store) -> None:
    SEEN.clear()
    assert store.load_customers(list(people(2500)), progress=note) == 2500
    assert SEEN == [(1000, 2500), (2000, 2500), (2500, 2500)]
    assert store.count_customers() == 2500
    assert store.sample_customers(2) == ["b-000000", "b-000001"]
    snapshot = store.snapshot("b-002499", Lookback(0))
    assert snapshot is not None
    assert (snapshot.revision, snapshot.attributes["n"]) == (1, 2499)


def test_loading_again_raises_the_revision_of_the_changed_only(store: Store) -> None:
    store.load_customers([("again-1", {"age": 1}), ("again-2", {"age": 1})])
    store.load_customers([("again-1", {"age": 1}), ("again-2", {"age": 2})])
    assert (store.check("again-1")[0], store.check("again-2")[0]) == (1, 2)


def test_after_a_load_nothing_cached_before_is_served(store: Store) -> None:
    before = store.check("x")[2]
    store.load_customers([("gen", {})])
    assert store.check("x")[2] == before + 1
    store.load_consents([("gen", "personalisation", True)])
    assert store.check("x")[2] == before + 2


def test_faulty_rows_are_named_and_nothing_is_stored(store: Store) -> None:
    rows = [("fine", {}), ("a\0b", {}), ("poison", {"note": "\ud800"}), ("", {})]
    with pytest.raises(InvalidInput) as fault:
        store.load_customers(rows)
    assert [problem.where for problem in fault.value.problems] == ["row 2", "row 3", "row 4"]
    assert store.check("fine")[0] is None


def test_a_customer_who_stands_twice_is_named(store: Store) -> None:
    with pytest.raises(InvalidInput) as fault:
        store.load_customers([("once", {}), ("twice", {"age": 1}), ("twice", {"age": 2})])
    assert [str(problem) for problem in fault.value.problems] == ['row 3: customer "twice" stands in row 2 already']
    assert store.check("once")[0] is None


def test_rows_that_fail_in_the_middle_leave_nothing(store: Store) -> None:
    def rows() -> Iterator[tuple[str, Attributes]]:
        yield "half", {}
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        store.load_customers(rows())
    assert store.check("half")[0] is None
    assert store.load_customers([("half", {})]) == 1


def test_consents_come_in_once_and_raise_the_revision(store: Store) -> None:
    store.load_customers([("k-1", {}), ("k-2", {})])
    rows = [("k-1", "marketing:sms", True), ("k-1", "personalisation", False), ("k-2", "marketing:sms", False)]
    assert store.load_consents(rows) == 3
    assert store.load_consents(rows) == 3
    snapshot = store.snapshot("k-1", Lookback(0))
    assert snapshot is not None
    assert (snapshot.consents, snapshot.revision) == ({"marketing:sms": True, "personalisation": False}, 2)


def test_consents_of_strangers_are_named_and_nothing_is_stored(store: Store, database_url: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        store.load_consents([("k-1", "education", True), ("ghost", "education", True), ("ghost", "other", True)])
    assert [str(problem) for problem in fault.value.problems] == ['row 2: no customer "ghost"']
    assert execute(database_url, "SELECT count(*) FROM consents WHERE purpose = 'education'") == [(0,)]


def test_ten_thousand_wide_customers_load_in_seconds(store: Store) -> None:
    started = time.monotonic()
    store.load_customers(people(10_000, "fast"))
    assert time.monotonic() - started < 10


def test_events_and_loads_at_once_do_not_lose_a_revision(store: Store) -> None:
    store.load_customers([("busy", {"age": 0})])
    writers = [
        threading.Thread(target=lambda: [store.put_customer("busy", {"age": n}) for n in range(1, 20)]),
        threading.Thread(target=lambda: [store.load_customers([("busy", {"age": -n})]) for n in range(1, 20)]),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert store.check("busy")[0] == 1 + 19 + 19
