"""GET offers over the real engine: the answer, its headers, and everything a caller can get wrong."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from service.core import domain
from service.core.context import REQUEST_NAMES
from service.engine.offers.request import OfferRequest
from service.routes.offers.events import EventInput
from service.routes.offers.offers import OffersInput
from service.routes.offers.schemas import OffersAnswer

Keys = dict[str, dict[str, str]]
Event = Callable[..., dict[str, Any]]
PATH = "/v1/customers/c-1/offers"


def test_a_saver_gets_offers_that_fit_the_documented_schema(client: Any, keys: Keys) -> None:
    answer = client.get(f"{PATH}?channel=mobile_app&placement=home_banner&limit=2", headers=keys["app"])
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert OffersAnswer(unknown="raise").validate(answer.json) == {}
    assert 1 <= len(answer.json["offers"]) <= 2
    assert [offer["rank"] for offer in answer.json["offers"]] == list(range(1, len(answer.json["offers"]) + 1))
    assert answer.json["customer_id"] == "c-1"


def test_three_offers_are_the_default_and_ten_the_most(client: Any, keys: Keys) -> None:
    assert len(client.get(PATH, headers=keys["app"]).json["offers"]) <= 3
    assert client.get(f"{PATH}?limit=10", headers=keys["app"]).status_code == 200


def test_the_same_question_gets_the_same_bytes(client: Any, keys: Keys, lines: list[bytes]) -> None:
    first = client.get(f"{PATH}?limit=4", headers=keys["app"])
    second = client.get(f"{PATH}?limit=4", headers=keys["app"])
    assert first.data == second.data
    assert [json.loads(line)["source"] for line in lines[-2:]] == ["fresh", "cached"]
    assert json.loads(lines[-1])["decision_id"] == first.json["decision_id"]


def test_a_dismissal_counts_on_the_next_call(client: Any, keys: Keys, make_event: Event) -> None:
    path = "/v1/customers/c-2/offers?channel=mobile_app"
    shown = client.get(path, headers=keys["app"]).json["offers"][0]["offer"]
    event = make_event(customer_id="c-2", kind="dismiss", offer=shown, at=datetime.now(UTC).isoformat())
    assert client.post("/v1/events", json=event, headers=keys["app"]).status_code == 201
    assert shown not in [offer["offer"] for offer in client.get(path, headers=keys["app"]).json["offers"]]


def test_nothing_suitable_is_an_answer_with_reasons(client: Any, keys: Keys) -> None:
    answer = client.get("/v1/customers/c-dead/offers", headers=keys["app"])
    assert answer.status_code == 200
    assert answer.json["offers"] == []
    assert answer.json["withheld"]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,en;q=0.5", "zh"),
        ("fr, en;q=0.2", "en"),
        ("fr", "zh"),
        ("*", "zh"),
        (";;;q=x", "zh"),
        ("e" * 5000, "zh"),
    ],
)
def test_the_language_is_the_one_the_caller_likes_best(
    client: Any, keys: Keys, accepted: str | None, language: str
) -> None:
    headers = keys["app"] | ({} if accepted is None else {"Accept-Language": accepted})
    answer = client.get(PATH, headers=headers)
    assert answer.json["language"] == answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]
    assert "Authorization" in answer.headers["Vary"]


def test_what_the_caller_has_is_not_sent_again(client: Any, keys: Keys) -> None:
    first = client.get(PATH, headers=keys["app"])
    etag = first.headers["ETag"]
    for known in (etag, f'"x", W/{etag}', "*"):
        again = client.get(PATH, headers=keys["app"] | {"If-None-Match": known})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
        assert "Content-Type" not in again.headers
    assert client.get(PATH, headers=keys["app"] | {"If-None-Match": '"other"'}).data == first.data


def test_an_answer_may_be_kept_by_its_caller_alone_who_asks_before_each_use(client: Any, keys: Keys) -> None:
    first = client.get(PATH, headers=keys["app"])
    again = client.get(PATH, headers=keys["app"] | {"If-None-Match": first.headers["ETag"]})
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "private, no-cache"


def test_a_304_names_the_packing_that_its_caller_holds(client: Any, keys: Keys) -> None:
    packing = keys["app"] | {"Accept-Encoding": "gzip"}
    packed = client.get(PATH, headers=packing)
    plain = client.get(PATH, headers=keys["app"])
    for known, headers, due in [
        (packed.headers["ETag"], packing, packed),
        (plain.headers["ETag"], packing, plain),
        (f"{plain.headers['ETag']}, {packed.headers['ETag']}", packing, packed),
        (f"{packed.headers['ETag']}, {plain.headers['ETag']}", keys["app"], plain),
    ]:
        again = client.get(PATH, headers=headers | {"If-None-Match": known})
        assert (again.status_code, again.headers["ETag"]) == (304, due.headers["ETag"])
        assert again.headers.getlist("Vary") == due.headers.getlist("Vary")


def test_head_sends_the_headers_alone(client: Any, keys: Keys) -> None:
    answer = client.head(PATH, headers=keys["app"])
    assert (answer.status_code, answer.data) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 100


def test_a_key_may_come_in_its_own_header(client: Any, keys: Keys) -> None:
    key = keys["app"]["Authorization"].removeprefix("Bearer ")
    assert client.get(PATH, headers={"X-API-Key": key}).status_code == 200
    assert client.get(PATH, headers={"X-API-Key": key} | keys["app"]).status_code == 401


@pytest.mark.parametrize("customer_id", ["c-1", "客户 七", "%E5%AE%A2%E6%88%B7%20%E4%B8%83"])
def test_any_printable_id_is_reached(client: Any, keys: Keys, customer_id: str) -> None:
    assert client.get(f"/v1/customers/{customer_id}/offers", headers=keys["app"]).status_code == 200


@pytest.mark.parametrize("customer_id", ["%07", "a%0Ab", "x" * 65, "%FF%FE", "%20c-1", "a%E2%80%8Bb"])
def test_an_id_that_can_be_none_is_refused(client: Any, keys: Keys, customer_id: str) -> None:
    answer = client.get(f"/v1/customers/{customer_id}/offers", headers=keys["app"])
    assert answer.status_code == 422
    assert answer.json["errors"][0]["where"] == "customer_id"


@pytest.mark.parametrize("customer_id", ["nobody", "c-1%2Fx", "c-1'--", "c-1%00"])
def test_an_unknown_customer_is_not_found(client: Any, keys: Keys, customer_id: str) -> None:
    answer = client.get(f"/v1/customers/{customer_id}/offers", headers=keys["app"])
    assert answer.status_code in (404, 422)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "where", "message"),
    [
        ("limit=0", "limit", "must be from 1 to 10, got 0"),
        ("limit=11", "limit", "must be from 1 to 10, got 11"),
        ("limit=1.9", "limit", "must be a whole number in digits"),
        ("limit=true", "limit", "must be a whole number in digits"),
        ("limit=", "limit", "must be a whole number in digits"),
        ("limit=1&limit=2", "limit", "must be given once"),
        ("chanel=sms", "chanel", 'is not known here; did you mean "channel"?'),
        ("channel=", "channel", "must be 1 to 64 characters"),
        ("channel=a%00", "channel", "must be printable text without a space at either end"),
        ("channel=pigeon", "channel", None),
        ("channel=sms&placement=home_banner", "placement", None),
    ],
)
def test_a_query_that_does_not_fit_is_told_where(
    client: Any, keys: Keys, query: str, where: str, message: str | None
) -> None:
    answer = client.get(f"{PATH}?{query}", headers=keys["app"])
    assert answer.status_code == 422
    assert answer.json["errors"][0]["where"] == where
    assert message is None or answer.json["errors"] == [{"where": where, "message": message}]


@pytest.mark.parametrize("query", ["channel=%FF", "&".join(f"a{n}=1" for n in range(20)), "channel=" + "x" * 600])
def test_a_query_that_cannot_be_read_is_refused(client: Any, keys: Keys, query: str) -> None:
    assert client.get(f"{PATH}?{query}", headers=keys["app"]).status_code == 422


def test_all_faults_of_a_query_are_told_at_once(client: Any, keys: Keys) -> None:
    errors = client.get(f"{PATH}?limit=x&channel=&plac=1", headers=keys["app"]).json["errors"]
    assert [error["where"] for error in errors] == ["channel", "limit", "plac"]


def test_whatever_a_rule_may_read_of_a_request_can_be_stated_and_parts_the_cache() -> None:
    assert REQUEST_NAMES.keys() <= OffersInput().fields.keys()
    plain = OfferRequest()
    for name in (*REQUEST_NAMES, "limit", "language"):
        assert replace(plain, **{name: "x"}).key != plain.key, name


def test_an_event_states_every_field_of_the_record() -> None:
    assert {field.name for field in fields(domain.Event)} <= EventInput().fields.keys()
