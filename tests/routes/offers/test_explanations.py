"""Explanations and replays over the API: what they answer, who may ask, and that nothing is kept of them."""

from typing import Any

import pytest
from flask import Flask

from service.routes.offers.decisions import ReplayAnswer
from service.routes.offers.reader_schemas import AdviserExplanation, CustomerExplanation
from service.routes.offers.schemas import ExplanationAnswer, OffersAnswer
from service.store import Store

Keys = dict[str, dict[str, str]]
PATH = "/v1/customers/c-1/offers"


@pytest.fixture
def decision_id(client: Any, keys: Keys) -> str:
    return str(client.get(f"{PATH}?limit=5", headers=keys["app"]).json["decision_id"])


def test_explain_answers_the_offers_and_why_and_says_that_nothing_is_kept(client: Any, keys: Keys) -> None:
    answer = client.get(f"{PATH}?explain=true&limit=5", headers=keys["app"] | {"Accept-Language": "en"})
    assert answer.status_code == 200
    assert OffersAnswer(unknown="raise").validate(answer.json) == {}
    assert answer.json["decision_id"] is None
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    assert answer.headers["Content-Language"] == answer.json["explanation"]["language"] == "en"
    shown = [one["offer"] for one in answer.json["explanation"]["offers"] if one["outcome"] == "shown"]
    assert sorted(shown) == sorted(one["offer"] for one in answer.json["offers"])


def test_explaining_neither_reads_nor_fills_the_cache(client: Any, keys: Keys, lines: list[bytes]) -> None:
    query = f"{PATH}?limit=7"
    client.get(f"{query}&explain=true", headers=keys["app"])
    first = client.get(query, headers=keys["app"]).data
    client.get(f"{query}&explain=true", headers=keys["app"])
    assert client.get(query, headers=keys["app"]).data == first
    assert [line.split(b'"source":"')[1].split(b'"')[0] for line in lines[-4:]] == [
        b"explained",
        b"fresh",
        b"explained",
        b"cached",
    ]


def test_explain_false_is_the_plain_answer_by_the_plain_scope(client: Any, keys: Keys) -> None:
    answer = client.get(f"{PATH}?explain=false", headers=keys["reader"])
    assert answer.status_code == 200
    assert "explanation" not in answer.json


def test_explaining_needs_its_own_scope_besides(client: Any, keys: Keys, app: Flask) -> None:
    refused = client.get(f"{PATH}?explain=true", headers=keys["reader"])
    assert refused.status_code == 403
    assert "offers:explain" in refused.json["detail"]
    assert client.get(f"{PATH}?explain=true", headers=keys["stranger"]).status_code == 403
    assert client.get(f"{PATH}?explain=true", headers=keys["own"]).status_code == 403
    assert client.get("/v1/customers/c-2/offers?explain=true", headers=keys["own"]).status_code == 403


@pytest.mark.parametrize(
    ("query", "where"), [("explain=yes", "explain"), ("shap=true", "shap"), ("explain=true&shap=1", "shap")]
)
def test_a_wrong_question_is_refused_with_its_place(client: Any, keys: Keys, query: str, where: str) -> None:
    answer = client.get(f"{PATH}?{query}", headers=keys["app"])
    assert answer.status_code == 422
    assert where in {problem["where"] for problem in answer.json["errors"]}


def test_nobody_unknown_is_explained(client: Any, keys: Keys) -> None:
    assert client.get("/v1/customers/c-nobody/offers?explain=true", headers=keys["app"]).status_code == 404


def test_a_stored_decision_is_told_in_the_language_asked(client: Any, keys: Keys, decision_id: str) -> None:
    for language in ("zh", "en"):
        answer = client.get(
            f"/v1/decisions/{decision_id}/explanation", headers=keys["app"] | {"Accept-Language": language}
        )
        assert answer.status_code == 200
        assert ExplanationAnswer(unknown="raise").validate(answer.json) == {}
        assert (answer.json["decision_id"], answer.json["language"]) == (decision_id, language)
        assert answer.headers["Cache-Control"] == "no-store"


def test_shap_of_a_decision_by_priors_alone_is_empty(client: Any, keys: Keys, decision_id: str) -> None:
    answer = client.get(f"/v1/decisions/{decision_id}/explanation?shap=true", headers=keys["app"])
    assert answer.json["contributions"] == {}


def test_a_stored_decision_replays_identically(client: Any, keys: Keys, decision_id: str, store: Store) -> None:
    answer = client.get(f"/v1/decisions/{decision_id}/replay", headers=keys["app"])
    assert answer.status_code == 200
    assert ReplayAnswer(unknown="raise").validate(answer.json) == {}
    assert answer.json == {
        "decision_id": decision_id,
        "identical": True,
        "scores": "not scored",
        "differences": [],
    }


@pytest.mark.parametrize("what", ["", "/explanation", "/replay", "/explanation/adviser"])
def test_what_holds_margins_and_scores_is_no_customers_to_read(
    client: Any, keys: Keys, decision_id: str, what: str
) -> None:
    assert client.get(f"/v1/decisions/{decision_id}{what}", headers=keys["app"]).status_code == 200
    assert client.get(f"/v1/decisions/{decision_id}{what}", headers=keys["own"]).status_code == 403
    assert client.get(f"/v1/decisions/{decision_id}{what}", headers=keys["reader"]).status_code == 403
    assert client.get(f"/v1/decisions/%07{what}", headers=keys["app"]).status_code == 422


def test_to_others_a_customers_explanation_does_not_exist(client: Any, keys: Keys, decision_id: str) -> None:
    other = str(client.get("/v1/customers/c-2/offers", headers=keys["app"]).json["decision_id"])
    own, theirs = (f"/v1/decisions/{one}/explanation/customer" for one in (decision_id, other))
    assert client.get(own, headers=keys["own"]).status_code == 200
    assert client.get(theirs, headers=keys["own"]).status_code == 404
    assert client.get(theirs, headers=keys["reader"]).status_code == 200
    assert client.get(own, headers=keys["stranger"]).status_code == 403


def test_an_adviser_reads_of_customers_of_the_branch_alone(client: Any, keys: Keys, decision_id: str) -> None:
    other = str(client.get("/v1/customers/c-2/offers", headers=keys["app"]).json["decision_id"])
    for what, expected in ((decision_id, 200), (other, 404)):
        answer = client.get(f"/v1/decisions/{what}/explanation/adviser", headers=keys["branch"])
        assert answer.status_code == expected


@pytest.mark.parametrize(("reader", "schema"), [("customer", CustomerExplanation), ("adviser", AdviserExplanation)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_reader_is_answered_on_the_contract(
    client: Any, keys: Keys, decision_id: str, reader: str, schema: Any, language: str
) -> None:
    headers = keys["app"] | {"Accept-Language": language}
    answer = client.get(f"/v1/decisions/{decision_id}/explanation/{reader}", headers=headers)
    assert schema(unknown="raise").validate(answer.json) == {}
    assert set(schema().fields) == set(answer.json)
    assert (answer.json["decision_id"], answer.json["language"]) == (decision_id, language)
    assert (answer.headers["Cache-Control"], answer.headers["Content-Language"]) == ("no-store", language)


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("own", "/explanation/customer"),
        ("app", "/explanation/customer"),
        ("app", "/explanation"),
        ("app", "/explanation/adviser"),
        ("app", ""),
        ("app", "/replay"),
        ("branch", "/explanation/adviser"),
    ],
)
def test_each_reading_is_in_the_access_log_once_whoever_reads(
    client: Any, keys: Keys, decision_id: str, store: Store, who: str, path: str
) -> None:
    before = len(store.access_log.list_views(1000))
    assert client.get(f"/v1/decisions/{decision_id}{path}", headers=keys[who]).status_code == 200
    newest, *older = store.access_log.list_views(1000)
    assert len(older) == before
    assert newest.operation == f"GET /v1/decisions/<string:decision_id>{path}"
    assert (newest.client, newest.customer_id, newest.allowed) == (who, "c-1", True)


def test_an_explained_answer_is_a_reading_too(client: Any, keys: Keys, store: Store) -> None:
    client.get(f"{PATH}?explain=true", headers=keys["app"])
    assert store.access_log.list_views(1)[0].operation == "GET /v1/customers/<string:customer_id>/offers"
