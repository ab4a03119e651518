"""Who may write a customer's risk assessment, on every road; what the audit log keeps of each write; no day ahead."""

import itertools
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import requests

from service.core.attributes import Attribute, AttributeTable
from service.core.expressions import Kind
from service.core.grid import day_at
from service.engine.auth import SCOPES
from service.engine.crm import assessments
from service.store import CustomerFile
from tests.engine.crm.conftest import Crm, House

NUMBERS = itertools.count(1)
CLERK = frozenset({"customers:write"})
ASSESSED = {"risk_tolerance": 2, "risk_assessed_on": "2026-01-05", "qualified_investor": False}
CHANGES = [
    ("risk_tolerance", 5),
    ("risk_assessed_on", "2026-01-06"),
    ("qualified_investor", True),
    ("risk_tolerance", None),
]
Write = Callable[[Crm, str, dict[str, Any]], requests.Response]


def by_put(crm: Crm, name: str, facts: dict[str, Any]) -> requests.Response:
    return crm.ask("PUT", f"/v1/customers/{name}", {"attributes": {"age": 44, **ASSESSED, **facts}})


def by_patch(crm: Crm, name: str, facts: dict[str, Any]) -> requests.Response:
    return crm.ask("PATCH", f"/v1/customers/{name}", {"attributes": facts})


def by_key(crm: Crm, name: str, facts: dict[str, Any]) -> requests.Response:
    return crm.ask("PUT", f"/v1/external-keys/K-{name}", {"attributes": {"age": 44, **ASSESSED, **facts}})


def in_bulk(crm: Crm, name: str, facts: dict[str, Any]) -> requests.Response:
    """The one customer of a list, answered as a single call is."""
    rows = [{"id": name, "attributes": {"age": 44, **ASSESSED, **facts}}]
    answer = crm.ask("POST", "/v1/customers/bulk", {"customers": rows})
    answer.status_code = answer.json()["customers"][0]["status"]
    return answer


ROADS: dict[str, Write] = {"put": by_put, "patch": by_patch, "key": by_key, "bulk": in_bulk}


@pytest.fixture(scope="module")
def clerk(house: House) -> Crm:
    """A key that writes customers, and no assessments."""
    return house.client("clerk", scopes=CLERK)


@pytest.fixture
def assessed(bank: Crm) -> str:
    """A customer whose risk was assessed, of the test's own."""
    name = f"a-{next(NUMBERS)}"
    body = {"external_key": f"K-{name}", "attributes": {"age": 44, **ASSESSED}}
    assert bank.ask("PUT", f"/v1/customers/{name}", body).status_code == 201
    return name


@pytest.mark.parametrize("road", ROADS)
def test_a_key_without_the_scope_changes_no_assessment_and_writes_everything_else(
    clerk: Crm, bank: Crm, assessed: str, road: str
) -> None:
    before = bank.ask("GET", f"/v1/customers/{assessed}").json()
    for name, value in CHANGES:
        refused = ROADS[road](clerk, assessed, {name: value})
        assert refused.status_code == 403, (name, value)
        assert f"attributes.{name}" in refused.text
    assert bank.ask("GET", f"/v1/customers/{assessed}").json() == before
    assert ROADS[road](clerk, assessed, {"logins_30d": 3}).status_code == 200
    after = bank.ask("GET", f"/v1/customers/{assessed}").json()
    assert after["attributes"] == before["attributes"] | {"logins_30d": 3}
    assert ROADS[road](bank, assessed, {"risk_tolerance": 5}).status_code == 200


def test_storing_whole_without_an_assessment_would_take_it_away_and_is_refused(clerk: Crm, assessed: str) -> None:
    refused = clerk.ask("PUT", f"/v1/customers/{assessed}", {"attributes": {"age": 45}})
    assert refused.status_code == 403
    assert {row["where"] for row in refused.json()["errors"]} == {f"attributes.{name}" for name in ASSESSED}
    for value, status in ((2, 403), (None, 201)):
        name = f"{assessed}-{value}"
        made = clerk.ask("PUT", f"/v1/customers/{name}", {"attributes": {"age": 45, "risk_tolerance": value}})
        assert made.status_code == status


@pytest.mark.parametrize("road", ROADS)
def test_naming_an_assessment_as_it_stands_is_no_word_on_it(clerk: Crm, bank: Crm, assessed: str, road: str) -> None:
    origins = bank.ask("GET", f"/v1/customers/{assessed}").json()["origins"]
    assert ROADS[road](clerk, assessed, {**ASSESSED, "age": 45}).status_code == 200
    after = bank.ask("GET", f"/v1/customers/{assessed}").json()["origins"]
    assert after["age"]["source"] == "api:clerk"
    assert {name: after[name] for name in ASSESSED} == {name: origins[name] for name in ASSESSED}


@pytest.mark.parametrize("road", ROADS)
def test_no_assessment_lies_after_the_banks_day(house: House, bank: Crm, assessed: str, road: str) -> None:
    today = today_of(house)
    for name in ("risk_assessed_on", "last_transfer_on"):
        refused = ROADS[road](bank, assessed, {name: str(today + timedelta(days=1))})
        assert refused.status_code == 422
        assert f"must not lie after the bank's day, {today}" in refused.text
    assert ROADS[road](bank, assessed, {"risk_assessed_on": str(today)}).status_code == 200
    assert ROADS[road](bank, assessed, {"next_maturity_on": str(today + timedelta(days=90))}).status_code == 200


def today_of(house: House) -> date:
    return datetime.now(house.engine.timezone).date()


def _date(name: str, ahead: bool = False) -> Attribute:
    return Attribute(name, Kind.DATE, ahead=ahead)


def test_the_banks_day_ends_by_its_own_clock() -> None:
    table = AttributeTable((_date("assessed_on"), _date("ends_on", ahead=True)), (), {})
    late = 1_769_790_600_000
    assert [day_at(late, zone).isoformat() for zone in ("Asia/Shanghai", "UTC")] == ["2026-01-31", "2026-01-30"]
    record = {"assessed_on": "2026-01-31", "ends_on": "2030-01-01"}
    assert table.check_days(record, day_at(late, "Asia/Shanghai")) == []
    assert [fault.where for fault in table.check_days(record, day_at(late, "UTC"))] == ["assessed_on"]


@pytest.mark.parametrize("road", ROADS)
def test_every_write_is_audited_with_names_and_with_values_where_they_are_no_traits(
    house: House, bank: Crm, assessed: str, road: str
) -> None:
    ROADS[road](bank, assessed, {"risk_tolerance": 4, "age": 45, "logins_30d": 3})
    last = house.store.audit.list_rows(1)[0]
    action = "customer.update" if road == "patch" else "customer.put"
    assert (last["actor"], last["action"], last["subject"]) == (
        "bank-crm",
        action,
        house.store.customers.alias_of(assessed),
    )
    assert last["detail"]["attributes"] == ["age", "logins_30d", "risk_tolerance"]
    assert last["detail"]["values"] == {
        "logins_30d": {"old": None, "new": 3},
        "risk_tolerance": {"old": 2, "new": 4},
    }
    ROADS[road](bank, assessed, {"risk_tolerance": 4, "age": 45, "logins_30d": 3})
    assert house.store.audit.list_rows(1)[0]["seq"] == last["seq"], "what changes nothing is no write"
    assert house.store.audit.verify().broken_at is None


def test_a_write_and_its_row_on_the_log_are_one(house: House, bank: Crm, assessed: str) -> None:
    before = house.store.audit.list_rows(1)[0]["seq"]
    for facts in ({"risk_tolerance": 9}, {"agee": 1}):
        assert by_patch(bank, assessed, facts).status_code == 422
    assert (
        bank.ask("PATCH", f"/v1/customers/{assessed}", {"attributes": {"age": 1}}, **{"If-Match": '"99"'}).status_code
        == 412
    )
    assert house.store.audit.list_rows(1)[0]["seq"] == before


def test_an_import_is_audited_by_the_attributes_it_spoke_of(house: House) -> None:
    file = CustomerFile(1_767_225_600_000, ["risk_tolerance", "age"])
    house.store.customers.load_files([("i-1", {"risk_tolerance": 2, "age": 44})], None, None, file)
    last = house.store.audit.list_rows(1)[0]
    assert (last["action"], last["detail"]["customers"]) == ("customers.import", 1)
    assert last["detail"]["attributes"] == ["age", "risk_tolerance"]
    assert house.store.audit.verify().broken_at is None


def test_files_say_no_assessments_where_a_setting_forbids_it() -> None:
    assert [
        fault.where for fault in assessments.problems_in_files(["age", "risk_tolerance", "risk_assessed_on"], False)
    ] == [
        "risk_assessed_on",
        "risk_tolerance",
    ]
    assert assessments.problems_in_files(["age"], False) == []
    assert [fault.where for fault in assessments.problems_in_files(["age"], True)] == ["--replace"]


def test_keys_that_wrote_customers_before_the_scope_go_on_writing_assessments(house: House, database_url: str) -> None:
    house.client("old-crm", scopes=CLERK)
    house.client("old-own", "c-9", scopes=CLERK)
    house.store.migrate("0018")
    house.store.migrate()
    scopes = {key.client.name: key.client.scopes for key in house.store.clients.list_keys()}
    assert scopes["old-crm"] == CLERK | {assessments.SCOPE}
    assert scopes["old-own"] == CLERK
    assert scopes["bank-crm"] == frozenset(SCOPES)
