"""A CRM that knows its customers by its own keys: every call takes them, and every answer says both names."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.crm.conftest import Crm, House
from tests.routes.conftest import SAVER

KEYED = {"customer_id": "k-1", "external_key": "CIF 1"}
EVENT = {"kind": "click", "at": "2026-01-05T09:30:00+08:00", "offer": "term-12m", "channel": "mobile_app"}


@pytest.fixture(scope="module", autouse=True)
def customers(bank: Crm) -> None:
    for name, key, branch in (("k-1", "CIF 1", "b-1"), ("k-2", "CIF 2", "b-2")):
        attributes = SAVER | {"branch_id": branch}
        assert bank.ask("PUT", f"/v1/customers/{name}", {"external_key": key, "attributes": attributes}).ok


FOR_STAFF = ("the portrait",)
"""What no customer's own token opens, whosever it is."""


def named(answer: Any) -> dict[str, Any]:
    """Both names that an answer gives."""
    assert answer.status_code < 300, answer.text
    return {name: answer.json()[name] for name in KEYED}


BELOW: dict[str, Callable[[Crm, str], Any]] = {
    "the customer": lambda crm, path: crm.ask("GET", path),
    "a change": lambda crm, path: crm.ask("PATCH", path, {"attributes": {"age": 44}}),
    "offers": lambda crm, path: crm.ask("GET", f"{path}/offers?channel=mobile_app"),
    "offers at an occasion": lambda crm, path: crm.ask("POST", f"{path}/offers", {"channel": "mobile_app"}),
    "explained offers": lambda crm, path: crm.ask("GET", f"{path}/offers?explain=true"),
    "the portrait": lambda crm, path: crm.ask("GET", f"{path}/portrait"),
    "preferences": lambda crm, path: crm.ask("GET", f"{path}/preferences"),
    "new preferences": lambda crm, path: crm.ask(
        "PUT", f"{path}/preferences", {"version": "1", "consents": {"marketing:sms": True}}
    ),
}


@pytest.mark.parametrize("what", BELOW)
def test_what_lies_below_a_customer_lies_below_the_external_key_too_and_says_both_names(bank: Crm, what: str) -> None:
    assert named(BELOW[what](bank, "/v1/customers/k-1")) == KEYED
    assert named(BELOW[what](bank, "/v1/external-keys/CIF 1")) == KEYED
    nobody = BELOW[what](bank, "/v1/external-keys/CIF none")
    assert (nobody.status_code, nobody.json()["detail"]) == (404, 'No customer has the external key "CIF none".')


def test_a_decision_and_its_explanation_lead_back_to_the_key(bank: Crm) -> None:
    answer = bank.ask("GET", "/v1/external-keys/CIF 1/offers?channel=mobile_app").json()
    assert bank.ask("GET", f"/v1/decisions/{answer['decision_id']}/explanation").json()["external_key"] == "CIF 1"


def test_a_changed_key_is_in_the_very_next_answer(bank: Crm) -> None:
    bank.ask("PUT", "/v1/customers/k-3", {"external_key": "CIF 3", "attributes": SAVER})
    for key in ("CIF 3", "CIF 33"):
        bank.ask("PATCH", "/v1/customers/k-3", {"external_key": key})
        assert [bank.ask("GET", "/v1/customers/k-3/offers").json()["external_key"] for _ in range(2)] == [key, key]
    assert bank.ask("GET", "/v1/external-keys/CIF 3/offers").status_code == 404


def test_a_list_takes_keys_beside_ids(bank: Crm) -> None:
    body = {"customers": ["k-2"], "external_keys": ["CIF none", "CIF 1"], "limit": 1}
    told = bank.ask("POST", "/v1/offers/bulk", body).json()
    assert [(one["customer_id"], one["external_key"], one["status"]) for one in told["customers"]] == [
        ("k-2", "CIF 2", 200)]  # fmt: skip
    nobody, found = told["external_keys"]
    assert (nobody["customer_id"], nobody["external_key"], nobody["status"]) == (None, "CIF none", 404)
    assert (found["customer_id"], found["external_key"], found["status"]) == ("k-1", "CIF 1", 200)
    assert found["answer"]["customer_id"] == "k-1"
    assert "external_keys" not in bank.ask("POST", "/v1/offers/bulk", {"customers": ["k-2"]}).json()
    for wrong in ({}, {"external_keys": []}, {"external_keys": ["CIF 1", "CIF 1"]}):
        assert bank.ask("POST", "/v1/offers/bulk", wrong).status_code == 422
    too_many = {"customers": ["k-2"], "external_keys": [f"x{number}" for number in range(200)]}
    assert bank.ask("POST", "/v1/offers/bulk", too_many).status_code == 422


def test_a_job_takes_keys_and_answers_one_that_nobody_has(house: House, bank: Crm) -> None:
    job = bank.ask("POST", "/v1/jobs", {"customers": {"external_keys": ["CIF 2", "CIF none", "CIF 1"]}, "limit": 1})
    assert (job.status_code, job.json()["total"], job.json()["failed"]) == (202, 3, 1)
    while house.engine.crm.jobs.work(lambda: False):
        pass
    done = bank.ask("GET", job.headers["Location"]).json()
    assert (done["state"], done["done"], done["failed"]) == ("done", 3, 1)
    lines = bank.ask("GET", f"{job.headers['Location']}/results").text.splitlines()
    told = [(row["customer_id"], row["external_key"], row["status"]) for row in map(json.loads, lines)]
    assert told == [("k-2", "CIF 2", 200), (None, "CIF none", 404), ("k-1", "CIF 1", 200)]
    refused = bank.ask("POST", "/v1/jobs", {"customers": {"external_keys": ["CIF 1", ""]}})
    assert refused.json()["errors"][0]["where"] == "customers.external_keys.1"


def test_events_take_the_key_and_an_unknown_one_stops_nobody_else(house: House, bank: Crm) -> None:
    one = EVENT | {"id": "k-e-1", "external_key": "CIF 1"}
    assert bank.ask("POST", "/v1/events", one).json() == {"events": [{"id": "k-e-1", "status": "stored"}]}
    same = EVENT | {"id": "k-e-1", "customer_id": "k-1"}
    assert bank.ask("POST", "/v1/events", same).json()["events"][0]["status"] == "duplicate"
    assert [each.id for each in house.store.events.since("k-1", 0)] == ["k-e-1"]
    several = [one | {"id": "k-e-2"}, one | {"id": "k-e-3", "external_key": "CIF none"}]
    became = bank.ask("POST", "/v1/events", {"events": several}).json()["events"]
    assert [each["status"] for each in became] == ["stored", "refused"]
    assert became[1]["problem"]["detail"] == 'No customer has the external key "CIF none".'
    assert bank.ask("POST", "/v1/events", several[1]).status_code == 404
    for wrong in (EVENT | {"id": "k-e-4"}, one | {"customer_id": "k-1"}):
        refused = bank.ask("POST", "/v1/events", wrong)
        assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "customer_id")


def test_a_contact_is_reserved_by_key(bank: Crm) -> None:
    wanted = {"id": "k-c-1", "external_key": "CIF none", "offer": "term-12m", "channel": "sms"}
    assert bank.ask("POST", "/v1/contacts", wanted).status_code == 404
    by_key = bank.ask("POST", "/v1/contacts", wanted | {"external_key": "CIF 1"})
    by_id = bank.ask("POST", "/v1/contacts", {**wanted, "customer_id": "k-1"} | {"external_key": None})
    assert by_key.status_code in (201, 409) and by_id.status_code == 422


def test_a_customer_is_erased_by_key(house: House, bank: Crm) -> None:
    for number, erase in enumerate(("/v1/external-keys/CIF e0", "/v1/customers?external_key=CIF e1")):
        bank.ask("PUT", f"/v1/customers/k-e{number}", {"external_key": f"CIF e{number}", "attributes": {}})
        assert bank.ask("DELETE", erase).status_code == 204
        assert bank.ask("DELETE", erase).status_code == 404, "nobody has that key any more"
        assert bank.ask("GET", f"/v1/customers/k-e{number}").status_code == 404


def test_the_key_of_whom_a_caller_may_not_reach_is_nobodys(house: House, bank: Crm) -> None:
    """An existing key and one that was never given answer the same bytes, but for the name and the trace."""
    customers_own = house.client("keys-k-1", customer_id="k-1")
    for crm in (house.client("keys-b-1", branch="b-1"), customers_own):
        assert named(crm.ask("GET", "/v1/external-keys/CIF 1/preferences")) == KEYED
        for what in ("offers", "explained offers", "the portrait", "preferences", "new preferences"):
            others, nobodys = (BELOW[what](crm, f"/v1/external-keys/CIF {key}") for key in ("2", "9"))
            closed = crm is customers_own and what in FOR_STAFF
            assert {others.status_code, nobodys.status_code} == {403 if closed else 404}
            assert others.json()["detail"].replace("2", "9") == nobodys.json()["detail"]
        sent = [EVENT | {"id": f"{key}-r", "external_key": f"CIF {key}"} for key in ("1", "2", "9")]
        became = crm.ask("POST", "/v1/events", {"events": sent}).json()["events"]
        assert [one.get("problem", {}).get("title") for one in became] == [None, "Not found", "Not found"]
    branch = house.client("keys-bulk", branch="b-1")
    told = branch.ask("POST", "/v1/offers/bulk", {"external_keys": ["CIF 1", "CIF 2", "CIF 9"]}).json()["external_keys"]
    assert [(one["customer_id"], one["status"]) for one in told] == [("k-1", 200), (None, 404), (None, 404)]
    job = branch.ask("POST", "/v1/jobs", {"customers": {"external_keys": ["CIF 1", "CIF 2", "CIF 9"]}}).json()
    assert job["failed"] == 2
