"""A full file retires whom it does not name: kept on record, reached by no outbound channel, back when named again."""

from collections.abc import Mapping

import pytest

from service.core.domain import RETIRED, Lookback
from service.core.errors import Unconfirmed
from service.store import ConsentWords, CustomerChange, CustomerFile, Origin, Store
from tests.servers import execute

AHEAD = 7_258_000_000_000
"""An instant of the year 2199."""


@pytest.fixture(autouse=True)
def nobody_stored(database_url: str) -> None:
    execute(database_url, "TRUNCATE customers, consents")


def read(store: Store, as_of: int, *names: str, full: bool = True, agreed: bool = True) -> None:
    """A file of these customers, as of this instant."""
    store.customers.load(
        [(name, {"age": 44}) for name in names], None, CustomerFile(as_of, ["age"], full=full, agreed=agreed)
    )


def put(store: Store, name: str, at: int) -> int:
    """The customer stored whole over the API at this instant; the revision."""
    wanted = CustomerChange(name, None, {"age": 44}, Origin(at, "api:crm"))
    return store.customers.put(wanted, lambda _: None, lambda *_: True).revision


def consents(store: Store, name: str) -> Mapping[str, bool]:
    snapshot = store.customers.snapshot(name, Lookback(0))
    assert snapshot is not None
    return snapshot.consents


def test_who_is_not_in_a_full_file_is_retired_and_kept_on_record(store: Store) -> None:
    read(store, 1000, "a", "b")
    store.consents.say("b", ConsentWords({"marketing:sms": True}, "app", "1"), 500)
    read(store, 2000, "a")
    assert consents(store, "a") == {}
    assert consents(store, "b") == {"marketing:sms": True, RETIRED: True}
    assert store.customers.read("b").attributes == {"age": 44}
    assert (store.customers.read_revision("a")[0], store.customers.read_revision("b")[0]) == (1, 3)


def test_who_is_named_again_is_back(store: Store) -> None:
    read(store, 1000, "a", "b")
    read(store, 2000, "a")
    read(store, 1500, "b", full=False)
    assert consents(store, "b") == {RETIRED: True}, "an older file takes nobody back"
    read(store, 3000, "b", full=False)
    assert consents(store, "b") == {RETIRED: False}
    read(store, 4000, "a")
    assert consents(store, "b") == {RETIRED: True}


def test_reading_the_same_full_file_again_changes_nothing(store: Store) -> None:
    read(store, 1000, "a", "b")
    for _ in range(3):
        read(store, 2000, "a")
    assert store.customers.read_revision("b")[0] == 2


def test_who_was_told_of_after_the_file_s_day_is_not_retired(store: Store) -> None:
    read(store, 1000, "a")
    put(store, "new", at=2500)
    read(store, 2000, "a")
    assert consents(store, "new") == {}
    read(store, 3000, "a")
    assert consents(store, "new") == {RETIRED: True}


def test_who_is_stored_whole_over_the_api_is_back(store: Store) -> None:
    read(store, 1000, "a", "b")
    read(store, 2000, "a")
    assert put(store, "b", at=2500) == 3, "the revision tells the caches"
    assert consents(store, "b") == {RETIRED: False}
    assert put(store, "b", at=2600) == 3


def test_whom_a_file_of_a_wrong_year_retired_any_later_word_takes_back(store: Store) -> None:
    read(store, 1000, "a", "b", "c")
    read(store, AHEAD, "a")
    assert consents(store, "b") == consents(store, "c") == {RETIRED: True}
    put(store, "b", at=2000)
    read(store, 3000, "a", "c", full=False)
    assert consents(store, "b") == consents(store, "c") == {RETIRED: False}


def test_whom_a_file_of_a_wrong_year_named_a_full_file_retires(store: Store) -> None:
    read(store, AHEAD, "a", "b")
    read(store, 1000, "a")
    assert consents(store, "b") == {RETIRED: True}
    read(store, AHEAD, "a", "b")
    assert consents(store, "b") == {RETIRED: False}
    read(store, 3000, "a")
    assert consents(store, "b") == {RETIRED: True}


def test_nobody_is_retired_unasked(store: Store) -> None:
    read(store, 1000, "a", "b", "c")
    with pytest.raises(Unconfirmed, match=r"^2 of 3 customers are not in the file"):
        read(store, 2000, "a", agreed=False)
    assert consents(store, "b") == {}
    read(store, 2000, "a", "b", "c", agreed=False)


def test_the_population_and_the_lists_of_customers_see_who_is_retired(store: Store) -> None:
    read(store, 1000, "a", "b")
    read(store, 2000, "a")
    assert {one.customer_id: one.consents for one in store.customers.sample_snapshots(9, Lookback(0))} == {
        "a": {},
        "b": {RETIRED: True},
    }
    assert store.customers.snapshots(["b"], Lookback(0))["b"].consents == {RETIRED: True}
