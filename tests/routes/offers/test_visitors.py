"""Offers for people of whom nothing is known, under the caps of their device."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from service.core.domain import Lookback
from service.routes.offers.events import EventsAnswer
from service.routes.offers.visitors import VisitorOffersAnswer
from service.store import Store
from tests.servers import execute

Keys = dict[str, dict[str, str]]
Say = Callable[..., Any]
NUMBER = itertools.count(1)
ASKED = {"channel": "mobile_app", "limit": 10}


@pytest.fixture
def device() -> str:
    """A device of this test alone."""
    return f"device-{time.time_ns()}"


@pytest.fixture
def ask(client: Any, keys: Keys) -> Callable[..., Any]:
    def post(**changes: Any) -> Any:
        return client.post("/v1/offers", json=ASKED | changes, headers=keys["app"] | {"Accept-Language": "en"})

    return post


@pytest.fixture
def say(client: Any, keys: Keys, device: str) -> Say:
    def post(kind: str, offer: str, times: int = 1, **changes: Any) -> Any:
        at = datetime.now(UTC).isoformat()
        row = {"kind": kind, "offer": offer, "channel": "mobile_app", "at": at}
        events = [row | {"id": f"v-{next(NUMBER)}"} | changes for _ in range(times)]
        body = {"device_id": device, "events": events}
        return client.post("/v1/visitors/events", json=body, headers=keys["app"])

    return post


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [offer["offer"] for offer in answer.json["offers"]]


def test_a_visitor_gets_what_the_policy_allows_somebody_of_whom_nothing_is_known(ask: Callable[..., Any]) -> None:
    answer = ask()
    assert VisitorOffersAnswer(unknown="raise").validate(answer.json) == {}
    assert (answer.json["customer_id"], answer.json["personalised"], answer.json["language"]) == (None, False, "en")
    assert answer.headers["Cache-Control"] == "no-store"
    offers = answer.json["offers"]
    assert len(offers) >= 3
    assert {offer["text"]["family"] for offer in offers} == {"deposit"}, "wealth needs an assessment"
    assert {offer["token"] for offer in offers} == {None}
    assert {offer["decision_id"] for offer in offers} == {answer.json["decision_id"]}


def test_two_visitors_get_the_same_offers_and_none_in_a_channel_that_goes_to_them(ask: Callable[..., Any]) -> None:
    assert names(ask()) == names(ask(device_id="another-device"))
    assert {offer["channel"] for offer in ask(channel="branch").json["offers"]} == {"branch"}
    assert names(ask(channel="sms")) == []


def test_a_visitors_decision_is_on_record_names_no_device_and_replays(
    client: Any, keys: Keys, ask: Callable[..., Any], say: Say, device: str
) -> None:
    say("dismiss", names(ask(device_id=device))[0])
    decision = ask(device_id=device).json["decision_id"]
    record = client.get(f"/v1/decisions/{decision}", headers=keys["branch"] | keys["app"])
    assert record.status_code == 200
    assert device not in record.text
    assert record.json["snapshot"]["customer_id"] == ""
    replayed = client.get(f"/v1/decisions/{decision}/replay", headers=keys["app"]).json
    assert replayed["identical"] is True


def test_what_was_dismissed_on_a_device_is_not_shown_on_it_again(
    ask: Callable[..., Any], say: Say, device: str
) -> None:
    first = names(ask(device_id=device))[0]
    assert say("dismiss", first).status_code == 201
    after = ask(device_id=device)
    assert first not in names(after)
    assert "cool-off-dismissed" in [row["code"] for row in after.json["withheld"]]
    assert first in names(ask(device_id="another-device"))
    assert first in names(ask())


def test_what_was_shown_twenty_times_on_a_device_has_been_shown_often_enough(
    ask: Callable[..., Any], say: Say, device: str
) -> None:
    first = names(ask(device_id=device))[0]
    assert say("impression", first, times=19).status_code == 201
    assert first in names(ask(device_id=device))
    assert say("impression", first).status_code == 201
    after = ask(device_id=device)
    assert first not in names(after)
    assert "cap-offer-shown" in [row["code"] for row in after.json["withheld"]]


def test_an_event_counts_once_however_often_it_is_sent_and_its_id_is_its_own(say: Say, store: Store) -> None:
    said = {"id": f"once-{next(NUMBER)}", "at": "2026-01-05T09:30:00+08:00"}
    answers = [say("click", "term-12m", **said) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert [answer.json["events"][0]["status"] for answer in answers] == ["stored", "duplicate"]
    assert say("click", "term-6m", **said).json["type"] == "urn:fourcast:problem:conflict"


def test_an_event_sent_twice_in_one_request_is_new_once_and_the_answer_says_so(
    client: Any, keys: Keys, device: str
) -> None:
    row = {"id": f"twice-{next(NUMBER)}", "kind": "click", "offer": "term-12m", "channel": "mobile_app"}
    row["at"] = datetime.now(UTC).isoformat()
    body = {"device_id": device, "events": [row, row]}
    answers = [client.post("/v1/visitors/events", json=body, headers=keys["app"]) for _ in range(2)]
    said = [[each["status"] for each in answer.json["events"]] for answer in answers]
    assert said == [["stored", "duplicate"], ["duplicate", "duplicate"]]
    assert [answer.status_code for answer in answers] == [201, 200]


def test_each_event_of_a_request_is_answered_by_itself(
    client: Any, keys: Keys, say: Say, ask: Callable[..., Any], device: str
) -> None:
    used = f"taken-{next(NUMBER)}"
    assert say("click", "term-12m", id=used).status_code == 201
    row = {"kind": "dismiss", "offer": "term-12m", "channel": "mobile_app", "at": datetime.now(UTC).isoformat()}
    good, bad = row | {"id": f"free-{next(NUMBER)}"}, row | {"id": f"free-{next(NUMBER)}", "offer": "trem-12m"}
    body = {"device_id": device, "events": [row | {"id": used}, bad, good]}
    answers = [client.post("/v1/visitors/events", json=body, headers=keys["app"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert EventsAnswer(unknown="raise").validate(answers[0].json) == {}
    told = [[each["status"] for each in answer.json["events"]] for answer in answers]
    assert told == [["refused", "refused", "stored"], ["refused", "refused", "duplicate"]]
    conflict, strange, _ = answers[0].json["events"]
    assert conflict["problem"]["type"] == "urn:fourcast:problem:conflict"
    assert [each["where"] for each in strange["problem"]["errors"]] == ["offer"]
    assert "term-12m" not in names(ask(device_id=device)), "what was taken counts"


def test_where_every_event_of_a_request_is_refused_the_answer_is_an_error_by_their_paths(
    client: Any, keys: Keys, device: str
) -> None:
    row = {"kind": "click", "channel": "mobile_app", "at": datetime.now(UTC).isoformat()}
    events = [row | {"id": f"none-{next(NUMBER)}", "offer": offer} for offer in ("trem-12m", "term-12")]
    refused = client.post("/v1/visitors/events", json={"device_id": device, "events": events}, headers=keys["app"])
    assert refused.status_code == 422
    assert [each["where"] for each in refused.json["errors"]] == ["events.0.offer", "events.1.offer"]


def test_the_devices_own_id_is_in_no_table(say: Say, device: str, database_url: str, store: Store) -> None:
    say("click", "term-12m")
    (row,) = execute(database_url, "SELECT visitor FROM visitor_trails ORDER BY newest DESC LIMIT 1")
    assert len(str(row[0])) == 64
    for table in ("visitor_trails", "event_keys"):
        assert execute(database_url, f"SELECT 1 FROM {table} AS t WHERE t::text LIKE %s", f"%{device}%") == []
    for written in (device, device.upper(), device.title()):
        refused = say("click", "term-12m", id=f"{written}-1")
        assert refused.json["errors"] == [{"where": "events.0.id", "message": "must not hold the device's id"}]


def test_a_device_on_which_nothing_happens_any_more_is_forgotten(store: Store, say: Say, device: str) -> None:
    say("dismiss", "term-12m")
    now = time.time_ns() // 1_000_000
    store.visitors.forget(now - 86_400_000)
    assert store.visitors.read_past(device, Lookback(0))
    store.visitors.forget(now + 60_000)
    assert store.visitors.read_past(device, Lookback(0)) == ()


def test_of_each_trail_the_newest_instants_are_read(store: Store, say: Say, device: str) -> None:
    for minute in (3, 1, 2):
        say("click", "term-12m", at=f"2026-01-05T09:0{minute}:00+08:00")
    found = store.visitors.read_past(device, Lookback(0, 2))
    assert [(trail.kind, trail.offer, at % 3_600_000) for trail in found for at in trail.instants] == [
        ("click", "term-12m", 120_000),
        ("click", "term-12m", 180_000),
    ]


@pytest.mark.parametrize(
    "device_id", ["short", "x" * 129, "with a space", "a/../../b", "客户客户客户客户", 12345678, None]
)
def test_a_device_id_outside_its_alphabet_is_refused(ask: Callable[..., Any], device_id: Any) -> None:
    answer = ask(device_id=device_id)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["where"] == "device_id"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"kind": "accept"}, "events.0.kind"),
        ({"kind": "purchase"}, "events.0.kind"),
        ({"offer": "term-13m"}, "events.0.offer"),
        ({"channel": "pigeon"}, "events.0.channel"),
        ({"customer_id": "c-1"}, "events.0.customer_id"),
        ({"at": "2099-01-05T09:30:00+08:00"}, "events.0.at"),
    ],
)
def test_what_a_visitor_cannot_say_is_refused_by_name(say: Say, changes: dict[str, Any], where: str) -> None:
    words = {"kind": "click", "offer": "term-12m"} | changes
    answer = say(words.pop("kind"), words.pop("offer"), **words)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["where"] == where


def test_a_customers_own_key_asks_for_that_customer_instead(client: Any, keys: Keys, device: str) -> None:
    assert client.post("/v1/offers", json=ASKED, headers=keys["own"]).status_code == 403
    assert client.post("/v1/offers", json=ASKED, headers=keys["stranger"]).status_code == 403
    assert client.post("/v1/offers", json=ASKED).status_code == 401
    assert client.post("/v1/offers", json=ASKED, headers=keys["branch"]).status_code == 200


def test_the_slot_must_be_one_of_the_policys(ask: Callable[..., Any]) -> None:
    answer = ask(channel="pigeon")
    assert (answer.status_code, answer.json["errors"][0]["where"]) == (422, "channel")


def test_no_log_line_holds_a_device(ask: Callable[..., Any], device: str, lines: list[bytes]) -> None:
    decision = ask(device_id=device).json["decision_id"]
    assert orjson.loads(lines[-1])["decision_id"] == decision
    assert not [line for line in lines if device.encode() in line]
