"""What a CRM asks of the feed and of the roll: only what it wants, and nothing where nothing changed."""

from typing import Any

import pytest

from tests.engine.crm.conftest import Crm, House, follow
from tests.routes.conftest import SAVER


@pytest.fixture
def now(bank: Crm) -> str:
    """A token of now."""
    return str(bank.ask("GET", "/v1/changes?since=latest").json()["next"])


def kinds(bank: Crm, since: str, **asked: str) -> list[tuple[str, str]]:
    query = "".join(f"&{name}={value}" for name, value in asked.items())
    answer = bank.ask("GET", f"/v1/changes?since={since}{query}")
    assert answer.status_code == 200, answer.text
    return [(one["type"], one["data"]["customer_id"]) for one in answer.json()["changes"]]


def test_an_update_names_the_attributes_that_changed_and_no_others(bank: Crm, now: str) -> None:
    bank.ask("PUT", "/v1/customers/n-1", {"attributes": {"age": 30, "sex": "female", "demand_yuan": 1}})
    bank.ask("PATCH", "/v1/customers/n-1", {"attributes": {"age": 31, "sex": None, "frozen": False, "demand_yuan": 1}})
    bank.ask("PATCH", "/v1/customers/n-1", {"external_key": "N-1"})
    told = [(one["data"]["new"], one["data"].get("attributes")) for one in follow(bank, now)[0]]
    assert told == [(True, None), (False, ["age", "frozen", "sex"]), (False, [])]


def test_the_same_again_raises_no_revision_and_is_not_told(bank: Crm, now: str) -> None:
    whole = {"external_key": "N-2", "attributes": {"age": 30, "demand_yuan": 10.0}}
    said = {"personalisation": True, "consents": {"marketing:sms": True}, "version": "1"}
    for _ in range(2):
        bank.ask("PUT", "/v1/customers/n-2", whole)
        bank.ask("PUT", "/v1/external-keys/N-2", {"attributes": {"demand_yuan": 10, "age": 30.0}})
        bank.ask("PATCH", "/v1/customers/n-2", {"attributes": {"age": 30}})
        bank.ask("POST", "/v1/customers/bulk", {"customers": [{"id": "n-2", **whole}]})
        bank.ask("PUT", "/v1/customers/n-2/preferences", said)
    assert kinds(bank, now) == [("customer.updated", "n-2"), ("customer.preferences", "n-2")]
    assert bank.ask("GET", "/v1/customers/n-2").json()["revision"] == 2
    withdrawn = bank.ask("PUT", "/v1/customers/n-2/preferences", said | {"personalisation": False})
    assert withdrawn.json()["personalisation"] is False
    assert bank.ask("GET", "/v1/customers/n-2").json()["revision"] == 3
    again = bank.ask("PUT", "/v1/customers/n-2/preferences", said | {"personalisation": False, "version": "2"})
    assert again.json()["said"]["personalisation"]["version"] == "2"
    assert len(kinds(bank, now)) == 4, "a new word, and the same word on a new wording"


def test_the_feed_tells_the_types_and_the_branch_that_are_asked_for(bank: Crm, now: str) -> None:
    bank.ask("PUT", "/v1/customers/n-3", {"attributes": {"branch_id": "b-1"}})
    bank.ask("PUT", "/v1/customers/n-4", {"attributes": {"branch_id": "b-2"}})
    bank.ask("PUT", "/v1/customers/n-3/preferences", {"personalisation": False, "version": "1"})
    bank.ask("DELETE", "/v1/customers/n-4")
    everything = [("customer.updated", "n-3"), ("customer.preferences", "n-3"), ("customer.erased", "n-4")]
    assert kinds(bank, now) == kinds(bank, now, types="customer.*") == everything
    assert kinds(bank, now, types="customer.preferences,customer.erased") == everything[1:]
    assert kinds(bank, now, branch="b-1") == everything[:2]
    assert kinds(bank, now, branch="b-2", types="customer.updated") == []
    page = bank.ask("GET", f"/v1/changes?since={now}&types=customer.erased,lead.*&branch=b-2&limit=1")
    assert page.headers["Link"].startswith(f"</v1/changes?since={page.json()['next']}&limit=1")
    assert "types=customer.erased,lead.*&branch=b-2" in page.headers["Link"]
    refused = bank.ask("GET", f"/v1/changes?since={now}&types=customer.erased,custmer.moved")
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "types")
    assert "custmer.moved" in refused.json()["errors"][0]["message"]


def test_a_branchs_key_follows_its_own_branch_alone(house: House, bank: Crm, now: str) -> None:
    branch = house.client("feed-b-1", branch="b-1")
    bank.ask("PUT", "/v1/customers/n-5", {"attributes": {"branch_id": "b-1"}})
    bank.ask("PUT", "/v1/customers/n-6", {"attributes": {"branch_id": "b-2"}})
    assert kinds(branch, now) == kinds(branch, now, branch="b-1") == [("customer.updated", "n-5")]
    assert branch.ask("GET", "/v1/changes?branch=b-2").status_code == 403


def test_decisions_are_told_where_the_bank_wants_them_and_to_who_asks(house: House, bank: Crm, now: str) -> None:
    bank.ask("PUT", "/v1/customers/n-7", {"external_key": "N-7", "attributes": SAVER})
    bank.ask("GET", "/v1/customers/n-7/offers?channel=mobile_app&limit=1")
    refused = bank.ask("GET", f"/v1/changes?since={now}&types=decision.made")
    assert (refused.status_code, "feed --decisions on" in refused.json()["detail"]) == (409, True)
    house.store.feed.tell_decisions(True, "test")
    one = bank.ask("GET", "/v1/customers/n-7/offers?channel=mobile_app&limit=2").json()["decision_id"]
    two = bank.ask("POST", "/v1/offers/bulk", {"customers": ["n-7"]}).json()["customers"][0]["answer"]["decision_id"]
    told = bank.ask("GET", f"/v1/changes?since={now}&types=decision.*").json()["changes"]
    known: dict[str, Any] = {"customer_id": "n-7", "external_key": "N-7"}
    assert [(each["subject"], each["data"]) for each in told] == [
        (one, known | {"decision_id": one}), (two, known | {"decision_id": two})]  # fmt: skip
    assert kinds(bank, now) == [("customer.updated", "n-7")], "nobody asked"
    house.store.feed.tell_decisions(False, "test")
    bank.ask("GET", "/v1/customers/n-7/offers?channel=mobile_app&limit=3")
    house.store.feed.tell_decisions(True, "test")
    assert len(bank.ask("GET", f"/v1/changes?since={now}&types=decision.*").json()["changes"]) == 2
    house.store.feed.tell_decisions(False, "test")


def test_a_revision_never_restarts_after_an_erasure(house: House, bank: Crm) -> None:
    for age in (30, 31, 32):
        bank.ask("PUT", "/v1/customers/n-8", {"attributes": {"age": age}})
    last = bank.ask("GET", "/v1/customers/n-8")
    assert last.json()["revision"] == 3
    bank.ask("DELETE", "/v1/customers/n-8")
    back = bank.ask("PUT", "/v1/customers/n-8", {"attributes": {"age": 30}})
    assert (back.status_code, back.json()["revision"]) == (201, 5), "the erasure was the fourth"
    stale = {"If-Match": last.headers["ETag"]}
    assert bank.ask("PUT", "/v1/customers/n-8", {"attributes": {"age": 9}}, **stale).status_code == 412
    bank.ask("DELETE", "/v1/customers/n-8")
    bank.ask("DELETE", "/v1/customers/n-8")
    house.store.customers.load([("n-8", {"age": 30}), ("n-9", {"age": 30})])
    assert bank.ask("GET", "/v1/customers/n-8").status_code == 404, "a file brings nobody back"
    revisions = [
        bank.ask("PUT", f"/v1/customers/{name}", {"attributes": {}}).json()["revision"] for name in ("n-8", "n-9")
    ]
    assert revisions == [7, 2]


def test_the_roll_lists_every_customer_once_page_by_page(house: House, bank: Crm) -> None:
    for number in range(5):
        branch = {"branch_id": "b-roll" if number % 2 else "b-other"}
        bank.ask("PUT", f"/v1/customers/roll-{number}", {"external_key": f"R-{number}", "attributes": branch})
    found, path = list[dict[str, Any]](), "/v1/customers/bulk?limit=2"
    while path:
        answer = bank.ask("GET", path)
        found += answer.json()["customers"]
        path = answer.headers["Link"].partition(">")[0][1:] if answer.json()["next"] else ""
    ids = [one["customer_id"] for one in found]
    assert ids == sorted(set(ids)) and {f"roll-{number}" for number in range(5)} <= set(ids)
    third = next(one for one in found if one["customer_id"] == "roll-3")
    stored = bank.ask("GET", "/v1/customers/roll-3").json()
    assert third == {name: stored[name] for name in ("customer_id", "external_key", "revision", "updated_at")} | {
        "branch": "b-roll"}  # fmt: skip
    mine = house.client("roll-branch", branch="b-roll")
    for crm, query in ((bank, "?branch=b-roll"), (mine, ""), (mine, "?branch=b-roll")):
        listed = crm.ask("GET", f"/v1/customers/bulk{query}").json()
        assert ([one["external_key"] for one in listed["customers"]], listed["next"]) == (["R-1", "R-3"], None)
    assert mine.ask("GET", "/v1/customers/bulk?branch=b-other").status_code == 403
    assert len(house.store.access_log.list_views(10, client="roll-branch")) == 4, "each is a look on record"


@pytest.mark.parametrize("cursor", ["x", "Ny45", "WzFd", "%00"])
def test_what_is_no_cursor_is_refused(bank: Crm, cursor: str) -> None:
    refused = bank.ask("GET", f"/v1/customers/bulk?cursor={cursor}")
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "cursor")


def test_a_branch_hears_no_key_that_its_customer_was_given_after_leaving_it(house: House, bank: Crm, now: str) -> None:
    bank.ask("PUT", "/v1/customers/n-8", {"external_key": "N-8", "attributes": {"branch_id": "b-1"}})
    moved = {"external_key": "N-8-elsewhere", "attributes": {"branch_id": "b-2"}}
    assert bank.ask("PATCH", "/v1/customers/n-8", moved).status_code == 200
    left = house.client("feed-b-1", branch="b-1")
    told = [(one["type"], one["data"].get("external_key")) for one in follow(left, now)[0]]
    assert told == [("customer.updated", "N-8"), ("customer.moved", None)]
    keys = {one["data"]["external_key"] for one in follow(bank, now)[0]}
    assert keys == {"N-8-elsewhere"}
