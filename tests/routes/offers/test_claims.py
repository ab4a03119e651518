"""What events claim over the real engine: names and decisions that the bank has, and who may say what."""

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from service.core.domain import Client, Event
from service.core.suggestions import MOST_NEAR
from service.engine.auth import SCOPES, new_key
from service.engine.auth.quotas import WINDOW_S
from service.routes.offers.events import EventsAnswer
from service.rules.policy import DEFAULT, load
from service.store import Challenger, Store
from tests.seed import activate, put_policy
from tests.servers import execute

Keys = dict[str, dict[str, str]]
Make = Callable[..., dict[str, Any]]
NUMBERS = itertools.count(1)
OWN_WORDS = "impression, click, accept, reject, dismiss, complaint, survey"


@pytest.fixture
def send(client: Any, keys: Keys) -> Callable[..., Any]:
    """``(body, key) -> answer`` of POST events."""
    return lambda body, key="app": client.post("/v1/events", json=body, headers=keys[key])


@pytest.fixture
def decided(client: Any, keys: Keys) -> Callable[[str], dict[str, Any]]:
    """``(customer) -> answer`` of their offers in the app."""
    return lambda name: client.get(f"/v1/customers/{name}/offers?channel=mobile_app", headers=keys["app"]).json


def now(seconds: float = 0) -> str:
    """So long from now, as a sender writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def stored(database_url: str, event_id: str) -> int:
    return len(execute(database_url, "SELECT 1 FROM events WHERE id = %s", event_id))


def faults(answer: Any, status: int = 422) -> dict[str, str]:
    """What is wrong, by field."""
    assert answer.status_code == status, answer.json
    return {row["where"]: row["message"] for row in answer.json["errors"]}


def release(store: Store, *, offer: str = "gone", channel: str = "kiosk", question: str = "asked-once") -> str:
    """The hash of a policy that names these, stored and ready to be released; it says nothing else."""
    documents = {
        "catalogue": {"offers": [{"id": offer}]},
        "channels": {"channels": [{"id": channel}]},
        "portrait": {"satisfaction": {"questions": [{"id": question}]}},
    }
    name = f"{next(NUMBERS):064d}"
    put_policy(store, name, documents)
    return name


# Names


@pytest.mark.parametrize("key", ["app", "branch", "own"])
@pytest.mark.parametrize(
    ("field", "got", "near"),
    [("offer", "trem-12m", "term-12m"), ("channel", "moblie_app", "mobile_app"), ("question", "easyapp", "easy-app")],
)
def test_a_misspelt_name_is_refused_with_the_right_ones_and_not_kept(
    send: Callable[..., Any], make_event: Make, database_url: str, key: str, field: str, got: str, near: str
) -> None:
    event = make_event(kind="survey", score=5, **{field: got})
    message = faults(send(event, key))[field]
    assert message.startswith("expected one of ") and message.endswith(f'; got "{got}"; did you mean "{near}"?')
    assert near in message.partition(";")[0]
    assert stored(database_url, event["id"]) == 0


def test_what_a_release_of_before_named_may_still_be_reported(
    send: Callable[..., Any], make_event: Make, store: Store
) -> None:
    shipped, old = load(DEFAULT), release(store)
    late = make_event(kind="survey", score=4, offer="gone", channel="kiosk", question="asked-once")
    assert set(faults(send(late))) == {"offer", "channel", "question"}
    put_policy(store, shipped.hash, shipped.documents)
    activate(store, old, None, "before", "test")
    activate(store, shipped.hash, None, "now", "test")
    assert send(late).status_code == 201


def test_what_was_on_trial_may_still_be_reported(send: Callable[..., Any], make_event: Make, store: Store) -> None:
    tried, shipped = release(store, offer="on-trial"), load(DEFAULT)
    put_policy(store, shipped.hash, shipped.documents)
    activate(store, shipped.hash, None, "champion", "test")
    store.proposals.propose(tried, store.releases.policy(tried), "Anna", "a trial")
    store.challengers.begin(Challenger(tried, None, 0.1), "Boris", "begun")
    store.challengers.end("Boris", "ended")
    assert send(make_event(offer="on-trial")).status_code == 201


def test_a_worker_that_does_not_follow_the_newest_release_yet_refuses_nothing_it_names(
    send: Callable[..., Any], make_event: Make, store: Store
) -> None:
    event = make_event(offer="brand-new")
    assert set(faults(send(event))) == {"offer"}
    activate(store, release(store, offer="brand-new"), None, "a moment ago", "test")
    assert send(event).status_code == 201


def test_a_near_name_is_looked_for_a_few_times_only(send: Callable[..., Any], make_event: Make) -> None:
    events = [make_event(offer=f"trem-12m-{number}") for number in range(150)]
    answer = send({"events": events})
    assert faults(answer).keys() == {f"events.{number}.offer" for number in range(150)}
    assert answer.text.count("did you mean") == MOST_NEAR


def test_an_event_acknowledged_before_is_a_duplicate_whatever_it_names(
    send: Callable[..., Any], make_event: Make, store: Store
) -> None:
    event = make_event(offer="never-was", at="2026-01-05T00:00:00Z")
    store.events.record(Event(event["id"], "c-1", "click", 1_767_571_200_000, "never-was", "mobile_app"))
    assert send(event).json["events"][0]["status"] == "duplicate"


def test_a_contact_of_a_misspelt_offer_or_channel_is_told_the_right_one(client: Any, keys: Keys) -> None:
    body = {"id": "k-1", "customer_id": "c-1", "offer": "trem-12m", "channel": "smss"}
    told = faults(client.post("/v1/contacts", json=body, headers=keys["branch"]))
    assert 'did you mean "term-12m"?' in told["offer"] and 'did you mean "sms"?' in told["channel"]


def test_a_misspelt_trigger_is_told_the_right_one(client: Any, keys: Keys) -> None:
    answer = client.post("/v1/customers/c-1/offers", json={"trigger": "maturty"}, headers=keys["own"])
    assert faults(answer) == {"trigger": 'expected one of maturity; got "maturty"; did you mean "maturity"?'}


# Decisions


def test_a_decision_must_be_that_customers_own_and_nobody_learns_of_anothers(
    send: Callable[..., Any], make_event: Make, decided: Callable[[str], dict[str, Any]], database_url: str
) -> None:
    mine, other = decided("c-1"), decided("c-2")["decision_id"]
    shown = mine["offers"][0]["offer"]
    for key in ("app", "branch", "own"):
        for foreign in (other, str(uuid.uuid4()), "d-1", "0" * 64):
            event = make_event(offer=shown, decision_id=foreign)
            answer = send(event, key)
            assert faults(answer) == {"decision_id": "is no decision of this customer"}
            assert answer.json["detail"] == "The event names what this bank does not have."
            assert stored(database_url, event["id"]) == 0
        assert send(make_event(offer=shown, decision_id=mine["decision_id"], at=now()), key).status_code == 201


SPELLINGS: list[Callable[[str], str]] = [str.upper, lambda one: one.replace("-", ""), lambda one: f"{{{one}}}"]


@pytest.mark.parametrize("spell", SPELLINGS)
def test_a_decision_is_stored_in_one_form_however_its_id_is_spelt(
    send: Callable[..., Any],
    make_event: Make,
    decided: Callable[[str], dict[str, Any]],
    database_url: str,
    spell: Callable[[str], str],
) -> None:
    mine = decided("c-1")
    decision, first = mine["decision_id"], mine["offers"][0]
    event = make_event(offer=first["offer"], decision_id=spell(decision), id=f"spelt-{spell(decision)}", at=now())
    assert send(event).status_code == 201
    kept = execute(database_url, "SELECT decision_id FROM events WHERE id = %s", event["id"])
    assert kept == [(decision,)]
    assert send(event | {"decision_id": decision}).json["events"][0]["status"] == "duplicate"
    accept = event | {"id": f"accept-{spell(decision)}", "kind": "accept", "token": first["token"]}
    assert send(accept).status_code in (200, 201), "the token's decision is this one"


def test_an_event_kept_in_the_senders_spelling_is_a_duplicate_in_that_spelling(
    send: Callable[..., Any], make_event: Make, decided: Callable[[str], dict[str, Any]], store: Store
) -> None:
    mine = decided("c-1")
    offer, upper = mine["offers"][0]["offer"], mine["decision_id"].upper()
    event = make_event(id="before", offer=offer, decision_id=upper, at="2026-11-01T00:00:00Z")
    store.events.record(Event("before", "c-1", "click", 1_793_491_200_000, offer, "mobile_app", upper))
    assert send(event).json["events"][0]["status"] == "duplicate"


def test_an_id_with_a_prefix_is_the_decision_of_nobody(
    client: Any, send: Callable[..., Any], make_event: Make, decided: Callable[[str], dict[str, Any]], keys: Keys
) -> None:
    named = f"urn:uuid:{decided('c-1')['decision_id']}"
    assert set(faults(send(make_event(decision_id=named, at=now())))) == {"decision_id"}
    contact = {"id": "k-urn", "customer_id": "c-1", "offer": "term-12m", "channel": "sms", "decision_id": named}
    assert set(faults(client.post("/v1/contacts", json=contact, headers=keys["branch"]))) == {"decision_id"}


@pytest.mark.parametrize("kind", ["impression", "click", "accept", "reject", "dismiss", "survey", "purchase"])
def test_nothing_that_came_of_a_decision_is_older_than_it_is(
    send: Callable[..., Any], make_event: Make, decided: Callable[[str], dict[str, Any]], kind: str
) -> None:
    mine = decided("c-2")
    first = mine["offers"][0]
    proof = {"token": first["token"]} if kind == "accept" else {"decision_id": mine["decision_id"]}
    event = make_event(id=f"{kind}-late", customer_id="c-2", kind=kind, offer=first["offer"], score=5, **proof)
    instants = f"{mine['decided_at']}, got 2026-01-05T09:30:00+08:00"
    assert faults(send(event)) == {"at": f"must not be before its decision, {instants}; check the sender's clock"}
    a_little_slow = send(event | {"at": now(-240)})
    assert (a_little_slow.status_code, a_little_slow.json["events"][0]["status"]) == (201, "stored")


def test_an_accept_refused_for_its_clock_may_be_sent_again_and_then_rests(
    send: Callable[..., Any], make_event: Make, decided: Callable[[str], dict[str, Any]]
) -> None:
    first = decided("c-1")["offers"][0]
    event = make_event(id="slow", kind="accept", offer=first["offer"], token=first["token"], at=now(-31 * 86_400))
    assert set(faults(send(event))) == {"at"}
    assert send(event | {"at": now()}).json["events"] == [{"id": "slow", "status": "stored"}]
    assert first["offer"] not in {one["offer"] for one in decided("c-1")["offers"]}


def test_an_event_of_a_slow_clock_acknowledged_before_is_a_duplicate(
    send: Callable[..., Any], make_event: Make, decided: Callable[[str], dict[str, Any]], store: Store
) -> None:
    mine = decided("c-1")
    event = make_event(id="old-clock", offer=mine["offers"][0]["offer"], decision_id=mine["decision_id"])
    named = event["offer"], event["channel"], event["decision_id"]
    store.events.record(Event("old-clock", "c-1", "click", 1_767_576_600_000, *named))
    assert send(event).json["events"][0]["status"] == "duplicate"


def test_an_offer_that_the_decision_did_not_show_is_refused(
    send: Callable[..., Any], make_event: Make, decided: Callable[[str], dict[str, Any]]
) -> None:
    mine = decided("c-1")
    shown = [one["offer"] for one in mine["offers"]]
    told = faults(send(make_event(offer="large-cd-36m", decision_id=mine["decision_id"])))
    assert told == {
        "offer": f'was not shown by this decision: it showed {", ".join(shown)}; got "large-cd-36m"',
    }


def test_a_decision_older_than_all_on_record_is_taken_from_the_bank_and_not_from_a_customer(
    send: Callable[..., Any], make_event: Make, decided: Callable[[str], dict[str, Any]]
) -> None:
    decided("c-1")
    archived = "01890000-0000-7000-8000-000000000000"
    assert send(make_event(decision_id=archived)).status_code == 201
    assert send(make_event(decision_id=archived), "branch").status_code == 201
    assert set(faults(send(make_event(decision_id=archived), "own"))) == {"decision_id"}
    assert set(faults(send(make_event(decision_id=archived.replace("-7", "-4"))))) == {"decision_id"}


def test_a_contact_names_no_decision_of_another_customer(
    client: Any, keys: Keys, decided: Callable[[str], dict[str, Any]]
) -> None:
    body = {"id": "k-2", "customer_id": "c-1", "offer": "term-12m", "channel": "sms"}
    body["decision_id"] = decided("c-2")["decision_id"]
    for key in ("app", "branch"):
        assert set(faults(client.post("/v1/contacts", json=body, headers=keys[key]))) == {"decision_id"}


# Who may say what


def test_a_customers_own_key_says_what_customers_do_and_the_bank_what_the_bank_knows(
    send: Callable[..., Any], make_event: Make, database_url: str
) -> None:
    for kind in ("purchase", "contact"):
        event = make_event(kind=kind, amount_yuan=5_000_000)
        assert faults(send(event, "own"), 403) == {"kind": f"this key may say {OWN_WORDS}; got {kind}"}
        assert stored(database_url, event["id"]) == 0
        for key in ("branch", "app"):
            assert send(event | {"id": f"{event['id']}-{key}"}, key).status_code == 201
    for kind in ("impression", "click", "reject", "dismiss", "complaint", "survey"):
        assert send(make_event(kind=kind, score=4), "own").status_code == 201


def test_a_customers_own_key_reserves_no_contact(client: Any, keys: Keys) -> None:
    body = {"id": "k-3", "customer_id": "c-1", "offer": "term-12m", "channel": "sms"}
    assert client.post("/v1/contacts", json=body, headers=keys["own"]).status_code == 403


@pytest.mark.parametrize(("amount", "status"), [(0, 201), (0.01, 201), (1e12, 201), (19.999, 422), (1e12 + 1, 422)])
def test_an_amount_is_whole_fen_within_its_bounds(
    send: Callable[..., Any], make_event: Make, amount: float, status: int
) -> None:
    assert send(make_event(kind="purchase", amount_yuan=amount)).status_code == status


# Several events


def test_each_event_of_a_batch_is_answered_by_itself(
    send: Callable[..., Any], make_event: Make, database_url: str
) -> None:
    old = make_event()
    send(old)
    bad = [make_event(customer_id="nobody"), make_event(offer="trem-12m"), old | {"kind": "dismiss"}]
    good = make_event()
    answer = send({"events": [bad[0], good, old, *bad[1:]]})
    assert answer.status_code == 201
    assert EventsAnswer(unknown="raise").validate(answer.json) == {}
    became = [row["status"] for row in answer.json["events"]]
    assert became == ["refused", "stored", "duplicate", "refused", "refused"]
    types = [row["problem"]["type"].rpartition(":")[2] for row in answer.json["events"] if "problem" in row]
    assert types == ["not-found", "invalid-input", "conflict"]
    assert answer.json["events"][3]["problem"]["errors"][0]["where"] == "offer"
    assert stored(database_url, good["id"]) == 1
    again = send({"events": [bad[0], good, old, *bad[1:]]})
    assert (again.status_code, [row["status"] for row in again.json["events"]].count("duplicate")) == (200, 2)


@pytest.mark.parametrize(
    ("changes", "status", "where"),
    [
        ([{"customer_id": "nobody"}] * 2, 404, ["events.0", "events.1"]),
        ([{"customer_id": "nobody"}, {"offer": "trem-12m"}], 422, ["events.0", "events.1.offer"]),
    ],
)
def test_a_batch_of_which_none_can_be_taken_is_an_error_that_names_each(
    send: Callable[..., Any], make_event: Make, changes: list[dict[str, str]], status: int, where: list[str]
) -> None:
    answer = send({"events": [make_event(**each) for each in changes]})
    assert answer.status_code == status
    assert [row["where"] for row in answer.json["errors"]] == where
    assert "None of the 2" in answer.json["detail"]


def test_each_event_of_a_batch_counts_in_the_quota(
    app: Flask, client: Any, store: Store, make_event: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions["fourcast"].access.quotas, "_clock", lambda: 5_000_000 * WINDOW_S)
    key, digest = new_key()
    store.clients.add(Client("batches", frozenset(SCOPES), quota=50), digest, actor="test")
    headers = {"Authorization": f"Bearer {key}"}

    def batch(size: int) -> Any:
        return client.post("/v1/events", json={"events": [make_event() for _ in range(size)]}, headers=headers)

    first = batch(30)
    assert (first.status_code, "r=20;" in first.headers["RateLimit"]) == (201, True)
    refused = batch(30)
    assert refused.status_code == 429 and refused.headers["Retry-After"]
    assert "counts as 30" in refused.json["detail"]
    assert [batch(10).status_code, batch(9).status_code, batch(1).status_code] == [201, 201, 429]
