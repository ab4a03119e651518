"""PATCH /v1/customers/{customer}: a merge patch changes what it names; nobody overwrites what they have not seen."""

import threading
from typing import Any

import pytest
import requests

from service.store import ConsentWords, CustomerFile
from tests.engine.crm.conftest import Crm, House
from tests.routes.conftest import SAVER

MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


def put(bank: Crm, name: str, **attributes: Any) -> str:
    """A customer with these attributes; their ETag."""
    answer = bank.ask("PUT", f"/v1/customers/{name}", {"external_key": f"K-{name}", "attributes": attributes})
    assert answer.status_code in (200, 201), answer.text
    return answer.headers["ETag"]


def patch(who: Crm, name: str, body: Any, **headers: str) -> requests.Response:
    return who.ask("PATCH", f"/v1/customers/{name}", body, **{**MERGE_PATCH, **headers})


def test_a_patch_changes_what_it_names_and_null_makes_unknown(bank: Crm) -> None:
    put(bank, "p-1", age=44, sex="male", demand_yuan=9.5)
    answer = patch(bank, "p-1", {"attributes": {"age": 45, "sex": None, "staff": None, "deceased": True}})
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    assert answer.json()["attributes"] == {"age": 45, "demand_yuan": 9.5, "deceased": True}
    assert answer.json()["external_key"] == "K-p-1"
    assert bank.ask("GET", "/v1/customers/p-1").json() == answer.json()


def test_plain_json_is_a_patch_too_and_other_media_are_not(bank: Crm) -> None:
    put(bank, "p-2", age=44)
    assert bank.ask("PATCH", "/v1/customers/p-2", {"attributes": {"age": 45}}).json()["attributes"] == {"age": 45}
    refused = patch(bank, "p-2", {}, **{"Content-Type": "application/json-patch+json"})
    assert (refused.status_code, "merge-patch+json" in refused.json()["detail"]) == (415, True)


def test_null_takes_the_external_key_away_and_its_absence_keeps_it(bank: Crm) -> None:
    put(bank, "p-3", age=44)
    assert patch(bank, "p-3", {"external_key": None}).json()["external_key"] is None
    assert bank.ask("GET", "/v1/external-keys/K-p-3").status_code == 404
    put(bank, "p-4")
    assert patch(bank, "p-3", {"external_key": "K-p-4"}).status_code == 409


def test_an_empty_patch_changes_nothing(bank: Crm) -> None:
    tag = put(bank, "p-5", age=44)
    assert patch(bank, "p-5", {}).headers["ETag"] == tag


@pytest.mark.parametrize(
    "body", [[], "x", {"attributes": None}, {"attributes": {"age": 400}}, {"attributes": {"agee": 1}}, {"revision": 7}]
)
def test_a_patch_that_does_not_fit_changes_nothing(bank: Crm, body: Any) -> None:
    tag = put(bank, "p-6", age=44)
    assert patch(bank, "p-6", body).status_code == 422
    assert bank.ask("GET", "/v1/customers/p-6").headers["ETag"] == tag


def test_a_stranger_is_not_patched_into_being(bank: Crm) -> None:
    assert patch(bank, "p-nobody", {"attributes": {"age": 4}}).status_code == 404
    assert patch(bank, "p-nobody", {"attributes": {"age": 4}}, **{"If-Match": '"1"'}).status_code == 404


def test_a_patched_fact_outlives_an_older_file_and_counts_in_the_next_offers(house: House, bank: Crm) -> None:
    month_end = CustomerFile(1_769_875_200_000, list(SAVER))
    house.store.customers.load([("p-7", SAVER)], None, month_end)
    assert bank.ask("GET", "/v1/customers/p-7/offers?channel=mobile_app").json()["offers"]
    patch(bank, "p-7", {"attributes": {"deceased": True}})
    assert bank.ask("GET", "/v1/customers/p-7/offers?channel=mobile_app").json()["offers"] == []
    house.store.customers.load([("p-7", {**SAVER, "deceased": False})], None, month_end)
    told = bank.ask("GET", "/v1/customers/p-7").json()
    assert told["attributes"]["deceased"] is True
    assert (told["origins"]["deceased"]["source"], told["origins"]["age"]["source"]) == ("api:bank-crm", "import")


def test_a_patch_is_on_the_feed_and_a_branch_s_on_the_audit_log(house: House, bank: Crm) -> None:
    put(bank, "p-8", branch_id="b-8", age=44)
    since = bank.ask("GET", "/v1/changes").json()["next"]
    branch = house.client("b-8-crm", branch="b-8")
    assert patch(branch, "p-8", {"attributes": {"age": 45}, "on_behalf_of": "a-1"}).status_code == 200
    told = bank.ask("GET", f"/v1/changes?since={since}").json()["changes"]
    assert [one["type"] for one in told if one["subject"] == "p-8"] == ["customer.updated"]
    last = house.store.audit.list_rows(1)[0]
    assert (last["action"], last["detail"]["on_behalf_of"]) == ("customer.update", "a-1")


def test_a_branch_patches_its_own_customers_only_and_gives_none_away(house: House, bank: Crm) -> None:
    branch = house.client("b-9-crm", branch="b-9")
    put(bank, "p-9", branch_id="b-9")
    put(bank, "p-10", branch_id="b-10")
    for name, facts in (("p-10", {"age": 4}), ("p-10", {"branch_id": "b-9"}), ("p-none", {"age": 4})):
        assert patch(branch, name, {"attributes": facts}).status_code == 404
    assert patch(branch, "p-9", {"attributes": {"branch_id": "b-10"}}).status_code == 403
    assert house.client("own-9", "p-9").ask("PATCH", "/v1/customers/p-9", {}).status_code == 403


def test_a_patch_sent_again_under_its_key_is_answered_once(bank: Crm) -> None:
    put(bank, "p-11", age=44)
    once = {"Idempotency-Key": "patch-once"}
    first = patch(bank, "p-11", {"attributes": {"age": 45}}, **once)
    put(bank, "p-11", age=60)
    again = patch(bank, "p-11", {"attributes": {"age": 45}}, **once)
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    assert bank.ask("GET", "/v1/customers/p-11").json()["attributes"] == {"age": 60}


def test_the_etag_is_the_revision_and_a_stale_one_writes_nothing(bank: Crm) -> None:
    seen = put(bank, "e-1", age=44)
    assert seen == '"1"'
    assert patch(bank, "e-1", {"attributes": {"age": 45}}, **{"If-Match": seen}).headers["ETag"] == '"2"'
    for method, body in (("PATCH", {"attributes": {"age": 46}}), ("PUT", {"attributes": {"age": 46}})):
        stale = bank.ask(method, "/v1/customers/e-1", body, **{"If-Match": seen})
        assert (stale.status_code, stale.json()["type"]) == (412, "urn:fourcast:problem:precondition-failed")
    assert bank.ask("GET", "/v1/customers/e-1").json()["attributes"] == {"age": 45}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ('"1"', 200),
        ('"9", "1"', 200),
        ('"1-gzip"', 200),
        ("*", 200),
        ('W/"1"', 412),
        ('"2"', 412),
        (', "1",', 200),
        ("", 412),
    ],
)
def test_if_match_compares_strongly(bank: Crm, sent: str, status: int) -> None:
    name = f"e-match-{sent.encode().hex()}"
    put(bank, name, age=44)
    assert patch(bank, name, {}, **{"If-Match": sent}).status_code == status


@pytest.mark.parametrize("sent", ["1", "nonsense", '"1', '1"', '"1" "2"', '"1", *', 'w/"1"', "W/1", '"a b"'])
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_tag_without_its_quotes_is_no_tag_and_writes_nothing(bank: Crm, sent: str, header: str) -> None:
    put(bank, "e-form", age=44)
    for method, path, body in (
        ("PATCH", "/v1/customers/e-form", {"attributes": {"age": 45}}),
        ("PUT", "/v1/customers/e-form", {"attributes": {"age": 45}}),
        ("PUT", "/v1/customers/e-form/preferences", {"personalisation": False, "version": "1"}),
        ("DELETE", "/v1/customers/e-form", None),
    ):
        refused = bank.ask(method, path, body, **{header: sent})
        assert (refused.status_code, f'{header}: "3"' in refused.json()["detail"]) == (400, True), refused.text
    assert bank.ask("GET", "/v1/customers/e-form").json()["attributes"] == {"age": 44}


def test_preferences_are_written_where_they_are_as_they_were_seen(house: House, bank: Crm) -> None:
    path, careful = "/v1/customers/e-permits/preferences", house.client("careful", require_if_match=True)
    seen, no = put(bank, "e-permits", age=44), {"personalisation": False, "version": "1"}
    assert bank.ask("GET", path).headers["ETag"] == seen == '"1"'
    assert careful.ask("PUT", path, no).status_code == 428
    done = careful.ask("PUT", path, no, **{"If-Match": seen})
    assert (done.status_code, done.headers["ETag"], done.json()["personalisation"]) == (200, '"2"', False)
    for who in (careful, bank):
        stale = who.ask("PUT", path, {"personalisation": True, "version": "1"}, **{"If-Match": seen})
        assert (stale.status_code, stale.json()["type"]) == (412, "urn:fourcast:problem:precondition-failed")
    stands = bank.ask("GET", path)
    assert (stands.headers["ETag"], stands.json()["personalisation"]) == ('"2"', False)
    assert bank.ask("PUT", path, no).headers["ETag"] == '"3"', "who need not say writes as ever"


def test_the_preferences_of_who_is_retired_say_that_there_is_no_contact_and_why(house: House, bank: Crm) -> None:
    path = "/v1/customers/e-gone/preferences"
    put(bank, "e-gone", age=44)
    bank.ask("PUT", path, {"consents": {"contact": True, "marketing:sms": True}, "version": "1"})
    house.store.consents.say("e-gone", ConsentWords({"retired": True}, "import", "1"), 9_000_000_000_000)
    found = bank.ask("GET", path).json()
    assert (found["do_not_contact"], found["consents"]["contact"]) == (True, False)
    assert found["because"] == {"contact": "retired-customer"}
    assert (found["said"]["contact"]["granted"], found["said"]["retired"]["source"]) == (True, "import")
    house.store.consents.say("e-gone", ConsentWords({"retired": False}, "import", "1"), 9_000_000_000_001)
    assert (bank.ask("GET", path).json()["because"], bank.ask("GET", path).json()["do_not_contact"]) == ({}, False)


def test_if_none_match_of_anything_stores_nobody_twice(bank: Crm) -> None:
    new = {"If-None-Match": "*"}
    made = bank.ask("PUT", "/v1/customers/e-new", {"attributes": {"age": 1}}, **new)
    again = bank.ask("PUT", "/v1/customers/e-new", {"attributes": {"age": 2}}, **new)
    assert (made.status_code, again.status_code) == (201, 412)
    keyed = bank.ask("PUT", "/v1/external-keys/E-none", {"attributes": {}}, **{"If-Match": "*"})
    assert keyed.status_code == 412, "nobody has that key"


def test_a_key_that_asks_for_it_cannot_write_blindly(house: House) -> None:
    careful = house.client("careful", require_if_match=True)
    for method, path, body in (
        ("PUT", "/v1/customers/e-3", {"attributes": {}}),
        ("PATCH", "/v1/customers/e-3", {}),
        ("PUT", "/v1/external-keys/E-3", {"attributes": {}}),
        ("POST", "/v1/customers/bulk", {"customers": [{"id": "e-3", "attributes": {}}]}),
    ):
        refused = careful.ask(method, path, body)
        assert (refused.status_code, refused.json()["type"]) == (428, "urn:fourcast:problem:precondition-required")
    made = careful.ask("PUT", "/v1/customers/e-3", {"attributes": {"age": 1}}, **{"If-None-Match": "*"})
    assert made.status_code == 201
    changed = patch(careful, "e-3", {"attributes": {"age": 2}}, **{"If-Match": made.headers["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"If-None-Match": '"999"'}, {"If-None-Match": ""}, {"If-Match": "*"}, {"If-Match": ""}, {"If-Match": ",,"}],
)
def test_headers_that_name_nothing_seen_are_no_precondition_for_a_key_that_must_say(
    house: House, bank: Crm, headers: dict[str, str]
) -> None:
    careful, path = house.client("careful", require_if_match=True), "/v1/customers/e-seen"
    put(bank, "e-seen", age=44)
    for method, body in (("PUT", {"attributes": {}}), ("PATCH", {"attributes": {"age": 45}}), ("DELETE", None)):
        refused = careful.ask(method, path, body, **headers)
        assert (refused.status_code, refused.json()["type"]) == (428, "urn:fourcast:problem:precondition-required")
    assert bank.ask("GET", path).json()["attributes"] == {"age": 44}


@pytest.mark.parametrize("path", ["/v1/customers/e-gone", "/v1/customers?id=e-gone"])
def test_nobody_is_erased_who_has_changed_since_they_were_read(house: House, bank: Crm, path: str) -> None:
    careful, seen = house.client("careful", require_if_match=True), put(bank, "e-gone", age=44)
    now = patch(bank, "e-gone", {"attributes": {"age": 45}}).headers["ETag"]
    told = [careful.ask("DELETE", path).status_code]
    told += [who.ask("DELETE", path, **{"If-Match": seen}).status_code for who in (careful, bank)]
    assert told == [428, 412, 412]
    assert bank.ask("GET", "/v1/customers/e-gone").json()["attributes"] == {"age": 45}
    again = [careful.ask("DELETE", path, **{"If-Match": now}).status_code for _ in range(2)]
    assert again == [204, 204], "who is erased is erased, whoever asks again"


def test_of_many_who_read_the_same_revision_one_writes(bank: Crm) -> None:
    seen, told = put(bank, "e-race", age=0), list[int]()

    def write(age: int) -> None:
        told.append(patch(bank, "e-race", {"attributes": {"age": age}}, **{"If-Match": seen}).status_code)

    writers = [threading.Thread(target=write, args=(age,)) for age in range(1, 9)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(told) == [200, *[412] * 7]
