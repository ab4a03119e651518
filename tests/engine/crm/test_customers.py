"""Customers over HTTP: stored by id or external key, every fault named, read back, and erased for good."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from service.store import ConsentWords, CustomerFile
from tests.engine.crm.conftest import Crm, House, everything
from tests.routes.conftest import SAVER


def test_a_customer_is_stored_whole_and_read_back(bank: Crm) -> None:
    first = bank.ask("PUT", "/v1/customers/u-1", {"external_key": "CIF-1", "attributes": {"age": 44, "staff": None}})
    assert (first.status_code, first.json()["revision"]) == (201, 1)
    again = bank.ask("PUT", "/v1/customers/u-1", {"attributes": {"demand_yuan": 10.5}})
    assert (again.status_code, again.json()["revision"]) == (200, 2)
    read = bank.ask("GET", "/v1/customers/u-1").json()
    assert read == again.json()
    assert (read["external_key"], read["attributes"]) == ("CIF-1", {"demand_yuan": 10.5})
    assert read["updated_at"].endswith("+08:00")


def test_each_attribute_says_who_said_it_and_as_of_when(house: House, bank: Crm) -> None:
    file = CustomerFile(1_769_875_200_000, ["age", "sex"])
    house.store.customers.load([("o-1", {"age": 40})], None, file)
    month_end = {"as_of": "2026-02-01T00:00:00+08:00", "source": "import"}
    assert bank.ask("GET", "/v1/customers/o-1").json()["origins"] == {"age": month_end, "sex": month_end}
    told = bank.ask("PUT", "/v1/customers/o-1", {"attributes": {"deceased": True, "staff": None}}).json()["origins"]
    assert set(told) == {"deceased", "staff", "age", "sex"}, "null says unknown, and so does leaving out what was known"
    assert {one["source"] for one in told.values()} == {"api:bank-crm"}
    assert told["deceased"]["as_of"] > "2026-10"
    wider = replace(file, columns=["age", "deceased", "frozen"])
    house.store.customers.load([("o-1", {"age": 40, "deceased": False, "frozen": False})], None, wider)
    assert bank.ask("GET", "/v1/customers/o-1").json()["attributes"] == {"deceased": True, "frozen": False}


def test_the_same_customer_again_raises_no_revision(bank: Crm) -> None:
    whole = {"external_key": "CIF-same", "attributes": {"age": 44}}
    first, again = (bank.ask("PUT", "/v1/customers/same-1", whole) for _ in range(2))
    assert [(one.status_code, one.json()["revision"]) for one in (first, again)] == [(201, 1), (200, 1)]
    assert bank.ask("PUT", "/v1/customers/same-1", {"attributes": {"age": 44}}).json()["revision"] == 1
    assert bank.ask("PUT", "/v1/customers/same-1", {"attributes": {"age": 44.5}}).json()["revision"] == 2
    assert bank.ask("PATCH", "/v1/customers/same-1", {"attributes": {"age": 44.5}}).json()["revision"] == 2
    assert bank.ask("PATCH", "/v1/customers/same-1", {"external_key": "CIF-other"}).json()["revision"] == 3


def test_an_external_key_finds_its_customer_or_makes_one(bank: Crm) -> None:
    slash = bank.ask("PUT", "/v1/customers/u-2", {"external_key": "CIF/2 张", "attributes": {"age": 30}})
    assert (slash.status_code, slash.json()["errors"]) == (
        422, [{"where": "external_key", "message": 'must not hold "/"'}])  # fmt: skip
    bank.ask("PUT", "/v1/customers/u-2", {"external_key": "CIF-2 张", "attributes": {"age": 30}})
    found = bank.ask("PUT", "/v1/external-keys/CIF-2 张", {"attributes": {"age": 31}})
    assert (found.status_code, found.json()["customer_id"]) == (200, "u-2")
    new = bank.ask("PUT", "/v1/external-keys/CIF-3", {"attributes": {"age": 50}})
    assert new.status_code == 201
    assert bank.ask("GET", "/v1/external-keys/CIF-3").json() == new.json()
    assert bank.ask("GET", "/v1/external-keys/CIF-none").status_code == 404


def test_anothers_external_key_is_a_conflict(bank: Crm) -> None:
    bank.ask("PUT", "/v1/customers/u-4", {"external_key": "CIF-4", "attributes": {}})
    taken = bank.ask("PUT", "/v1/customers/u-5", {"external_key": "CIF-4", "attributes": {}})
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:fourcast:problem:conflict")
    assert bank.ask("GET", "/v1/customers/u-5").status_code == 404


def test_every_fault_is_named_and_nothing_stored(bank: Crm) -> None:
    wrong = {"age": 400, "risk_tolerance": "C3", "demnd_yuan": 1, "total_yuan": 5, "risk_assessed_on": "2026-02-30"}
    refused = bank.ask("PUT", "/v1/customers/u-6", {"attributes": wrong | {"staff": True}})
    assert refused.status_code == 422
    faults = {each["where"]: each["message"] for each in refused.json()["errors"]}
    assert set(faults) == {f"attributes.{name}" for name in wrong}
    assert 'did you mean "demand_yuan"?' in faults["attributes.demnd_yuan"]
    assert "derived" in faults["attributes.total_yuan"]
    assert bank.ask("GET", "/v1/customers/u-6").status_code == 404


def test_in_bulk_each_has_a_status_and_the_good_ones_are_stored(bank: Crm) -> None:
    rows: list[Any] = [
        {"id": "k-1", "attributes": {"age": 1}},
        {"external_key": "K-2", "attributes": {"age": 2}},
        {"id": "k-3", "attributes": {"age": -3, "agee": 3}},
        {"attributes": {}},
        "nobody",
        {"id": "k-6", "external_key": "K-2", "attributes": {}},
        {"id": "k-1", "attributes": {"age": 7}},
    ]
    answer = bank.ask("POST", "/v1/customers/bulk", {"customers": rows})
    assert answer.status_code == 200
    told = answer.json()["customers"]
    assert [one["status"] for one in told] == [201, 201, 422, 422, 422, 409, 200]
    assert [fault["where"] for fault in told[2]["problem"]["errors"]] == ["attributes.age", "attributes.agee"]
    assert bank.ask("GET", "/v1/customers/k-1").json()["attributes"] == {"age": 7}
    assert bank.ask("GET", "/v1/external-keys/K-2").json()["customer_id"] == told[1]["id"]


def test_the_path_of_the_list_is_nobodys_id(bank: Crm) -> None:
    for method, takes in (("PUT", 405), ("DELETE", 405), ("OPTIONS", 200)):
        answer = bank.ask(method, "/v1/customers/bulk", {"attributes": {}} if method == "PUT" else None)
        allowed = {"GET", "HEAD", "POST", "OPTIONS"}
        assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (takes, allowed), method
    one = bank.ask("POST", "/v1/customers/bulk", {"customers": [{"id": "bulk", "attributes": {}}]}).json()
    assert one["customers"][0]["status"] == 422
    assert bank.ask("PUT", "/v1/customers/bulky", {"attributes": {}}).status_code == 201


@pytest.mark.parametrize("count", [0, 201])
def test_a_list_has_1_to_200_customers(bank: Crm, count: int) -> None:
    rows = [{"id": f"b-{number}", "attributes": {}} for number in range(count)]
    assert bank.ask("POST", "/v1/customers/bulk", {"customers": rows}).status_code == 422


def test_200_customers_go_into_one_call(bank: Crm) -> None:
    rows = [{"id": f"b-{number}", "external_key": f"B-{number}", "attributes": SAVER} for number in range(200)]
    told = bank.ask("POST", "/v1/customers/bulk", {"customers": rows}).json()["customers"]
    assert {one["status"] for one in told} == {201}


def test_a_customers_own_key_writes_no_attributes(house: House) -> None:
    own = house.client("own", "u-1")
    for method, path, body in (
        ("GET", "/v1/customers/u-1", None),
        ("PUT", "/v1/customers/u-1", {"attributes": {"risk_tolerance": 5}}),
        ("POST", "/v1/customers/bulk", {"customers": [{"id": "u-1", "attributes": {"risk_tolerance": 5}}]}),
        ("DELETE", "/v1/customers/u-1", None),
        ("POST", "/v1/offers/bulk", {"customers": ["u-1"]}),
    ):
        assert own.ask(method, path, body).status_code == 403, path


def test_a_branch_reaches_its_own_customers_and_each_look_is_on_record(house: House, bank: Crm) -> None:
    bank.ask("PUT", "/v1/customers/v-1", {"external_key": "V-1", "attributes": {"branch_id": "b-1"}})
    bank.ask("PUT", "/v1/customers/v-2", {"external_key": "V-2", "attributes": {"branch_id": "b-2"}})
    branch = house.client("b-1-crm", branch="b-1")
    assert branch.ask("GET", "/v1/customers/v-1").status_code == 200
    for path in ("/v1/customers/v-2", "/v1/external-keys/V-2", "/v1/customers/v-none"):
        assert branch.ask("GET", path).status_code == 404
    assert branch.ask("PUT", "/v1/customers/v-3", {"attributes": {"branch_id": "b-1"}}).status_code == 201
    for name, facts in (("v-1", {"branch_id": "b-2"}), ("v-4", {})):
        assert branch.ask("PUT", f"/v1/customers/{name}", {"attributes": facts}).status_code == 403
    assert branch.ask("PUT", "/v1/customers/v-2", {"attributes": {"branch_id": "b-1"}}).status_code == 404
    assert branch.ask("DELETE", "/v1/customers/v-1").status_code == 403, "only the bank erases"
    assert [view.customer_id for view in house.store.access_log.list_views(9, client="b-1-crm")] == [
        "v-2",
        "v-2",
        "v-1",
    ]
    assert house.store.audit.list_rows(1)[0]["action"] == "customer.put"


def test_a_new_fact_counts_in_the_next_offers(bank: Crm) -> None:
    bank.ask("PUT", "/v1/customers/u-8", {"attributes": SAVER})
    path = "/v1/customers/u-8/offers?channel=mobile_app"
    assert bank.ask("GET", path).json()["offers"]
    bank.ask("PUT", "/v1/customers/u-8", {"attributes": SAVER | {"deceased": True}})
    assert bank.ask("GET", path).json()["offers"] == []


def erased(house: House, bank: Crm, name: str) -> tuple[str, str]:
    """A customer with a past, erased; their decision's id, and everything the database still holds, as text."""
    bank.ask("PUT", f"/v1/customers/{name}", {"external_key": f"X-{name}", "attributes": SAVER | {"branch_id": "b-77"}})
    house.store.consents.say(name, ConsentWords({"marketing:sms": True}, "app", "1"), 1)
    event = {"id": f"e-{name}", "customer_id": name, "kind": "click", "at": "2026-01-05T09:30:00+08:00",
             "offer": "term-12m", "channel": "mobile_app"}  # fmt: skip
    assert bank.ask("POST", "/v1/events", event).status_code == 201
    answer = bank.ask("GET", f"/v1/customers/{name}/offers?channel=mobile_app").json()
    decision, first = answer["decision_id"], answer["offers"][0]
    accept = {**event, "id": f"a-{name}", "kind": "accept", "offer": first["offer"], "token": first["token"],
              "at": answer["decided_at"]}  # fmt: skip
    assert bank.ask("POST", "/v1/events", accept).status_code == 201
    assert bank.ask("DELETE", f"/v1/customers/{name}?on_behalf_of=dpo").status_code == 204
    return decision, everything(house)


def test_an_erased_customer_is_nowhere_any_more(house: House, bank: Crm) -> None:
    decision, left = erased(house, bank, "forget-me-1")
    assert "forget-me-1" not in left
    assert bank.ask("GET", "/v1/customers/forget-me-1").status_code == 404
    assert bank.ask("GET", "/v1/customers/forget-me-1/offers").status_code == 404
    record = orjson.loads(house.engine.read_decision(decision).record)
    assert record["erased"] and record["snapshot"]["attributes"] == {} and record["scores"] == {}
    assert record["decision"]["treatments"], "what was offered is kept, as the law wants"
    assert record["decision"]["customer_id"].startswith("erased-")
    replayed = bank.ask("GET", f"/v1/decisions/{decision}/replay")
    assert not replayed.json()["identical"] and "erased" in replayed.text


def test_erasing_is_on_the_audit_log_and_idempotent(house: House, bank: Crm) -> None:
    erased(house, bank, "forget-me-2")
    rows = [row for row in house.store.audit.list_rows(50) if row["action"] == "customer.erase"]
    assert rows[0]["actor"] == "bank-crm" and rows[0]["detail"]["on_behalf_of"] == "dpo"
    assert bank.ask("DELETE", "/v1/customers/forget-me-2").status_code == 204
    assert bank.ask("DELETE", "/v1/customers/nobody-ever").status_code == 404
    assert len([row for row in house.store.audit.list_rows(50) if row["action"] == "customer.erase"]) == len(rows)
    assert house.store.audit.verify().broken_at is None


def test_who_was_erased_is_known_to_imports_until_they_come_back(house: House, bank: Crm) -> None:
    erased(house, bank, "forget-me-3")
    assert house.store.customers.find_erased(["forget-me-3", "u-1"]) == {"forget-me-3"}
    bank.ask("PUT", "/v1/customers/forget-me-3", {"attributes": {"age": 20}})
    assert house.store.customers.find_erased(["forget-me-3"]) == set()
