"""GET and PUT labels: what a customer is called, dropped one by one with the fields by which it is taken back."""

from typing import Any

import pytest

from service.store import Store
from tests.seed import put_customer

Keys = dict[str, dict[str, str]]


@pytest.fixture
def path(store: Store, request: pytest.FixtureRequest) -> str:
    """The labels of a customer of this test alone."""
    name = f"l-{abs(hash(request.node.nodeid)) % 10**12}"
    put_customer(store, name, {"age": 44, "demand_yuan": 180_000.0, "branch_id": "siming"})
    return f"/v1/customers/{name}/labels"


def named(answer: Any) -> dict[str, dict[str, Any]]:
    return {one["label"]: one for one in answer.json["labels"]}


def test_a_label_is_dropped_and_taken_back_by_the_same_fields(client: Any, keys: Keys, path: str) -> None:
    first = client.get(path, headers=keys["app"])
    assert (first.status_code, first.headers["Content-Language"]) == (200, "zh")
    assert not named(first)["target:savers"]["dropped"]
    body = {"labels": {"target:savers": False}, "version": "privacy-1"}
    dropped = client.put(path, headers=keys["app"], json=body)
    assert dropped.status_code == 200 and dropped.headers["ETag"] != first.headers["ETag"]
    saver = named(dropped)["target:savers"]
    assert (saver["dropped"], saver["effect"]) == (True, "您已拒绝此标签：不再使用。")
    assert (saver["said"]["granted"], saver["said"]["source"], saver["said"]["version"]) == (False, "app", "privacy-1")
    body["labels"] = {"target:savers": True}
    assert not named(client.put(path, headers=keys["app"], json=body))["target:savers"]["dropped"]


def test_it_is_told_in_english_to_who_asks_for_it(client: Any, keys: Keys, path: str) -> None:
    answer = client.get(path, headers={**keys["app"], "Accept-Language": "en"})
    assert named(answer)["target:savers"]["name"] == "Savers"


def test_what_is_no_label_is_refused_with_the_near_one(client: Any, keys: Keys, path: str) -> None:
    body = {"labels": {"target:saverz": False}, "version": "privacy-1"}
    refused = client.put(path, headers=keys["app"], json=body)
    assert (refused.status_code, refused.json["errors"][0]["where"]) == (422, "labels.target:saverz")
    assert refused.json["errors"][0]["message"].endswith('did you mean "target:savers"?')
    assert client.put(path, headers=keys["app"], json={"labels": {}, "version": "1"}).status_code == 422
    assert client.put(path, headers=keys["app"], json={"labels": {"stage": False}}).status_code == 422


def test_preferences_do_not_drop_labels(client: Any, keys: Keys, path: str) -> None:
    body = {"consents": {"label:stage": False}, "version": "privacy-1"}
    assert client.put(path.replace("labels", "preferences"), headers=keys["app"], json=body).status_code == 422


def test_a_customers_own_key_reads_and_drops_their_own_labels_only(client: Any, keys: Keys) -> None:
    body = {"labels": {"stage": False}, "version": "privacy-1"}
    assert client.put("/v1/customers/c-1/labels", headers=keys["own"], json=body).status_code == 200
    assert client.put("/v1/customers/c-2/labels", headers=keys["own"], json=body).status_code == 403
    assert client.get("/v1/customers/c-2/labels", headers=keys["own"]).status_code == 403
