"""GET a portrait on the real engine: in both languages, on the contract, by who may, silent where that is due."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from service.cli.customers.portrait import page
from service.routes.customers.portrait import PortraitAnswer
from service.store import ConsentWords, Store
from tests.seed import put_customer

Keys = dict[str, dict[str, str]]
PATH = "/v1/customers/{}/portrait"


def portrait(client: Any, headers: dict[str, str], customer: str = "c-2", language: str = "en") -> dict[str, Any]:
    answer = client.get(PATH.format(customer), headers={**headers, "Accept-Language": language})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json
    return found


def test_the_answer_is_what_the_contract_says(client: Any, keys: Keys) -> None:
    found = portrait(client, keys["app"])
    assert PortraitAnswer().validate(found) == {}
    assert set(PortraitAnswer().fields) == set(found)


@pytest.mark.parametrize(
    ("language", "stage", "holding"), [("zh-CN", "成熟期", "活期存款"), ("en", "Mature", "Demand deposits")]
)
def test_it_speaks_both_languages(client: Any, keys: Keys, language: str, stage: str, holding: str) -> None:
    found = portrait(client, keys["app"], language=language)
    assert found["stage"]["name"] == stage
    assert found["holdings"][0] == {"id": "demand", "family": "deposit", "name": holding, "yuan": 180_000.0}


def test_it_is_never_kept_and_says_its_language(client: Any, keys: Keys) -> None:
    answer = client.get(PATH.format("c-2"), headers=keys["app"])
    assert (answer.headers["Cache-Control"], answer.headers["Content-Language"]) == ("no-store", "zh")


def test_a_survey_answer_is_in_the_next_portrait(
    client: Any, keys: Keys, make_event: Callable[..., dict[str, Any]]
) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    asked = {"kind": "survey", "offer": None, "at": now, "customer_id": "c-1"}
    for question, score in (("fair-rates", 1.5), ("easy-app", 5)):
        body = make_event(id=f"survey-{question}", score=score, question=question, **asked)
        assert client.post("/v1/events", json=body, headers=keys["app"]).status_code == 201
    found = portrait(client, keys["app"], "c-1")["satisfaction"]
    assert found["concerns"] == {"consumer": None, "cost": 12.5, "convenience": 100.0, "communication": None}
    assert found["mend_first"]["id"] == "fair-rates"
    assert portrait(client, keys["app"], "c-1")["contact_history"]["recent"][0]["kind"] == "survey"


def test_who_refused_personalisation_is_not_profiled_from_the_next_call_on(
    client: Any, keys: Keys, store: Store
) -> None:
    put_customer(store, "c-silent", {"age": 40, "demand_yuan": 90_000.0})
    assert portrait(client, keys["app"], "c-silent")["tags"] is not None
    store.consents.say("c-silent", ConsentWords({"personalisation": False}, "test", "1"), time.time_ns() // 1_000_000)
    found = portrait(client, keys["app"], "c-silent")
    assert not found["personalised"]
    assert "switched personalisation off" in found["note"]
    inferred = ("segment", "stage", "lifetime", "needs", "tags", "propensity")
    assert [found[part] for part in inferred] == [None] * 6


def test_what_is_unknown_is_null_with_what_is_missing(client: Any, keys: Keys, store: Store) -> None:
    put_customer(store, "c-bare", {"age": 40})
    found = portrait(client, keys["app"], "c-bare")
    missing = {one["part"]: one["facts"] for one in found["missing"]}
    assert found["lifetime"] is None and "demand_yuan" in missing["lifetime"]
    assert found["segment"] is None and missing["segment"] == ["models"]
    assert found["satisfaction"]["overall"] is None and missing["satisfaction"] == ["survey"]


def test_what_a_customer_is_worth_is_no_customers_to_read(client: Any, keys: Keys) -> None:
    for customer in ("c-1", "c-2"):
        assert client.get(PATH.format(customer), headers=keys["own"]).status_code == 403


def test_each_reading_is_in_the_access_log(client: Any, keys: Keys, store: Store) -> None:
    portrait(client, keys["app"])
    assert (newest := store.access_log.list_views(1)[0]).customer_id == "c-2"
    assert newest.operation == "GET /v1/customers/<string:customer_id>/portrait"


def test_reading_offers_is_not_reading_portraits(client: Any, keys: Keys) -> None:
    assert client.get(PATH.format("c-2"), headers=keys["reader"]).status_code == 403
    assert client.get(PATH.format("c-2")).status_code == 401


def test_a_customer_nobody_stored_is_not_found(client: Any, keys: Keys) -> None:
    assert client.get(PATH.format("nobody"), headers=keys["app"]).status_code == 404


def test_the_page_for_the_terminal_shows_every_part(client: Any, keys: Keys) -> None:
    lines = dict(page(portrait(client, keys["app"])))
    assert lines["stage"] == "Mature"
    assert lines["segment"] == "-"
    assert "Demand deposits 180,000.00" in lines["holdings"]
    assert "SMS: never asked" in lines["channels"]
    assert lines["lifetime value"].endswith("yuan over 5 years")
