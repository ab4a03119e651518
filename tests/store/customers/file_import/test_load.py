"""Bulk loads: all or nothing, faulty rows by number, what is stored already left alone."""

import threading
from collections.abc import Iterator

import pytest

from service.core.domain import Attributes, Lookback
from service.core.errors import InvalidInput
from service.store import Store
from tests.seed import put_customer
from tests.servers import execute

SEEN: list[tuple[int, int]] = []


def note(done: int, of: int) -> None:
    SEEN.append((done, of))


def people(count: int, prefix: str = "b", **more: float) -> Iterator[tuple[str, Attributes]]:
    wide = {f"attribute_{number}": number + 0.5 for number in range(36)}
    return ((f"{prefix}-{number:06d}", {**wide, "n": number, **more}) for number in range(count))


def test_customers_come_in_with_progress(store: Store) -> None:
    SEEN.clear()
    assert store.customers.load(list(people(2500)), progress=note) == 2500
    assert SEEN == [(1000, 2500), (2000, 2500), (2500, 2500)]
    assert store.customers.count() == 2500
    assert store.customers.sample_ids(2) == ["b-000000", "b-000001"]
    snapshot = store.customers.snapshot("b-002499", Lookback(0))
    assert snapshot is not None
    assert (snapshot.revision, snapshot.attributes["n"]) == (1, 2499)


def test_loading_again_raises_the_revision_of_the_changed_only(store: Store) -> None:
    store.customers.load([("again-1", {"age": 1}), ("again-2", {"age": 1})])
    store.customers.load([("again-1", {"age": 1}), ("again-2", {"age": 2})])
    assert (store.customers.read_revision("again-1")[0], store.customers.read_revision("again-2")[0]) == (1, 2)


def test_after_a_load_nothing_cached_before_is_served(store: Store) -> None:
    before = store.customers.read_revision("x")[2]
    store.customers.load([("gen", {})])
    assert store.customers.read_revision("x")[2] == before + 1
    store.consents.load([("gen", "personalisation", True)])
    assert store.customers.read_revision("x")[2] == before + 2


def test_faulty_rows_are_named_and_nothing_is_stored(store: Store) -> None:
    rows = [("fine", {}), ("a\0b", {}), ("poison", {"note": "\ud800"}), ("", {})]
    with pytest.raises(InvalidInput) as fault:
        store.customers.load(rows)
    assert [problem.where for problem in fault.value.problems] == ["row 2", "row 3", "row 4"]
    assert store.customers.read_revision("fine")[0] is None


def test_a_customer_who_stands_twice_is_named(store: Store) -> None:
    with pytest.raises(InvalidInput) as fault:
        store.customers.load([("once", {}), ("twice", {"age": 1}), ("twice", {"age": 2})])
    assert [str(problem) for problem in fault.value.problems] == ['row 3: customer "twice" stands in row 2 already']
    assert store.customers.read_revision("once")[0] is None


def test_rows_that_fail_in_the_middle_leave_nothing(store: Store) -> None:
    def rows() -> Iterator[tuple[str, Attributes]]:
        yield "half", {}
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        store.customers.load(rows())
    assert store.customers.read_revision("half")[0] is None
    assert store.customers.load([("half", {})]) == 1


def test_consents_come_in_once_and_raise_the_revision(store: Store) -> None:
    store.customers.load([("k-1", {}), ("k-2", {})])
    rows = [("k-1", "marketing:sms", True), ("k-1", "personalisation", False), ("k-2", "marketing:sms", False)]
    assert store.consents.load(rows) == 3
    assert store.consents.load(rows) == 3
    snapshot = store.customers.snapshot("k-1", Lookback(0))
    assert snapshot is not None
    assert (snapshot.consents, snapshot.revision) == ({"marketing:sms": True, "personalisation": False}, 2)


def test_consents_of_strangers_are_named_and_nothing_is_stored(store: Store, database_url: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        store.consents.load([("k-1", "education", True), ("ghost", "education", True), ("ghost", "other", True)])
    assert [str(problem) for problem in fault.value.problems] == ['row 2: no customer "ghost"']
    assert execute(database_url, "SELECT count(*) FROM consents WHERE purpose = 'education'") == [(0,)]


def test_ten_thousand_wide_customers_load_at_once(store: Store) -> None:
    assert store.customers.load(people(10_000, "wide")) == 10_000


def test_events_and_loads_at_once_do_not_lose_a_revision(store: Store) -> None:
    store.customers.load([("busy", {"age": 0})])
    writers = [
        threading.Thread(target=lambda: [put_customer(store, "busy", {"age": n}) for n in range(1, 20)]),
        threading.Thread(target=lambda: [store.customers.load([("busy", {"age": -n})]) for n in range(1, 20)]),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert store.customers.read_revision("busy")[0] == 1 + 19 + 19
