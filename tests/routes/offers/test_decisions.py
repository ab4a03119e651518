"""GET a decision: byte for byte as recorded, and to a stranger's own key it does not exist."""

from collections.abc import Callable
from typing import Any

import pytest

from service.store import Store

Keys = dict[str, dict[str, str]]


DecisionOf = Callable[[str], str]


@pytest.fixture
def decision_of(client: Any, keys: Keys) -> DecisionOf:
    def decide(customer_id: str) -> str:
        return str(client.get(f"/v1/customers/{customer_id}/offers", headers=keys["app"]).json["decision_id"])

    return decide


def test_the_record_is_what_was_stored(client: Any, keys: Keys, store: Store, decision_of: DecisionOf) -> None:
    decision_id = decision_of("c-2")
    answer = client.get(f"/v1/decisions/{decision_id}", headers=keys["app"])
    assert answer.status_code == 200
    assert answer.data == store.decisions.read(decision_id).record
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_customers_own_key_sees_no_record_of_a_decision(client: Any, keys: Keys, decision_of: DecisionOf) -> None:
    own, others = (client.get(f"/v1/decisions/{decision_of(one)}", headers=keys["own"]) for one in ("c-1", "c-2"))
    none = client.get("/v1/decisions/0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10", headers=keys["own"])
    assert own.status_code == others.status_code == none.status_code == 403
    assert {**own.json, "trace_id": ""} == {**others.json, "trace_id": ""} == {**none.json, "trace_id": ""}


def test_a_customers_own_key_reads_the_explanation_of_its_own_decisions_only(
    client: Any, keys: Keys, decision_of: DecisionOf
) -> None:
    def read(decision_id: str) -> Any:
        return client.get(f"/v1/decisions/{decision_id}/explanation/customer", headers=keys["own"])

    others, none = read(decision_of("c-2")), read("0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10")
    assert read(decision_of("c-1")).status_code == 200
    assert others.status_code == none.status_code == 404
    assert {**others.json, "trace_id": ""} == {**none.json, "trace_id": ""}


@pytest.mark.parametrize("decision_id", ["x", "'; drop table decisions", "0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10"])
def test_an_unknown_decision_is_not_found(client: Any, keys: Keys, decision_id: str) -> None:
    assert client.get(f"/v1/decisions/{decision_id}", headers=keys["app"]).status_code == 404


def test_a_decision_is_found_by_any_spelling_of_its_id_and_named_in_one(
    client: Any, keys: Keys, decision_of: DecisionOf
) -> None:
    known = decision_of("c-2")
    path, wrong = "/v1/decisions/", f"/v1/decisions/urn:uuid:{known}"
    for spelling in (known.upper(), known.replace("-", ""), f"{{{known}}}"):
        assert client.get(path + spelling, headers=keys["app"]).json["decision"]["id"] == known
        assert client.get(f"{path}{spelling}/replay", headers=keys["app"]).json["decision_id"] == known
    for below in ("", "/explanation", "/replay"):
        assert client.get(wrong + below, headers=keys["app"]).status_code == 404


@pytest.mark.parametrize("decision_id", ["%07", "x" * 65])
def test_an_id_that_can_be_none_is_refused(client: Any, keys: Keys, decision_id: str) -> None:
    assert client.get(f"/v1/decisions/{decision_id}", headers=keys["app"]).status_code == 422
