"""Bulk decisions over HTTP: each customer's own answer and status, the same as a single call's, on record."""

import pytest

from tests.engine.crm.conftest import Crm, House
from tests.routes.conftest import SAVER


@pytest.fixture(scope="module")
def crowd(bank: Crm) -> list[str]:
    """40 customers who differ."""
    facts = [SAVER | {"age": 20 + number, "demand_yuan": 9_000.0 * number} for number in range(40)]
    rows = [{"id": f"m-{number}", "attributes": one} for number, one in enumerate(facts)]
    bank.ask("POST", "/v1/customers/bulk", {"customers": rows})
    return [row["id"] for row in rows]


def test_each_gets_what_a_single_call_gives(bank: Crm, crowd: list[str]) -> None:
    told = bank.ask("POST", "/v1/offers/bulk", {"customers": crowd, "channel": "branch", "limit": 2}).json()
    assert [one["customer_id"] for one in told["customers"]] == crowd
    for one in told["customers"]:
        single = bank.ask("GET", f"/v1/customers/{one['customer_id']}/offers?channel=branch&limit=2").json()
        for part in ("withheld", "personalised", "language"):
            assert one["answer"][part] == single[part]
        assert all(offer["token"] for offer in one["answer"]["offers"]), "each may be accepted"
        for part in ("rank", "offer", "channel", "alternatives", "reasons"):
            assert [each[part] for each in one["answer"]["offers"]] == [each[part] for each in single["offers"]]
    assert any(one["answer"]["offers"] for one in told["customers"])


def test_every_decision_of_a_list_is_on_record_and_replays(bank: Crm, crowd: list[str]) -> None:
    told = bank.ask("POST", "/v1/offers/bulk", {"customers": crowd[:5]}).json()["customers"]
    for one in told:
        replayed = bank.ask("GET", f"/v1/decisions/{one['answer']['decision_id']}/replay").json()
        assert replayed["identical"], replayed


def test_a_customer_nobody_has_is_a_status_not_an_error(bank: Crm, crowd: list[str]) -> None:
    told = bank.ask("POST", "/v1/offers/bulk", {"customers": [crowd[0], "ghost", crowd[1]]})
    assert told.status_code == 200
    assert [one["status"] for one in told.json()["customers"]] == [200, 404, 200]
    assert told.json()["customers"][1]["problem"]["type"] == "urn:fourcast:problem:not-found"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"customers": []}, "customers"),
        ({"customers": [f"x-{number}" for number in range(201)]}, "customers"),
        ({"customers": ["m-1", "m-1"]}, "customers"),
        ({"customers": ["m-1"], "channel": "pigeon"}, "channel"),
        ({"customers": ["m-1"], "limit": 11}, "limit"),
        ({"customers": ["m-1", 7]}, "customers.1"),
    ],
)
def test_a_list_that_does_not_fit_is_refused_whole(bank: Crm, crowd: list[str], body: object, where: str) -> None:
    refused = bank.ask("POST", "/v1/offers/bulk", body)
    assert refused.status_code == 422
    assert [fault["where"] for fault in refused.json()["errors"]] == [where]


def test_200_customers_are_decided_in_one_call(house: House, bank: Crm, crowd: list[str]) -> None:
    house.store.customers.load((f"w-{number}", SAVER) for number in range(200))
    told = bank.ask("POST", "/v1/offers/bulk", {"customers": [f"w-{number}" for number in range(200)]}).json()
    assert {one["status"] for one in told["customers"]} == {200}
