"""The right not to be profiled, over the real engine: at once, in every worker, with Redis away, whatever is known."""

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from service.engine.engine import Engine, OfferRequest
from service.rules.policy import DEFAULT, Policy, load
from service.store import ConsentWords
from tests.engine.conftest import ASKED, SAVER, House, offers
from tests.seed import put_customer

FLIPS: dict[str, Any] = {
    "age": [17, 30, 64, 65, 90],
    "sex": ["female", "male"],
    "risk_tolerance": [1, 5, None],
    "risk_assessed_on": ["2020-01-01", time.strftime("%Y-%m-%d", time.gmtime())],
    "demand_yuan": [0.0, 199_999.99, 9_000_000.0],
    "wealth_product_yuan": [0.0, 500_000.0],
    "logins_30d": [0, 40],
    "preferred_channel": ["branch", "sms"],
    "complaint_open": [True, False],
    "staff": [True],
    "do_not_contact": [True],
    "sms_reachable": [True],
    "qualified_investor": [True],
    "payroll_customer": [True, False],
}
VOLATILE = ("decision_id", "decided_at", "valid_until", "token")


def refuse(engine: Engine, customer: str) -> None:
    engine.preferences.say(customer, ConsentWords({"personalisation": False}, "app", "1"))


def steady(engine: Engine, customer: str, asked: OfferRequest = ASKED) -> bytes:
    """The answer's bytes without its id, its time and its offers' tokens."""
    answer = orjson.loads(engine.recommend(customer, asked).body)
    answer["offers"] = [stripped(offer) for offer in answer["offers"]]
    return orjson.dumps(stripped(answer))


def stripped(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in VOLATILE}


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


@pytest.fixture
def workers(house: House) -> Callable[[int], list[Engine]]:
    return lambda count: [house.worker() for _ in range(count)]


def test_the_next_call_in_every_worker_follows_it(workers: Callable[[int], list[Engine]], customer: str) -> None:
    first, second, third = workers(3)
    assert all(offers(each, customer)["personalised"] for each in (first, second, third))
    assert offers(second, customer)["source"] == "cached"
    refuse(first, customer)
    assert [offers(each, customer)["personalised"] for each in (third, second, first)] == [False] * 3


def test_it_holds_with_redis_away_and_after_redis_came_back(
    house: House, workers: Callable[[int], list[Engine]], customer: str
) -> None:
    """Both workers keep a personal answer; Redis hears nothing of the refusal; nothing kept before it returns."""
    first, second = workers(2)
    assert offers(first, customer)["personalised"] and offers(second, customer)["source"] == "cached"
    with house.frozen("valkey"):
        refuse(first, customer)
        assert [offers(each, customer)["personalised"] for each in (second, first)] == [False, False]
    time.sleep(1.1)
    assert [offers(each, customer)["personalised"] for each in (second, first)] == [False, False]


def test_whatever_is_known_of_them_the_answer_is_the_same_to_the_byte(
    house: House, workers: Callable[[int], list[Engine]], customer: str
) -> None:
    (worker,) = workers(1)
    refuse(worker, customer)
    store = house.store
    for asked in (ASKED, OfferRequest(limit=10), OfferRequest(channel="sms", limit=10)):
        found = {steady(worker, customer, asked)}
        for name, values in FLIPS.items():
            for value in values:
                put_customer(store, customer, {**SAVER, name: value})
                found.add(steady(worker, customer, asked))
        put_customer(store, customer, {})
        found.add(steady(worker, customer, asked))
        assert len(found) == 1
    store.close()


@pytest.mark.parametrize("name", ["deceased", "frozen"])
def test_the_law_is_asked_of_them_all_the_same(
    house: House, workers: Callable[[int], list[Engine]], customer: str, name: str
) -> None:
    (worker,) = workers(1)
    refuse(worker, customer)
    assert offers(worker, customer)["offers"]
    put_customer(house.store, customer, {**SAVER, name: True})
    assert offers(worker, customer)["offers"] == []


def test_the_record_shows_that_nothing_personal_was_read(
    house: House, workers: Callable[[int], list[Engine]], customer: str
) -> None:
    (worker,) = workers(1)
    refuse(worker, customer)
    answer = offers(worker, customer)
    record = orjson.loads(worker.read_decision(answer["decision_id"]).record)
    assert (record["snapshot"]["attributes"], record["scores"]) == ({}, {})
    assert record["decision"]["arm"] == "unpersonalised"
    assert {one["propensity_source"] for one in record["decision"]["treatments"]} == {"prior"}
    assert worker.explanations.replay_record(answer["decision_id"], orjson.dumps(record)).identical


def test_agreeing_again_is_as_easy(workers: Callable[[int], list[Engine]], customer: str) -> None:
    first, second = workers(2)
    refuse(first, customer)
    assert not offers(second, customer)["personalised"]
    first.preferences.say(customer, ConsentWords({"personalisation": True}, "app", "1"))
    assert offers(second, customer)["personalised"]


def test_what_an_offer_promises_is_the_same_for_everybody(
    house: House, workers: Callable[[int], list[Engine]], customer: str, shipped: Policy
) -> None:
    """Rates and terms come from the published policy: outside segments that have words, the text is the plain one."""
    (worker,), store, seen = workers(1), house.store, 0
    for change in (
        {},
        {"demand_yuan": 9_000_000.0, "logins_30d": 0},
        {"age": 70, "risk_tolerance": 5, "fund_yuan": 9e6},
    ):
        put_customer(store, customer, {**SAVER, **change})
        for offer in offers(worker, customer)["offers"]:
            said = shipped.messages[offer["offer"], offer["channel"], "en"]
            text = offer["text"]
            assert (text["title"], text["body"], tuple(text["disclosures"]), text["link"]) == (
                said.title,
                said.body,
                said.disclosures,
                said.link,
            )
            seen += 1
    assert seen > 15
    store.close()
