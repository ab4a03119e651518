"""A branch's key hears of another branch's customer what it hears of nobody, on every road that takes a customer.

The roads are found in the contract, so a new one without a row here fails. Of storing, which makes somebody new where
nobody is, only what is refused can be alike: a precondition, or a customer of another branch.
"""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.engine.crm.conftest import Crm, House

MINE, THEIRS, NOBODY = "w-mine", "w-theirs", "w-nobody"
EVENT = {"kind": "click", "offer": "term-12m", "at": "2026-01-05T09:30:00+08:00"}
FACTS = {"attributes": {"branch_id": "here"}}
Asked = tuple[str, str, Any]


def event(name: str) -> dict[str, Any]:
    return {"id": f"e-{name}", "customer_id": name, **EVENT}


ROADS: dict[str, Callable[[str], list[Asked]]] = {
    "listOffers": lambda name: [("GET", f"/v1/customers/{name}/offers", None)],
    "requestOffers": lambda name: [("POST", f"/v1/customers/{name}/offers", {"channel": "mobile_app"})],
    "getPortrait": lambda name: [("GET", f"/v1/customers/{name}/portrait", None)],
    "getPreferences": lambda name: [("GET", f"/v1/customers/{name}/preferences", None)],
    "putPreferences": lambda name: [
        ("PUT", f"/v1/customers/{name}/preferences", {"personalisation": False, "version": "v1"})
    ],
    "getLabels": lambda name: [("GET", f"/v1/customers/{name}/labels", None)],
    "createObjection": lambda name: [
        ("POST", f"/v1/customers/{name}/objections", {"decision_id": str(uuid.uuid4()), "objection": "no"})
    ],
    "listObjections": lambda name: [("GET", f"/v1/customers/{name}/objections", None)],
    "getObjection": lambda name: [("GET", f"/v1/customers/{name}/objections/{uuid.uuid4()}", None)],
    "withdrawObjection": lambda name: [("POST", f"/v1/customers/{name}/objections/{uuid.uuid4()}/withdraw", {})],
    "getCopy": lambda name: [("GET", f"/v1/customers/{name}/copy", None)],
    "getCopyPage": lambda name: [("GET", f"/v1/customers/{name}/copy.html", None)],
    "putLabels": lambda name: [("PUT", f"/v1/customers/{name}/labels", {"labels": {"stage": False}, "version": "v1"})],
    "getCustomer": lambda name: [("GET", f"/v1/customers/{name}", None)],
    "getCustomerByKey": lambda name: [("GET", f"/v1/external-keys/K-{name}", None)],
    "findCustomer": lambda name: [
        ("GET", f"/v1/customers?id={name}", None),
        ("GET", f"/v1/customers?external_key=K-{name}", None),
    ],
    "putCustomer": lambda name: [("PUT", f"/v1/customers/{name}", {"attributes": {"branch_id": "there"}})],
    "putCustomerByKey": lambda name: [("PUT", f"/v1/external-keys/K-{name}", {"attributes": {"branch_id": "there"}})],
    "putCustomers": lambda name: [
        ("POST", "/v1/customers/bulk", {"customers": [{"id": name, "attributes": {"branch_id": "there"}}]})
    ],
    "updateCustomer": lambda name: [
        ("PATCH", f"/v1/customers/{name}", {"attributes": facts}) for facts in ({}, {"age": 4}, {"branch_id": "here"})
    ],
    "recordEvents": lambda name: [
        ("POST", "/v1/events", event(name)),
        ("POST", "/v1/events", {"events": [event(name), event(MINE) | {"id": f"m-{name}"}]}),
    ],
    "reserveContact": lambda name: [
        ("POST", "/v1/contacts", {"id": f"r-{name}", "customer_id": name, "offer": "term-12m", "channel": "sms"})
    ],
    "reserveContacts": lambda name: [
        (
            "POST",
            "/v1/contacts/bulk",
            {
                "contacts": [
                    {"id": f"b-{one}", "customer_id": one, "offer": "term-12m", "channel": "sms"}
                    for one in (name, MINE)
                ]
            },
        )
    ],
    "listContacts": lambda name: [("GET", f"/v1/customers/{name}/contacts", None)],
    "listOffersBulk": lambda name: [("POST", "/v1/offers/bulk", {"customers": [name, MINE], "limit": 1})],
    "mintToken": lambda name: [("POST", "/v1/tokens", {"customer_id": name, "scopes": ["offers:read"]})],
    "createJob": lambda name: [("POST", "/v1/jobs", {"customers": [name]})],
}
"""By operation: what is asked about a customer."""


def by_key(asked: Callable[[str], list[Asked]]) -> Callable[[str], list[Asked]]:
    """The same below the customer's external key."""
    return lambda name: [
        (method, path.replace(f"/v1/customers/{name}", f"/v1/external-keys/K-{name}"), body)
        for method, path, body in asked(name)
    ]


BELOW = ("listOffers", "requestOffers", "getPortrait", "getPreferences", "putPreferences", "listContacts")
BELOW += ("getLabels", "putLabels", "getCopy", "getCopyPage")
BELOW += ("createObjection", "listObjections", "getObjection", "withdrawObjection")
ROADS |= {f"{road}ByKey": by_key(ROADS[road]) for road in (*BELOW, "updateCustomer")}
OF_STORING = {"putCustomer", "putCustomerByKey", "putCustomers"}


@pytest.fixture(scope="module")
def branch(house: House, bank: Crm) -> Crm:
    """The key of the branch ``here``; ``w-theirs`` is of another, ``w-nobody`` is not stored."""
    for name, where in ((MINE, "here"), (THEIRS, "there")):
        body = {"external_key": f"K-{name}", "attributes": {"branch_id": where, "age": 44}}
        assert bank.ask("PUT", f"/v1/customers/{name}", body).status_code == 201
    return house.client("here-crm", branch="here")


def shape(answer: requests.Response, name: str) -> tuple[int, str, set[str]]:
    """An answer without what differs between any two: names, ids made by chance, instants."""
    text = re.sub(r'"trace_id":"\w+"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[^"]+', "", answer.text)
    text = re.sub(r'"token":"[^"]+"', "", text)
    return answer.status_code, text.replace(name, "?"), set(answer.headers)


def names_customers(document: dict[str, Any], path: str, row: dict[str, Any]) -> bool:
    """Whether what goes into an operation may name a customer; what only the bank's keys open is 403 to a branch."""
    queries = [each.get("name") for each in row.get("parameters", ()) if each.get("in") == "query"]
    said = str(row.get("requestBody", ""))
    for _ in range(3):
        said += "".join(str(document["components"]["schemas"][one]) for one in set(re.findall(r"schemas/(\w+)", said)))
    words = {"'customer_id'", "'customers'"}
    return bool(re.search(r"\{(customer|customer_id|external_key)\}", path) or "external_key" in queries
                or ("id" in queries and path == "/v1/customers") or any(word in said for word in words))  # fmt: skip


def test_every_road_that_is_open_to_a_branch_and_takes_a_customer_is_walked_here(bank: Crm) -> None:
    document = bank.ask("GET", "/openapi.json").json()
    found = {
        row["operationId"]
        for path, rows in document["paths"].items()
        for method, row in rows.items()
        if method in ("get", "put", "post", "patch", "delete")
        and row.get("x-reach", "bank") != "bank"
        and names_customers(document, path, row)
    }
    assert found == ROADS.keys()


@pytest.mark.parametrize("road", ROADS)
def test_another_branchs_customer_and_nobody_are_answered_alike(branch: Crm, road: str) -> None:
    for theirs, nobody in zip(ROADS[road](THEIRS), ROADS[road](NOBODY), strict=True):
        answers = shape(branch.ask(*theirs), THEIRS), shape(branch.ask(*nobody), NOBODY)
        assert answers[0] == answers[1]
        if "/bulk" not in theirs[1] and theirs[1] != "/v1/jobs" and "events" not in (theirs[2] or {}):
            assert answers[0][0] == (403 if road in OF_STORING else 404), road


def test_a_list_says_404_of_another_branchs_customer_and_goes_on(branch: Crm) -> None:
    told = branch.ask("POST", "/v1/offers/bulk", {"customers": [THEIRS, MINE]}).json()["customers"]
    assert [one["status"] for one in told] == [404, 200]
    events = branch.ask("POST", "/v1/events", {"events": [event(THEIRS) | {"id": "e-2"}, event(MINE) | {"id": "e-3"}]})
    assert [one["status"] for one in events.json()["events"]] == ["refused", "stored"]
    assert events.json()["events"][0]["problem"]["title"] == "Not found"


def test_a_job_says_404_of_another_branchs_customer(house: House, branch: Crm) -> None:
    job = branch.ask("POST", "/v1/jobs", {"customers": [THEIRS, NOBODY]}).json()["id"]
    while house.engine.crm.jobs.work(lambda: False):
        pass
    rows = branch.ask("GET", f"/v1/jobs/{job}/results?format=csv").text.replace(THEIRS, "?").replace(NOBODY, "?")
    first, second = rows.split("\r\n")[1:3]
    assert first == second
    assert first.startswith("?,404,")


def test_storing_under_another_branchs_name_is_refused_as_if_it_were_not_there(branch: Crm, bank: Crm) -> None:
    before = bank.ask("GET", f"/v1/customers/{THEIRS}").json()
    for path in ("/v1/customers/{}", "/v1/external-keys/K-{}"):
        refused = branch.ask("PUT", path.format(THEIRS), FACTS)
        unheard = branch.ask("GET", path.format(NOBODY))
        assert shape(refused, THEIRS)[:2] == shape(unheard, NOBODY)[:2]
        seen = [branch.ask("PUT", path.format(one), FACTS, **{"If-Match": '"1"'}) for one in (THEIRS, NOBODY)]
        assert shape(seen[0], THEIRS) == shape(seen[1], NOBODY)
        assert seen[0].status_code == 412
    assert bank.ask("GET", f"/v1/customers/{THEIRS}").json() == before


def test_another_branchs_decision_and_none_are_answered_alike(branch: Crm, bank: Crm) -> None:
    theirs = bank.ask("GET", f"/v1/customers/{THEIRS}/offers").json()["decision_id"]
    for what in ("", "/explanation", "/replay"):
        answers = [branch.ask("GET", f"/v1/decisions/{one}{what}") for one in (theirs, "0" * 32)]
        assert shape(answers[0], theirs) == shape(answers[1], "0" * 32)
        assert answers[0].status_code == 404


def test_a_customers_own_key_hears_403_of_everybody_else_stored_or_not(house: House, branch: Crm) -> None:
    own = house.client("own-reach", MINE)
    answers = [own.ask("GET", f"/v1/customers/{one}/offers") for one in (THEIRS, NOBODY)]
    assert shape(answers[0], THEIRS) == shape(answers[1], NOBODY)
    assert answers[0].status_code == 403
