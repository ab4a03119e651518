"""Files meet what is stored: an attribute the file lacks is kept, the newer word on each holds, whoever said it."""

import threading

import pytest

from service.core.domain import Attributes
from service.core.errors import Unconfirmed
from service.store import CustomerChange, CustomerFile, Origin, Store
from service.store.customers.attribute_sources import origins

CALLED = Origin(2000, "api:crm")
"""Somebody told a fact over the API at the instant 2000."""
AHEAD = 7_258_000_000_000
"""An instant of the year 2199."""


def say(store: Store, name: str, at: int = CALLED.as_of, **attributes: float | str | bool | None) -> int:
    """The attributes, stored whole over the API at this instant."""
    wanted = CustomerChange(name, None, attributes, Origin(at, CALLED.source))
    return store.customers.put(wanted, lambda _: None, lambda *_: True).revision


def load(store: Store, name: str, as_of: int, columns: str, replace: bool = False, agreed: bool = True,
         **attributes: float | str | bool) -> Attributes:  # fmt: skip
    """What is stored of the customer after a file of one row was imported."""
    store.customers.load([(name, attributes)], None, CustomerFile(as_of, columns.split(), replace, agreed))
    return store.customers.read(name).attributes


def test_an_attribute_that_the_file_lacks_keeps_its_value(store: Store) -> None:
    say(store, "m-1", age=44, demand_yuan=10.0)
    assert load(store, "m-1", 3000, "age", age=45) == {"age": 45, "demand_yuan": 10.0}
    assert origins(store.customers.read("m-1").told) == {"age": Origin(3000, "import"), "demand_yuan": CALLED}


def test_a_fact_told_over_the_api_outlives_an_older_file(store: Store) -> None:
    say(store, "m-2", deceased=True, risk_tolerance=5)
    older = load(store, "m-2", 1999, "deceased risk_tolerance age", deceased=False, risk_tolerance=2, age=44)
    assert older == {"deceased": True, "risk_tolerance": 5, "age": 44}
    newer = load(store, "m-2", 2001, "deceased risk_tolerance age", deceased=False, risk_tolerance=2, age=44)
    assert newer == {"deceased": False, "risk_tolerance": 2, "age": 44}


def test_a_file_as_of_the_same_instant_corrects(store: Store) -> None:
    load(store, "m-3", 1000, "age", age=44)
    assert load(store, "m-3", 1000, "age", age=45) == {"age": 45}
    assert load(store, "m-3", 999, "age", age=46) == {"age": 45}


def test_a_file_that_knows_the_column_and_has_no_value_says_unknown(store: Store) -> None:
    load(store, "m-4", 1000, "age sex", age=44, sex="male")
    assert load(store, "m-4", 999, "age sex", age=44) == {"age": 44, "sex": "male"}, "an older file"
    assert load(store, "m-4", 1001, "age sex", age=44) == {"age": 44}
    assert load(store, "m-4", 1000, "sex", sex="male") == {"age": 44}, "unknown since then, and said so"


def test_what_was_said_to_be_unknown_over_the_api_stays_so(store: Store) -> None:
    say(store, "m-5", risk_tolerance=None, age=44)
    assert load(store, "m-5", 1999, "risk_tolerance", risk_tolerance=3) == {"age": 44}


def test_what_a_whole_customer_left_out_stays_unknown_until_a_newer_file_says_it(store: Store) -> None:
    load(store, "m-6", 1000, "age sex demand_yuan", age=44, sex="male")
    say(store, "m-6", age=45)
    older = load(store, "m-6", 1999, "age sex demand_yuan region", age=44, sex="male", demand_yuan=1.0, region="xm")
    assert older == {"age": 45, "region": "xm"}, "but for what nobody had ever told, which the file fills in"
    assert origins(store.customers.read("m-6").told)["sex"] == CALLED
    say(store, "m-6", age=45)
    assert load(store, "m-6", 1999, "sex region", sex="male", region="xm") == {"age": 45}
    assert load(store, "m-6", 2001, "sex", sex="male") == {"age": 45, "sex": "male"}


def test_what_a_file_that_replaces_lacks_no_older_file_brings_back(store: Store) -> None:
    load(store, "m-12", 1000, "age sex", age=44, sex="male")
    assert load(store, "m-12", 3000, "age", replace=True, age=50) == {"age": 50}
    assert load(store, "m-12", 2000, "age sex", age=44, sex="male") == {"age": 50}
    assert load(store, "m-12", 3000, "sex", sex="male") == {"age": 50, "sex": "male"}


def test_a_word_dated_years_ahead_holds_against_no_file(store: Store) -> None:
    load(store, "m-13", AHEAD, "age sex", age=44, sex="male")
    store.customers.amend("m-13", lambda _: CustomerChange("m-13", None, {"deceased": True}, CALLED), lambda *_: True)
    for _ in range(2):
        kept = load(store, "m-13", 1999, "age deceased", age=61, deceased=False)
        assert kept == {"age": 61, "sex": "male", "deceased": True}, "a later word holds still"
    assert load(store, "m-13", 2001, "deceased", deceased=False)["deceased"] is False


def test_two_files_of_one_day_share_a_customer(store: Store) -> None:
    load(store, "m-7", 1000, "age", age=44)
    assert load(store, "m-7", 1000, "sex", sex="male") == {"age": 44, "sex": "male"}
    assert set(origins(store.customers.read("m-7").told)) == {"age", "sex"}


def test_a_file_that_replaces_says_what_would_be_lost_and_stores_nothing_unasked(store: Store) -> None:
    load(store, "m-8", 1000, "age sex demand_yuan", age=44, sex="male", demand_yuan=1.0)
    say(store, "m-9", at=500, age=44, sex="male")
    rows: list[tuple[str, Attributes]] = [("m-8", {"age": 50}), ("m-9", {"age": 50}), ("m-new", {"age": 50})]
    with pytest.raises(Unconfirmed, match="2 attributes would become unknown for 2 customers"):
        store.customers.load(rows, None, CustomerFile(3000, ["age"], replace=True))
    assert store.customers.read("m-8").attributes == {"age": 44, "sex": "male", "demand_yuan": 1.0}
    assert load(store, "m-8", 3000, "age", replace=True, age=50) == {"age": 50}


def test_a_file_that_replaces_takes_nothing_that_was_told_later(store: Store) -> None:
    load(store, "m-10", 1000, "age sex", age=44, sex="male")
    say(store, "m-10", age=44, sex="male", deceased=True)
    kept = load(store, "m-10", 1999, "age", replace=True, agreed=False, age=45)
    assert kept == {"age": 44, "sex": "male", "deceased": True}


def test_a_file_that_changes_nothing_raises_no_revision(store: Store) -> None:
    say(store, "m-11", age=44, deceased=True)
    load(store, "m-11", 3000, "age", age=44)
    load(store, "m-11", 4000, "age", age=44)
    assert store.customers.read_revision("m-11")[0] == 1
    assert origins(store.customers.read("m-11").told)["age"] == Origin(4000, "import")


def test_facts_told_while_an_older_file_is_read_are_never_lost(store: Store) -> None:
    stop = threading.Event()

    def read_again_and_again() -> None:
        while not stop.is_set():
            load(store, "m-race", 1000, "n", n=-1)

    reader = threading.Thread(target=read_again_and_again)
    reader.start()
    for number in range(100):
        say(store, "m-race", n=number)
        assert store.customers.read("m-race").attributes == {"n": number}
    stop.set()
    reader.join()
