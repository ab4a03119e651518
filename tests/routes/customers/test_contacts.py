"""POST contacts: every gate is asked again at the moment of contact, and what is reserved counts at once."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.rules.policy import DEFAULT, load
from service.store import ConsentWords, Store
from tests.clock import Clock, noon_today
from tests.routes.customers.reachable import (
    HOUR,
    NOON_LOCAL,
    REACHABLE,
    Ask,
    Keys,
    ask,
    closed,
    customer,
    noon,
)
from tests.seed import put_customer

__all__ = ["ask", "customer", "noon"]


def test_a_contact_is_reserved_and_counts_at_once(ask: Ask, store: Store, customer: str) -> None:
    answer = ask(id="first")
    assert answer.status_code == 201
    assert answer.json["at"].endswith("+08:00")
    (event,) = store.events.since(customer, 0)
    assert (event.id, event.kind, event.offer, event.channel) == ("first", "contact", "term-12m", "sms")


def test_the_third_contact_of_a_week_is_refused_with_the_gate_and_the_reason(ask: Ask) -> None:
    assert [ask(channel=channel).status_code for channel in ("sms", "email")] == [201, 201]
    refused = ask(channel="wechat")
    assert closed(refused) == "cap-outbound-week"
    assert refused.json["errors"][0]["message"] == "Contacted twice in 7 days"
    assert refused.headers["Content-Language"] == "en"
    chinese, unsaid = (ask(spoken=spoken, channel="wechat") for spoken in ("zh", ""))
    assert chinese.json["errors"] == unsaid.json["errors"], "the bank's own words are Chinese where nobody says"
    assert [one.headers["Content-Language"] for one in (chinese, unsaid)] == ["zh", "en, zh"]
    assert (chinese.json["title"], unsaid.json["title"]) == ("不得进行此次联系", "This contact may not be made")


def test_the_same_id_is_the_same_contact_also_when_the_cap_is_full(ask: Ask) -> None:
    first, _ = ask(id="again"), ask(channel="email")
    second = ask(id="again")
    assert (second.status_code, second.json) == (200, first.json)
    assert ask(id="again", channel="email").json["type"] == "urn:fourcast:problem:conflict"


def test_a_refusal_leaves_no_trace_and_its_id_is_free(ask: Ask, store: Store, customer: str) -> None:
    store.consents.say(customer, ConsentWords({"marketing:sms": False}, "app", "1"), 2)
    before = store.customers.read_revision(customer)
    assert closed(ask(id=f"free-{customer}")) == "marketing-consent"
    assert store.customers.read_revision(customer) == before
    store.consents.say(customer, ConsentWords({"marketing:sms": True}, "app", "1"), 3)
    assert ask(id=f"free-{customer}").status_code == 201


@pytest.mark.parametrize(
    ("said", "gate"),
    [
        ({"consents": {"marketing:sms": False}}, "marketing-consent"),
        ({"do_not_contact": True}, "marketing-consent"),
        ({"personalisation": False}, "phone-number-verified"),
    ],
)
def test_what_the_customer_withdrew_a_moment_ago_is_not_done(
    client: Any, keys: Keys, ask: Ask, customer: str, said: dict[str, Any], gate: str
) -> None:
    said = {**said, "version": "1"}
    assert client.put(f"/v1/customers/{customer}/preferences", headers=keys["app"], json=said).status_code == 200
    assert closed(ask()) == gate


@pytest.mark.parametrize(
    ("facts", "offer", "gate"),
    [
        ({"do_not_contact": True}, "term-12m", "asked-not-to-be-contacted"),
        ({"deceased": True}, "term-12m", "not-deceased"),
        ({"risk_tolerance": 1}, "fixed-income-6m", "tolerance-covers-risk"),
        ({}, "fixed-income-6m", "tolerance-covers-risk"),
        ({"demand_yuan": 999.99}, "term-36m", "keep-some-at-hand"),
    ],
)
def test_no_list_of_yesterday_talks_a_gate_round(
    ask: Ask, store: Store, customer: str, facts: dict[str, Any], offer: str, gate: str
) -> None:
    put_customer(store, customer, REACHABLE | facts)
    assert closed(ask(offer=offer, channel="wechat")) == gate


def test_an_offer_the_customer_rejected_yesterday_rests(
    client: Any, keys: Keys, ask: Ask, make_event: Callable[..., Any], customer: str, clock: Clock
) -> None:
    event = make_event(id=f"rejected-{customer}", customer_id=customer, kind="reject", offer="term-12m")
    event["at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400))
    assert client.post("/v1/events", headers=keys["app"], json=event).status_code == 201
    assert closed(ask()) == "cool-off-rejected"


def test_an_accepted_offer_is_neither_shown_again_nor_texted_about_until_it_is_bought(
    client: Any, keys: Keys, ask: Ask, make_event: Callable[..., Any], customer: str, clock: Clock
) -> None:
    path = f"/v1/customers/{customer}/offers?channel=mobile_app"

    def offered() -> list[dict[str, Any]]:
        return list(client.get(path, headers=keys["app"]).json["offers"])

    def happened(kind: str, **more: Any) -> None:
        now = datetime.fromtimestamp(clock() / 1000, UTC).isoformat()
        event = make_event(id=f"{kind}-{customer}", customer_id=customer, kind=kind, offer=first["offer"], at=now)
        answer = client.post("/v1/events", headers=keys["app"], json=event | more)
        assert answer.status_code == 201, answer.text

    first = offered()[0]
    happened("accept", token=first["token"], decision_id=first["decision_id"])
    assert first["offer"] not in [offer["offer"] for offer in offered()]
    bulk = {"customers": [customer], "channel": "mobile_app", "limit": 10}
    (told,) = client.post("/v1/offers/bulk", headers=keys["app"], json=bulk).json["customers"]
    assert first["offer"] not in [offer["offer"] for offer in told["answer"]["offers"]]
    assert closed(ask(offer=first["offer"])) == "cool-off-in-progress"
    happened("purchase", amount_yuan=10_000.0)
    assert closed(ask(offer=first["offer"])) != "cool-off-in-progress"


@pytest.mark.parametrize(
    ("clock_ms", "gate"),
    [
        (NOON_LOCAL - 1, None),
        (8 * HOUR - 1, "quiet-night"),
        (8 * HOUR, None),
        (21 * HOUR - 1, None),
        (21 * HOUR, "quiet-night"),
    ],
)
def test_quiet_hours_are_held_to_the_millisecond(ask: Ask, clock: Clock, clock_ms: int, gate: str | None) -> None:
    clock.stop_at(noon_today() - NOON_LOCAL + clock_ms)
    answer = ask()
    if gate is None:
        assert answer.status_code == 201
    else:
        assert closed(answer) == gate


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"channel": "mobile_app"}, "channel"),
        ({"channel": "pigeon"}, "channel"),
        ({"offer": "gold-bar"}, "offer"),
        ({"at": "2026-01-01T00:00:00Z"}, "at"),
    ],
)
def test_what_is_no_contact_is_refused(ask: Ask, changes: dict[str, Any], where: str) -> None:
    answer = ask(**changes)
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json["errors"]] == [where]


def test_a_customer_nobody_has_is_not_found(ask: Ask) -> None:
    assert ask(customer_id="nobody").status_code == 404


def test_the_gate_that_is_named_is_one_of_the_policy(ask: Ask, store: Store, customer: str) -> None:
    put_customer(store, customer, {})
    assert closed(ask()) in {rule.id for rule in load(DEFAULT).rules}
