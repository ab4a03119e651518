"""Customers, consents and the snapshot: what goes in comes out, and every change raises the revision."""

import math
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.domain import Attributes, Event, Lookback, Snapshot, Trail
from service.core.errors import Conflict, InvalidInput, NotFound
from service.store import ConsentWords, Store
from tests.seed import put_customer

TOLD = 0
"""A moment for events and consents: 1970."""


def told(_customer_id: str, _revision: int) -> bool:
    return True


def test_an_unknown_customer_has_no_revision_and_no_snapshot(store: Store) -> None:
    assert store.customers.read_revision("nobody")[0] is None
    assert store.customers.snapshot("nobody", Lookback(0)) is None


def test_a_new_customer_has_revision_one_and_the_attributes_that_were_given(store: Store) -> None:
    attributes = {"age": 41, "demand_yuan": 1234.56, "staff": False, "sex": "female", "opened": "2019-01-02"}
    assert put_customer(store, "c-new", attributes, told) == 1
    assert store.customers.snapshot("c-new", Lookback(0)) == Snapshot("c-new", 1, attributes)


def test_attributes_are_replaced_whole_and_the_revision_rises(store: Store) -> None:
    put_customer(store, "c-whole", {"age": 41, "sex": "male"}, told)
    assert put_customer(store, "c-whole", {"age": 42}, told) == 2
    snapshot = store.customers.snapshot("c-whole", Lookback(0))
    assert snapshot is not None
    assert snapshot.attributes == {"age": 42}


def test_what_is_not_a_number_is_unknown(store: Store) -> None:
    put_customer(store, "c-nan", {"age": math.nan}, told)
    snapshot = store.customers.snapshot("c-nan", Lookback(0))
    assert snapshot is not None
    assert snapshot.attributes == {"age": None}


def test_the_last_word_on_each_purpose_counts_whatever_clock_dated_it(store: Store) -> None:
    put_customer(store, "c-consent", {}, told)
    store.consents.say(
        "c-consent", ConsentWords({"marketing:sms": True, "personalisation": True}, "app", "v2"), 2000, told
    )
    store.consents.say("c-consent", ConsentWords({"marketing:sms": False}, "branch", "v1"), 1000, told)
    store.consents.say("c-consent", ConsentWords({"personalisation": False}, "app", "v2"), 2000, told)
    snapshot = store.customers.snapshot("c-consent", Lookback(0))
    assert snapshot is not None
    assert snapshot.consents == {"marketing:sms": False, "personalisation": False}
    assert snapshot.revision == 4


def test_consent_of_a_stranger_is_refused(store: Store) -> None:
    with pytest.raises(NotFound, match='No customer "stranger"'):
        store.consents.say("stranger", ConsentWords({"marketing:sms": True}, "app", "v1"), 1, told)


def test_the_past_is_read_as_trails_and_every_event_oldest_first(store: Store) -> None:
    put_customer(store, "c-events", {}, told)
    full = Event("ev-full", "c-events", "purchase", 3000, "term-12m", "sms", "d-1", 12.34, 4.5, "fair-rates")
    for event in (full, Event("ev-old", "c-events", "click", 999), Event("ev-edge", "c-events", "click", 1000)):
        store.events.record(event, told)
    snapshot = store.customers.snapshot("c-events", Lookback(1000))
    assert snapshot is not None
    assert snapshot.trails == (
        Trail("click", None, None, (999, 1000)),
        Trail("purchase", "term-12m", "sms", (3000,)),
    )
    assert store.events.since("c-events", 1000) == (Event("ev-edge", "c-events", "click", 1000), full)


def test_when_the_cache_was_told_the_generation_stays_and_else_it_rises(store: Store) -> None:
    put_customer(store, "c-cache", {}, told)
    before = store.customers.read_revision("c-cache")[2]
    said: list[tuple[str, int]] = []

    def remember(customer_id: str, revision: int) -> bool:
        said.append((customer_id, revision))
        return True

    put_customer(store, "c-cache", {"age": 1}, remember)
    assert (said, store.customers.read_revision("c-cache")[2]) == ([("c-cache", 2)], before)
    store.consents.say("c-cache", ConsentWords({"personalisation": False}, "app", "v1"), 1, lambda *_: False)
    assert store.customers.read_revision("c-cache") == (3, store.customers.read_revision("c-cache")[1], before + 1)


def test_a_change_that_fails_raises_neither_revision_nor_generation(store: Store) -> None:
    put_customer(store, "c-fail", {}, told)
    before = store.customers.read_revision("c-fail")

    def fail(*_: object) -> bool:
        raise RuntimeError("the cache broke in an unforeseen way")

    with pytest.raises(RuntimeError):
        put_customer(store, "c-fail", {"age": 1}, fail)
    assert store.customers.read_revision("c-fail") == before


def test_two_customers_cannot_share_an_external_key(store: Store) -> None:
    put_customer(store, "c-key-1", {}, told, external_key="crm-1")
    put_customer(store, "c-key-1", {"age": 5}, told)
    with pytest.raises(Conflict, match="crm-1"):
        put_customer(store, "c-key-2", {}, told, external_key="crm-1")


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "x" * 201])
def test_a_name_that_postgresql_cannot_hold_is_refused_in_words(store: Store, name: str) -> None:
    for attempt in (
        lambda: store.customers.read_revision(name),
        lambda: store.customers.snapshot(name, Lookback(0)),
        lambda: put_customer(store, name, {}, told),
        lambda: store.events.record(Event("e", name, "click", 1), told),
    ):
        with pytest.raises(InvalidInput, match="customer_id"):
            attempt()


def test_a_nul_never_makes_one_customer_read_another(store: Store) -> None:
    put_customer(store, "c-victim", {"age": 1}, told)
    with pytest.raises(InvalidInput):
        store.customers.snapshot("c-victim\0-and-more", Lookback(0))


@pytest.mark.parametrize("value", ["a\0b", "\ud800", 2**70, object()])
def test_an_attribute_that_json_cannot_hold_is_refused(store: Store, value: object) -> None:
    with pytest.raises(InvalidInput, match="attributes"):
        put_customer(store, "c-poison", {"note": value}, told)  # type: ignore[dict-item]


def test_a_backslash_followed_by_u0000_is_only_text(store: Store) -> None:
    put_customer(store, "c-slash", {"note": "\\u0000"}, told)
    snapshot = store.customers.snapshot("c-slash", Lookback(0))
    assert snapshot is not None
    assert snapshot.attributes == {"note": "\\u0000"}


scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def as_floats(attributes: Attributes) -> dict[str, object]:
    """jsonb may write 6e16 without its point: the same number, read as a whole one."""
    return {name: float(v) if isinstance(v, int | float) else v for name, v in attributes.items()}


@settings(max_examples=60)
@given(st.dictionaries(texts, scalars | texts, max_size=6))
def test_whatever_json_holds_comes_back_equal(store: Store, attributes: dict[str, float | str | None]) -> None:
    put_customer(store, "c-any", attributes, told)
    snapshot = store.customers.snapshot("c-any", Lookback(0))
    assert snapshot is not None
    known = {name: value for name, value in attributes.items() if value is not None}
    assert as_floats(snapshot.attributes) == as_floats(known)


def test_a_snapshot_never_mixes_two_revisions(store: Store) -> None:
    put_customer(store, "c-race", {"n": 1}, told)
    stop = threading.Event()

    def change() -> None:
        for number in range(2, 200):
            assert put_customer(store, "c-race", {"n": number}, told) == number
        stop.set()

    writer = threading.Thread(target=change)
    writer.start()
    seen = 0
    while not stop.is_set():
        snapshot = store.customers.snapshot("c-race", Lookback(0))
        assert snapshot is not None
        assert snapshot.attributes["n"] == snapshot.revision
        seen += 1
    writer.join()
    assert seen > 10
