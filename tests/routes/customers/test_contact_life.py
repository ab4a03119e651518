"""What becomes of a contact: planned, cancelled, made, delivered, bounced; counted once, and only while it stands."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from service.core.domain import KEPT, Lookback
from service.store import Store
from tests.clock import Clock
from tests.routes.customers.reachable import NUMBER, REACHABLE, Ask, Keys, ask, closed, customer, noon
from tests.seed import put_customer

__all__ = ["ask", "customer", "noon"]
Post = Callable[..., Any]


@pytest.fixture
def crm(client: Any, keys: Keys) -> Post:
    """``crm("POST", "/v1/...", body)`` with the bank's key."""
    return lambda method, path, body=None: client.open(
        path, method=method, headers=keys["app"] | {"Accept-Language": "en"}, json=body
    )


@pytest.fixture
def report(crm: Post, customer: str) -> Callable[..., str]:
    """Report a contact as made, so many minutes ago; what became of the report."""

    def made(name: str, minutes: int = 1, **more: Any) -> str:
        at = datetime.fromtimestamp(time.time(), UTC) - timedelta(minutes=minutes)
        event = {"id": name, "customer_id": customer, "kind": "contact", "at": at.isoformat(), "channel": "sms"}
        answer = crm("POST", "/v1/events", event | {"offer": "term-12m"} | more)
        return str(answer.json["events"][0]["status"] if answer.status_code < 300 else answer.json["type"])

    return made


def counted(store: Store, name: str) -> list[str]:
    """Contacts that caps count, by the events and by the trails that decisions read."""
    snapshot = store.customers.snapshot(name, Lookback(0))
    assert snapshot is not None
    trails = sorted(at for one in snapshot.trails if one.kind == "contact" for at in one.instants)
    events = [event for event in store.events.since(name, 0) if event.kind == "contact"]
    assert trails == sorted(event.at for event in events)
    return [event.id for event in events]


def new() -> str:
    return f"life-{next(NUMBER)}"


def test_reserved_and_reported_under_one_id_it_is_one_contact(
    ask: Ask, report: Callable[..., str], crm: Post, store: Store, customer: str
) -> None:
    one, two = new(), new()
    reserved = ask(id=one).json
    assert (reserved["state"], reserved["reserved_at"] is not None) == ("reserved", True)
    assert [report(one), report(one), report(one, minutes=2)] == ["stored", "duplicate", "duplicate"]
    assert counted(store, customer) == [one]
    made = crm("GET", f"/v1/contacts/{one}").json
    assert (made["state"], made["at"] < reserved["at"] or made["at"] != reserved["at"]) == ("made", True)
    assert ask(id=one).json == made, "asked again it is the contact that was made"
    assert ask(id=two, channel="email").status_code == 201, "the second of the week, not the third"
    assert closed(ask(channel="wechat")) == "cap-outbound-week"
    assert report(one, offer="term-6m") == "urn:fourcast:problem:conflict"
    assert report(two, channel="sms") == "urn:fourcast:problem:conflict"


def test_reported_first_it_may_be_reserved_and_is_the_same(
    ask: Ask, report: Callable[..., str], store: Store, customer: str
) -> None:
    one = new()
    assert report(one) == "stored"
    answer = ask(id=one)
    assert (answer.status_code, answer.json["state"], answer.json["reserved_at"]) == (200, "made", None)
    assert counted(store, customer) == [one]


def test_a_cancelled_contact_counts_no_more(
    ask: Ask, report: Callable[..., str], crm: Post, store: Store, customer: str
) -> None:
    one, two, three = new(), new(), new()
    assert [ask(id=one).status_code, ask(id=two, channel="email").status_code] == [201, 201]
    assert closed(ask(id=three, channel="wechat")) == "cap-outbound-week"
    revision = store.customers.read_revision(customer)[0]
    cancelled = crm("POST", f"/v1/contacts/{two}/cancel")
    assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")
    assert store.customers.read_revision(customer)[0] == (revision or 0) + 1, "the next decision counts it no more"
    assert crm("POST", f"/v1/contacts/{two}/cancel").json == cancelled.json
    assert counted(store, customer) == [one]
    assert ask(id=three, channel="wechat").status_code == 201
    assert ask(id=two, channel="email").json["type"] == "urn:fourcast:problem:conflict"
    assert report(one) == "stored"
    assert crm("POST", f"/v1/contacts/{one}/cancel").status_code == 409
    assert report(two, channel="email") == "stored", "it was made after all, and counts"
    assert sorted(counted(store, customer)) == sorted([one, two, three])


def test_a_planned_contact_is_judged_as_of_its_time(ask: Ask, store: Store, customer: str, clock: Clock) -> None:
    tomorrow = (datetime.fromtimestamp(clock() / 1000, UTC) + timedelta(days=1)).replace(microsecond=0)
    night, day = (tomorrow.replace(hour=hour, minute=0, second=0) for hour in (18, 4))
    assert closed(ask(planned_at=night.isoformat())) == "quiet-night"
    one = new()
    planned = ask(id=one, planned_at=day.isoformat())
    assert planned.status_code == 201
    assert datetime.fromisoformat(planned.json["at"]) == day
    assert ask(id=one, planned_at=day.isoformat()).json == planned.json == ask(id=one).json
    later = (day + timedelta(hours=1)).isoformat()
    assert ask(id=one, planned_at=later).json["type"] == "urn:fourcast:problem:conflict"
    assert ask(channel="email").status_code == 201
    assert closed(ask(channel="wechat")) == "cap-outbound-week", "the planned one counts, too"
    for wrong in ("2026-01-01T09:00:00+08:00", (day + timedelta(days=20)).isoformat(), "tomorrow"):
        refused = ask(planned_at=wrong)
        assert (refused.status_code, refused.json["errors"][0]["where"]) == (422, "planned_at")


def test_the_last_word_on_what_became_of_it_holds(ask: Ask, crm: Post, store: Store, customer: str) -> None:
    one, two = new(), new()
    for name, channel in ((one, "sms"), (two, "email")):
        assert ask(id=name, channel=channel).status_code == 201
    for outcome in ("delivered", "delivered", "bounced"):
        told = crm("POST", f"/v1/contacts/{one}/outcome", {"outcome": outcome})
        assert (told.status_code, told.json["state"]) == (200, outcome)
    assert crm("GET", f"/v1/contacts/{one}").json == told.json
    assert sorted(counted(store, customer)) == sorted([one, two]), "a bounce errs on the customer's side"
    crm("POST", f"/v1/contacts/{two}/cancel")
    assert crm("POST", f"/v1/contacts/{two}/outcome", {"outcome": "delivered"}).status_code == 409
    assert crm("POST", f"/v1/contacts/{one}/outcome", {"outcome": "arrived"}).status_code == 422
    assert crm("POST", "/v1/contacts/nothing/outcome", {"outcome": "bounced"}).status_code == 404
    assert crm("GET", "/v1/contacts/nothing").status_code == 404


@pytest.mark.parametrize("outcome", ["delivered", "bounced"])
def test_what_arrived_before_its_planned_time_counts_from_when_it_was_told(
    ask: Ask, crm: Post, store: Store, customer: str, clock: Clock, outcome: str
) -> None:
    one, tomorrow = new(), datetime.fromtimestamp(clock() / 1000, UTC) + timedelta(days=1)
    planned = ask(id=one, planned_at=tomorrow.replace(hour=4, minute=0, second=0, microsecond=0).isoformat())
    assert planned.status_code == 201
    revision, _ = store.customers.read_revision(customer)[:2]
    told = crm("POST", f"/v1/contacts/{one}/outcome", {"outcome": outcome}).json
    now = clock()
    assert told["state"] == outcome
    assert now - 60_000 < datetime.fromisoformat(told["at"]).timestamp() * 1000 <= now
    assert counted(store, customer) == [one]
    assert store.customers.read_revision(customer)[0] == (revision or 0) + 1, "the next decision counts it"
    assert crm("POST", f"/v1/contacts/{one}/outcome", {"outcome": outcome}).json == told


def test_a_customers_contacts_are_listed_page_by_page(
    ask: Ask, report: Callable[..., str], crm: Post, store: Store, customer: str
) -> None:
    one, two, three = new(), new(), new()
    ask(id=one)
    ask(id=two, channel="email")
    crm("POST", f"/v1/contacts/{two}/cancel")
    report(three, minutes=60, offer=None)
    found, path = list[dict[str, Any]](), f"/v1/customers/{customer}/contacts?limit=2"
    while path:
        page = crm("GET", path)
        found += page.json["contacts"]
        path = page.headers["Link"].partition(">")[0][1:] if page.json["next"] else ""
    assert {each["id"]: (each["state"], each["offer"]) for each in found} == {
        one: ("reserved", "term-12m"), two: ("cancelled", "term-12m"), three: ("made", None)}  # fmt: skip
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)
    crm("PATCH", f"/v1/customers/{customer}", {"external_key": f"key {customer}"})
    keyed = crm("GET", f"/v1/external-keys/key {customer}/contacts").json["contacts"]
    assert [each["external_key"] for each in keyed] == [f"key {customer}"] * 3
    for key in (f"张三 {customer}", f"a?b#c%2F>{customer}"):
        crm("PATCH", f"/v1/customers/{customer}", {"external_key": key})
        first = crm("GET", f"/v1/external-keys/{quote(key, safe='')}/contacts?limit=2")
        onward = crm("GET", first.headers["Link"].removeprefix("<").partition(">")[0])
        assert [each["id"] for each in (*first.json["contacts"], *onward.json["contacts"])] == [
            each["id"] for each in found
        ], "the next page is at a path that any key can stand in"
    assert crm("DELETE", f"/v1/customers/{customer}").status_code == 204
    assert [crm("GET", f"/v1/contacts/{name}").status_code for name in (one, two, three)] == [404] * 3


def test_several_are_reserved_in_one_call_each_with_its_own_answer(crm: Post, customer: str) -> None:
    rows: list[Any] = [
        {"id": new(), "customer_id": customer, "offer": "term-12m", "channel": channel}
        for channel in ("sms", "email", "wechat")
    ]
    rows += [rows[0], rows[0] | {"id": new(), "customer_id": "nobody"}, {"id": new()}, 5]
    told = crm("POST", "/v1/contacts/bulk", {"contacts": rows}).json["contacts"]
    assert [one["status"] for one in told] == [201, 201, 409, 200, 404, 422, 422]
    assert [one["id"] for one in told[:3]] == [row["id"] for row in rows[:3]]
    assert told[2]["problem"]["errors"][0]["where"] == "cap-outbound-week"
    assert told[3]["contact"] == told[0]["contact"]
    assert told[5]["problem"]["errors"][0]["where"].startswith("contacts.5.")
    assert crm("POST", "/v1/contacts/bulk", {"contacts": [rows[0]] * 201}).status_code == 422


def test_another_branchs_contact_is_not_there(client: Any, keys: Keys, ask: Ask) -> None:
    one = new()
    assert ask(id=one).status_code == 201
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/outcome")):
        body = {"outcome": "delivered"} if path == "/outcome" else None
        answer = client.open(f"/v1/contacts/{one}{path}", method=method, headers=keys["branch"], json=body)
        assert answer.status_code in (403, 404)
    assert client.get(f"/v1/contacts/{one}", headers=keys["app"]).json["state"] == "reserved"


def test_the_feed_tells_contacts_to_who_asks(crm: Post, ask: Ask, customer: str) -> None:
    now, one = crm("GET", "/v1/changes?since=latest").json["next"], new()
    ask(id=one)
    crm("POST", f"/v1/contacts/{one}/outcome", {"outcome": "delivered"})
    crm("POST", f"/v1/contacts/{one}/outcome", {"outcome": "delivered"})
    told = crm("GET", f"/v1/changes?since={now}&types=contact.*").json["changes"]
    assert [(each["type"], each["subject"]) for each in told] == [("contact.reserved", one), ("contact.delivered", one)]
    assert told[0]["data"] == {"customer_id": customer, "external_key": None, "contact_id": one, "offer": "term-12m",
                               "channel": "sms", "decision_id": None}  # fmt: skip
    assert crm("GET", f"/v1/changes?since={now}&types=contact.delivered").json["changes"] == told[1:]
    assert crm("GET", f"/v1/changes?since={now}").json["changes"] == []


def test_what_a_full_trail_pushed_out_comes_back_with_a_cancelling(
    store: Store, make_contacts: Callable[[str, int], list[int]]
) -> None:
    name = new()
    put_customer(store, name, REACHABLE)
    instants = make_contacts(name, KEPT + 2)
    snapshot = store.customers.snapshot(name, Lookback(0))
    assert snapshot is not None
    assert snapshot.trails[0].instants == tuple(instants[-KEPT:])
    store.contacts.cancel(f"{name}-{KEPT + 1}", lambda *_: True)
    after = store.customers.snapshot(name, Lookback(0))
    assert after is not None
    assert after.trails[0].instants == tuple(instants[-KEPT - 1 : -1])


@pytest.fixture
def make_contacts(store: Store) -> Callable[[str, int], list[int]]:
    """Reserve so many contacts of a customer, a minute apart; their instants."""
    from service.core.domain import Event

    def make(name: str, count: int) -> list[int]:
        instants = [1_790_000_000_000 + 60_000 * number for number in range(count)]
        for number, at in enumerate(instants):
            contact = Event(f"{name}-{number}", name, "contact", at, "term-12m", "sms")
            store.contacts.reserve(contact, Lookback(0), lambda _: None, lambda *_: True)
        return instants

    return make
