"""GET /v1/rules/effects: for marketers and analysts, never for a customer's own key."""

import pytest

from service.rules.policy import DEFAULT, load

PATH = "/v1/rules/effects"


def test_an_analyst_reads_every_fit_rule_beside_its_claim(client, keys):
    answer = client.get(PATH, headers=keys["app"])
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    found = answer.get_json()
    assert {one["rule"] for one in found["rules"]} >= {rule.id for rule in load(DEFAULT).fits}
    assert {one["verdict"] for one in found["rules"]} <= {"cannot tell yet", "borne out", "contradicted"}
    assert found["caveats"]


@pytest.mark.parametrize("name", ["reader", "own", "stranger"])
def test_others_may_not(client, keys, name: str):
    assert client.get(PATH, headers=keys[name]).status_code == 403


@pytest.mark.parametrize("query", ["days=0", "days=x", "customers=5"])
def test_a_query_that_does_not_fit_is_named(client, keys, query: str):
    answer = client.get(f"{PATH}?{query}", headers=keys["app"])
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["where"] == query.partition("=")[0]
