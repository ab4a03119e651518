"""A sample for simulations: whole snapshots, the same at every call, nobody left out where all are asked for."""

import pytest

from service.core.domain import Event, Lookback, Trail
from service.store import ConsentWords, Store

COUNT = 200


@pytest.fixture(scope="module", autouse=True)
def people(store: Store) -> None:
    store.customers.load([(f"c-{number:03}", {"age": number % 90, "名": "定期"}) for number in range(COUNT)])
    store.consents.load([("c-007", "marketing:sms", True), ("c-007", "personalisation", False)], at=1)
    store.consents.say("c-007", ConsentWords({"marketing:sms": False}, "app", "1"), 2)
    for at in (10, 30, 20):
        store.events.record(
            Event(f"e-{at}", "c-007", "impression", at, "term-12m", "mobile_app", None, 0.1 + 0.2, None)
        )


def test_all_of_them_are_exactly_what_each_request_would_read(store: Store) -> None:
    everybody = store.customers.sample_snapshots(COUNT + 1, Lookback(15))
    assert len(everybody) == COUNT
    assert everybody == [store.customers.snapshot(one.customer_id, Lookback(15)) for one in everybody]
    (seven,) = [one for one in everybody if one.customer_id == "c-007"]
    assert seven.trails == (Trail("impression", "term-12m", "mobile_app", (10, 20, 30)),)
    assert dict(seven.consents) == {"marketing:sms": False, "personalisation": False}


def test_a_sample_is_the_same_again_and_part_of_any_larger_one(store: Store) -> None:
    few = [one.customer_id for one in store.customers.sample_snapshots(30, Lookback(0))]
    assert few == sorted(few)
    assert few == [one.customer_id for one in store.customers.sample_snapshots(30, Lookback(0))]
    assert set(few) < {one.customer_id for one in store.customers.sample_snapshots(60, Lookback(0))}


def test_a_sample_is_not_simply_the_first(store: Store) -> None:
    ages = [one.attributes["age"] for one in store.customers.sample_snapshots(50, Lookback(0))]
    assert max(ages) > 80  # type: ignore[type-var, operator]
    assert min(ages) < 10  # type: ignore[type-var, operator]
