"""POST /v1/try: for an analyst's key, at any instant, without a row anywhere."""

from typing import Any

import pytest

from service.routes.offers.playground import TryAnswer
from service.store import Store
from tests.servers import execute

Keys = dict[str, dict[str, str]]
FACTS = {"attributes": {"age": 40, "demand_yuan": 80_000}}


def tried(client: Any, key: dict[str, str], **body: Any) -> Any:
    return client.post("/v1/try", json=body, headers=key | {"Accept-Language": "en"})


def rows(store: Store) -> int:
    return int(execute(store.url, "SELECT (SELECT count(*) FROM decisions) + (SELECT count(*) FROM customers)")[0][0])


def test_a_made_up_customer_is_decided_and_nothing_is_kept(client: Any, keys: Keys, store: Store) -> None:
    before = rows(store)
    answer = tried(client, keys["app"], facts=FACTS, at="2026-11-23T09:30:00+08:00", channel="branch", limit=5)
    assert answer.status_code == 200, answer.json
    assert TryAnswer(unknown="raise").validate(answer.json) == {}
    assert answer.json["decided_at"] == "2026-11-23T09:30:00+08:00"
    assert answer.json["decision_id"] is None and answer.json["offers"]
    assert answer.json["explanation"]["funnel"]
    assert rows(store) == before


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "facts"),
        ({"facts": {"attributes": {"agee": 3}}}, "attributes.agee"),
        ({"facts": FACTS, "at": "noon"}, "at"),
        ({"facts": FACTS, "channel": "brunch"}, "channel"),
        ({"facts": FACTS, "polcy": "x"}, "polcy"),
    ],
)
def test_what_does_not_fit_is_named(client: Any, keys: Keys, body: dict[str, Any], where: str) -> None:
    refused = tried(client, keys["app"], **body)
    assert refused.status_code == 422
    assert where in [one["where"] for one in refused.json["errors"]]


def test_a_policy_that_is_not_stored_is_not_found(client: Any, keys: Keys) -> None:
    assert tried(client, keys["app"], facts=FACTS, policy="0" * 64).status_code == 404


def test_it_needs_the_scope_of_explanations_and_a_key_of_the_bank(client: Any, keys: Keys) -> None:
    assert tried(client, keys["reader"], facts=FACTS).status_code == 403
    assert tried(client, keys["own"], facts=FACTS).status_code == 403
