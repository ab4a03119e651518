"""Offer tokens over the real engine: an accept needs the token of an offer really shown to that customer."""

import base64
import itertools
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from service.engine.offers.offer_tokens import OfferTokens
from service.store import Store
from tests.servers import execute

Keys = dict[str, dict[str, str]]
NUMBERS = itertools.count(1)


@pytest.fixture
def shown(client: Any, keys: Keys, database_url: str) -> dict[str, Any]:
    """The first offer that c-1 is shown; what other tests made them accept rests no more."""
    execute(database_url, "DELETE FROM trails WHERE customer_id = 'c-1'")
    execute(database_url, "UPDATE customers SET revision = revision + 1 WHERE id = 'c-1'")
    answer = client.get("/v1/customers/c-1/offers?channel=mobile_app", headers=keys["app"])
    first: dict[str, Any] = answer.json["offers"][0]
    return first


@pytest.fixture
def accept(client: Any, keys: Keys, shown: dict[str, Any]) -> Callable[..., Any]:
    """``(**changes) -> answer`` to an accept of the offer shown."""
    at = datetime.now(UTC).isoformat()

    def send(**changes: Any) -> Any:
        event = {"customer_id": "c-1", "kind": "accept", "offer": shown["offer"], "token": shown["token"]}
        row = event | {"id": f"t-{next(NUMBERS)}", "at": at} | changes
        body = {name: value for name, value in row.items() if value is not ...}
        return client.post("/v1/events", json=body, headers=keys["app"])

    return send


def test_an_accept_with_its_token_is_stored_with_the_decision_it_proves(
    accept: Callable[..., Any], shown: dict[str, Any], database_url: str
) -> None:
    answer = accept(id="proven")
    assert answer.status_code == 201, answer.json
    rows = execute(database_url, "SELECT decision_id FROM events WHERE id = 'proven'")
    assert rows == [(shown["decision_id"],)]


def test_the_same_accept_again_is_a_duplicate(accept: Callable[..., Any]) -> None:
    assert accept(id="twice").status_code == 201
    assert accept(id="twice").json["events"][0]["status"] == "duplicate"


def test_a_token_is_good_once_and_a_second_accept_under_another_id_is_a_duplicate(
    accept: Callable[..., Any], database_url: str
) -> None:
    assert accept(id="once").status_code == 201
    again = accept(id="once-more")
    assert (again.status_code, again.json) == (200, {"events": [{"id": "once-more", "status": "duplicate"}]})
    assert execute(database_url, "SELECT 1 FROM events WHERE id = 'once-more'") == []


def test_a_token_is_good_in_its_channel_alone(accept: Callable[..., Any], shown: dict[str, Any]) -> None:
    refused = accept(channel="branch")
    assert (refused.status_code, refused.json["type"]) == (422, "urn:fourcast:problem:offer-token")
    assert 'the channel "mobile_app"' in refused.json["detail"]
    assert accept(channel=shown["channel"]).status_code == 201


def test_an_acknowledged_id_with_another_content_does_not_pass_by_a_spoilt_token(
    accept: Callable[..., Any], shown: dict[str, Any]
) -> None:
    assert accept(id="taken").status_code == 201
    bad = spoilt(shown["token"])
    assert accept(id="taken", token=bad["no decision on record"]).status_code == 422
    assert accept(id="taken", token=bad["another signature"], amount_yuan=5).status_code == 422
    assert accept(id="taken", token=bad["another signature"], customer_id="c-2").status_code == 422


def test_an_accept_without_a_token_is_refused(accept: Callable[..., Any]) -> None:
    for nothing in (..., None):
        answer = accept(token=nothing)
        assert answer.status_code == 422
        assert [row["where"] for row in answer.json["errors"]] == ["token"]


def test_a_token_is_good_for_its_customer_its_offer_and_its_decision_alone(
    accept: Callable[..., Any], shown: dict[str, Any]
) -> None:
    for changes, where, sentence in (
        ({"customer_id": "c-2"}, "token", "another customer"),
        ({"offer": "large-cd-36m"}, "token", "another offer"),
        ({"decision_id": str(uuid.uuid4())}, "decision_id", "not the decision"),
    ):
        answer = accept(**changes)
        assert (answer.status_code, answer.json["type"]) == (422, "urn:fourcast:problem:offer-token")
        assert answer.json["errors"][0]["where"] == where
        assert sentence in answer.json["detail"]
    assert accept(decision_id=shown["decision_id"]).status_code == 201


def spoilt(token: str) -> dict[str, str]:
    number, named, expiry, signature = token.split(".")
    other = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    next_letter = letters[(letters.index(named[-1]) + 1) % 64]
    turned = ("B" if signature[0] == "A" else "A") + signature[1:]
    return {
        "another signature": f"{number}.{named}.{expiry}.{turned}",
        "a later end": f"{number}.{named}.{int(expiry) + 1}.{signature}",
        "another key": f"{int(number) + 7}.{named}.{expiry}.{signature}",
        "no decision on record": f"{number}.{other}.{expiry}.{signature}",
        "the same id written otherwise": f"{number}.{named[:-1]}{next_letter}.{expiry}.{signature}",
        "a part too few": f"{number}.{named}.{expiry}",
        "a space": f"{number}.{named}.{expiry}.{signature[:-1]} ",
        "padding": f"{number}.{named}.{expiry}.{signature}==",
        "nothing of the kind": "accept",
    }


@pytest.mark.parametrize("how", spoilt("1.AZnTyG8efDqaVQ1vK35MEA.1.6Tz3n0yRkQq4Zb8u2mWcVg"))
def test_a_forged_token_is_refused(accept: Callable[..., Any], shown: dict[str, Any], how: str) -> None:
    answer = accept(token=spoilt(shown["token"])[how])
    assert answer.status_code == 422
    assert answer.json["errors"][0]["where"] == "token"


def test_an_expired_token_is_refused_and_says_so(
    accept: Callable[..., Any], shown: dict[str, Any], store: Store
) -> None:
    then = int((time.time() - 3601) * 1000)
    words = shown["decision_id"], "c-1", shown["offer"], shown["channel"]
    old = OfferTokens(store, 1).mint(*words, then)
    answer = accept(token=old)
    assert answer.status_code == 422
    assert "expired" in answer.json["detail"]
    assert accept(token=OfferTokens(store, 2).mint(*words, then)).status_code == 201


def test_each_bad_token_of_a_request_is_named_and_refuses_its_own_event_alone(
    client: Any, keys: Keys, shown: dict[str, Any], make_event: Callable[..., dict[str, Any]], database_url: str
) -> None:
    good = make_event(kind="accept", offer=shown["offer"], token=shown["token"], at=datetime.now(UTC).isoformat())
    bad = [make_event(kind="accept", offer="large-cd-36m", token=shown["token"]) for _ in range(2)]
    neither = client.post("/v1/events", json={"events": bad}, headers=keys["app"])
    assert (neither.status_code, neither.json["type"]) == (422, "urn:fourcast:problem:offer-token")
    assert [row["where"] for row in neither.json["errors"]] == ["events.0.token", "events.1.token"]
    answer = client.post("/v1/events", json={"events": [good, bad[0]]}, headers=keys["app"])
    assert [row["status"] for row in answer.json["events"]] == ["stored", "refused"]
    assert answer.json["events"][1]["problem"]["errors"][0]["where"] == "token"
    assert execute(database_url, "SELECT 1 FROM events WHERE id = %s", bad[0]["id"]) == []


def test_after_two_rotations_the_same_accept_is_a_duplicate_and_a_new_one_is_refused(
    app: Flask, accept: Callable[..., Any], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert accept(id="before").status_code == 201
    store.signing_keys.rotate("test")
    store.signing_keys.rotate("test")
    monkeypatch.setattr(app.extensions["fourcast"], "tokens", OfferTokens(store, 24))
    again = accept(id="before")
    assert (again.status_code, again.json["events"][0]["status"]) == (200, "duplicate")
    assert "replaced twice" in accept(id="after").json["detail"]


def test_after_a_rotation_the_key_before_is_still_accepted_and_the_one_before_that_is_not(
    app: Flask, accept: Callable[..., Any], shown: dict[str, Any], store: Store
) -> None:
    words = shown["decision_id"], "c-1", shown["offer"], shown["channel"], int(time.time() * 1000)
    first = OfferTokens(store, 1).mint(*words)
    store.signing_keys.rotate("test")
    second = OfferTokens(store, 1).mint(*words)
    assert second.split(".")[0] != first.split(".")[0]
    fresh = OfferTokens(store, 1)
    assert fresh.verify(first, "c-1", shown["offer"]).decision_id == shown["decision_id"]
    store.signing_keys.rotate("test")
    fresh = OfferTokens(store, 1)
    assert fresh.verify(second, "c-1", shown["offer"]).channel == shown["channel"]
    with pytest.raises(Exception, match="replaced twice"):
        fresh.verify(first, "c-1", shown["offer"])


def test_a_token_holds_nothing_personal(shown: dict[str, Any]) -> None:
    _, named, expiry, _ = shown["token"].split(".")
    assert str(uuid.UUID(bytes=base64.urlsafe_b64decode(named + "=="))) == shown["decision_id"]
    assert int(expiry) > time.time()
    assert len(shown["token"]) < 80


# Offers by POST


def test_get_and_post_are_the_same_decision_for_the_same_facts(client: Any, keys: Keys) -> None:
    by_get = client.get("/v1/customers/c-1/offers?channel=mobile_app&limit=2", headers=keys["app"])
    path, body = "/v1/customers/c-1/offers", {"channel": "mobile_app", "limit": 2}
    assert client.post(path, json=body, headers=keys["app"]).data == by_get.data
    told = client.post(path, json=body | {"trigger": "maturity", "amount_yuan": 50_000}, headers=keys["app"])
    assert told.status_code == 200
    assert told.json["decision_id"] != by_get.json["decision_id"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"limit": 11}, "limit"),
        ({"limit": "3"}, "limit"),
        ({"amount_yuan": -1}, "amount_yuan"),
        ({"trigger": ""}, "trigger"),
        ({"page": "home"}, "page"),
        ({"channel": "pigeon"}, "channel"),
    ],
)
def test_each_fact_of_a_post_is_strict(client: Any, keys: Keys, body: dict[str, Any], where: str) -> None:
    answer = client.post("/v1/customers/c-1/offers", json=body, headers=keys["app"])
    assert answer.status_code == 422
    assert [row["where"] for row in answer.json["errors"]] == [where]
