"""GET /v1/experiments: a report for analysts, never for a customer's own key."""

import pytest

PATH = "/v1/experiments"


def test_an_analyst_reads_every_test_with_its_verdict(client, keys):
    answer = client.get(PATH, headers=keys["app"])
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    found = answer.get_json()
    kinds = {test["kind"] for test in found["tests"]}
    assert kinds >= {
        "no-personalised-offer",
        "random-relevant",
        "propensity-only",
        "without-levers",
        "eligibility-only",
    }
    assert {test["lift"]["verdict"] for test in found["tests"]} == {"cannot tell yet"}
    assert {test["strategy"] for test in found["tests"]} - {None} == set(found["strategies"])
    assert found["caveats"]


@pytest.mark.parametrize("name", ["reader", "own", "stranger"])
def test_others_may_not(client, keys, name: str):
    assert client.get(PATH, headers=keys[name]).status_code == 403


@pytest.mark.parametrize("query", ["days=0", "days=x", "window_days=400", "since=1"])
def test_a_query_that_does_not_fit_is_named(client, keys, query: str):
    answer = client.get(f"{PATH}?{query}", headers=keys["app"])
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["where"] == query.partition("=")[0]
