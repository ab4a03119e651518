"""Ids on every road: what one road stores every road finds, what one refuses all refuse; old names stay reachable."""

import re
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.core.customer_ids import PATTERN, fault, key_fault
from service.core.errors import InvalidInput
from tests.engine.crm.conftest import Crm, House
from tests.routes.conftest import SAVER
from tests.servers import execute

REFUSED = {
    "a/b": 'must not hold "/"',
    "a\\b": 'must not hold "\\"',
    ".": 'must not be ".": no path can name it',
    "..": 'must not be "..": no path can name it',
    "bulk": 'must not be "bulk": no path can name it',
    " a": "must not begin or end with a blank",
    "a ": "must not begin or end with a blank",
    "a\n": "must not hold U+000A (no character)",
    "a\u00a0b": "must not hold U+00A0 (NO-BREAK SPACE)",
    "\u3000a": "must not hold U+3000 (IDEOGRAPHIC SPACE)",
    "a\u200b": "must not hold U+200B (ZERO WIDTH SPACE)",
    "a\u202eb": "must not hold U+202E (RIGHT-TO-LEFT OVERRIDE)",
    "\ufeffa": "must not hold U+FEFF (ZERO WIDTH NO-BREAK SPACE)",
    "a\u3164": "must not hold U+3164 (HANGUL FILLER)",
    "a\ufffd": "must not hold U+FFFD (REPLACEMENT CHARACTER)",
    "cafe\u0301": "must be in Unicode normal form C, 'caf\\xe9'; got 'cafe\\u0301'",
    "": "must be 1 to 64 characters",
    "x" * 65: "must be 1 to 64 characters",
}
TAKEN = ["c-000001", "0001", "...", "a.b", "a b", "张三", "caf\u00e9", "a%2Fb", "a?b#c", "a;b", "=1+1", "-", "x" * 64,
         "Bulk", "bulk-"]  # fmt: skip
OLD = ["old/1", "old\u200b2", " old 3 ", "old\n4", "cafe\u0301-5", ".", "..", "bulk", 'a"b\\7']
NASTY = "ab1.%?#;&+=:@-_~'\"<>张é /\\\n\t\u00a0\u200b\u200f\u3000\u0301\u00e9\u212b\ufeff\ufffd\u3164"
SIGNS = st.one_of(st.sampled_from(NASTY), st.characters(exclude_categories=("Cs",)))
NAMES = st.one_of(st.sampled_from([*REFUSED, *TAKEN]), st.text(SIGNS, min_size=1, max_size=8))


def path(name: str, below: str = "") -> str:
    return f"/v1/customers/{quote(name, safe='')}{below}"


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_path_can_name_is_refused_in_a_sentence(name: str) -> None:
    assert fault(name) == REFUSED[name]


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_path_can_name_is_taken(name: str) -> None:
    assert fault(name) is None


@given(NAMES)
def test_every_id_that_is_taken_matches_the_pattern_of_the_contract(name: str) -> None:
    assert fault(name) is not None or re.search(PATTERN, name)


def test_a_key_has_the_same_alphabet_is_longer_and_may_be_called_bulk() -> None:
    assert key_fault("bulk") is key_fault("x" * 200) is None
    assert all(key_fault(name) for name in ("..", "x" * 201, "a/b", "a\u200b"))


def put(bank: Crm, name: str) -> bool:
    answer = bank.ask("PUT", path(name), {"attributes": SAVER})
    assert answer.status_code < 500
    return answer.status_code == 201


def put_in_bulk(bank: Crm, name: str) -> bool:
    answer = bank.ask("POST", "/v1/customers/bulk", {"customers": [{"id": name, "attributes": SAVER}]})
    if answer.status_code == 400:
        return False  # NUL: no text at all
    (told,) = answer.json()["customers"]
    assert told["status"] in (201, 422)
    return bool(told["status"] == 201)


def imported(house: House, name: str) -> bool:
    try:
        house.store.customers.load([(name, SAVER)])
    except InvalidInput as error:
        assert error.problems[0].where == "row 1"
        return False
    return True


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES)
def test_what_one_road_stores_all_find_and_what_one_refuses_all_refuse(house: House, bank: Crm, name: str) -> None:
    for store in (lambda: imported(house, name), lambda: put_in_bulk(bank, name), lambda: put(bank, name)):
        assert store() == (fault(name) is None)
        if fault(name) is not None:
            continue
        read = bank.ask("GET", path(name))
        assert (read.status_code, read.json()["customer_id"]) == (200, name)
        assert bank.ask("DELETE", path(name)).status_code == 204
        assert bank.ask("GET", path(name)).status_code == 404


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES.filter(lambda name: fault(name) is None))
def test_who_is_stored_is_decided_told_of_exported_and_erased_by_path(house: House, bank: Crm, name: str) -> None:
    assert bank.ask("PUT", path(name), {"attributes": SAVER}).ok  # a file would leave out who was erased before
    offers = bank.ask("GET", path(name, "/offers?channel=mobile_app"))
    assert (offers.status_code, offers.json()["customer_id"]) == (200, name)
    assert bank.ask("GET", path(name, "/portrait")).status_code == 200
    assert bank.ask("GET", path(name, "/preferences")).status_code == 200
    event = {"id": f"e-{uuid4()}", "customer_id": name, "kind": "click", "at": "2026-01-05T09:30:00+08:00",
             "offer": "term-12m", "channel": "mobile_app"}  # fmt: skip
    assert bank.ask("POST", "/v1/events", event).status_code == 201
    several = bank.ask("POST", "/v1/offers/bulk", {"customers": [name]}).json()["customers"]
    assert several[0]["status"] == 200
    job = bank.ask("POST", "/v1/jobs", {"customers": [name], "limit": 1}).headers["Location"]
    while house.engine.crm.jobs.work(lambda: False):
        pass
    assert bank.ask("GET", f"{job}/results").json()["customer_id"] == name
    assert bank.ask("DELETE", path(name)).status_code == 204
    assert bank.ask("GET", path(name)).status_code == 404


def test_a_faulty_id_of_a_file_is_named_by_its_row_and_nothing_is_stored(house: House, bank: Crm) -> None:
    with pytest.raises(InvalidInput) as error:
        house.store.customers.load([("i-1", SAVER), ("i/2", SAVER), ("i-3", SAVER), ("cafe\u0301", SAVER)])
    assert [(one.where, one.message) for one in error.value.problems] == [
        ("row 2", "customer_id must not hold \"/\", got 'i/2'"),
        ("row 4", "customer_id must be in Unicode normal form C, 'caf\\xe9'; got 'cafe\\u0301', got 'cafe\\u0301'"),
    ]
    assert bank.ask("GET", "/v1/customers/i-1").status_code == 404


def before(house: House, name: str, key: str) -> None:
    """A customer as they could be stored before there was a rule."""
    execute(house.store.url, "INSERT INTO customers (id, attributes, external_key) VALUES (%s, '{}', %s)", name, key)


@pytest.mark.parametrize("sign", ["张", "\U00020bb7"])
def test_the_longest_names_stored_before_fit_a_query_whatever_their_signs(house: House, bank: Crm, sign: str) -> None:
    name, key, behalf = sign * 198 + "/1", sign * 198 + "/2", sign * 64
    before(house, name, key)
    found = bank.ask("GET", f"/v1/customers?{urlencode({'id': name})}")
    assert (found.status_code, found.json()["customer_id"]) == (200, name)
    assert bank.ask("GET", f"/v1/customers?{urlencode({'external_key': key})}").json() == found.json()
    erasure = f"/v1/customers?{urlencode({'id': name, 'on_behalf_of': behalf})}"
    assert len(erasure) < 4094 - len("DELETE  HTTP/1.1"), "as long a line as gunicorn reads"
    assert bank.ask("DELETE", erasure).status_code == 204
    assert bank.ask("GET", f"/v1/customers?{urlencode({'id': name})}").status_code == 404


@pytest.mark.parametrize("name", OLD)
def test_who_was_stored_before_the_alphabet_is_read_written_and_erased(house: House, bank: Crm, name: str) -> None:
    before(house, name, f"{name}/key")
    query = f"/v1/customers?{urlencode({'id': name})}"
    found = bank.ask("GET", query)
    assert (found.status_code, found.json()["customer_id"]) == (200, name)
    assert bank.ask("GET", f"/v1/customers?{urlencode({'external_key': f'{name}/key'})}").json() == found.json()
    house.store.customers.load([(name, {"age": 45})])
    assert bank.ask("GET", query).json()["attributes"] == {"age": 45}
    assert bank.ask("DELETE", query).status_code == 204
    assert bank.ask("DELETE", query).status_code == 204, "the same answer when repeated"
    assert bank.ask("GET", query).status_code == 404
    with pytest.raises(InvalidInput):
        house.store.customers.load([(name, {"age": 45})])


def test_a_known_external_key_outside_the_alphabet_may_be_sent_again_and_no_new_one(house: House, bank: Crm) -> None:
    before(house, "k-9", "K/9")
    body: dict[str, Any] = {"external_key": "K/9", "attributes": {"age": 30}}
    assert bank.ask("PUT", "/v1/customers/k-9", body).status_code == 200
    refused = bank.ask("PUT", "/v1/customers/k-9", body | {"external_key": "K/10"})
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "external_key")


@pytest.mark.parametrize("query", ["", "id=a&external_key=b", "id=", "name=a", f"id={'x' * 201}"])
def test_a_look_up_names_one_customer_by_one_name(bank: Crm, query: str) -> None:
    assert bank.ask("GET", f"/v1/customers?{query}").status_code == 422


def test_a_branch_looks_up_its_own_customers_only(house: House, bank: Crm) -> None:
    bank.ask("PUT", "/v1/customers/b-7", {"attributes": {"branch_id": "other"}})
    branch = house.client("branch-ids", branch="mine")
    assert branch.ask("GET", "/v1/customers?id=b-7").status_code == 404
    assert branch.ask("DELETE", "/v1/customers?id=b-7").status_code == 403
