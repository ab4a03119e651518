"""Tokens minted for one customer: what they reach, what they may, when they end, and that each is on record."""

import base64
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask import Flask

from service.core.domain import Client
from service.core.errors import InvalidToken
from service.engine.auth import SCOPES, new_key
from service.engine.auth.customer_tokens import MINTS, CustomerTokens
from service.engine.auth.keys import key_digest
from service.engine.auth.signing import SigningKeys
from service.store import Store

PATH = "/v1/tokens"
APP = frozenset({"offers:read", "events:write", "preferences:write", MINTS})
Mint = Callable[..., Any]


@pytest.fixture(scope="module")
def secrets(app: Flask, store: Store) -> dict[str, str]:
    """The keys of a mobile back end, of one about to be revoked, of a branch, and of a customer."""
    made = {}
    for client in (
        Client("mobile", APP),
        Client("leaving", APP),
        Client("siming-app", APP, branch="siming"),
        Client("own-app", APP, customer_id="c-1"),
    ):
        made[client.name], digest = new_key()
        store.clients.add(client, digest, "test")
    return made


@pytest.fixture
def mint(client: Any, secrets: dict[str, str]) -> Mint:
    def send(who: str = "mobile", **changes: Any) -> Any:
        body = {"customer_id": "c-1", "scopes": ["offers:read", "preferences:write"], **changes}
        return client.post(PATH, json=body, headers={"Authorization": f"Bearer {secrets.get(who, who)}"})

    return send


def bearer(answer: Any) -> dict[str, str]:
    assert answer.status_code == 201, answer.json
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def test_a_token_reaches_its_customer_and_nobody_else_with_the_scopes_it_was_given(client: Any, mint: Mint) -> None:
    answer = mint()
    assert (answer.json["expires_in"], answer.json["scope"]) == (900, "offers:read preferences:write")
    assert answer.headers["Cache-Control"] == "no-store"
    held = bearer(answer)
    assert client.get("/v1/customers/c-1/offers", headers=held).status_code == 200
    assert client.get("/v1/customers/c-2/offers", headers=held).status_code == 403
    said = {"personalisation": True, "version": "v1"}
    word = client.put("/v1/customers/c-1/preferences", json=said, headers=held)
    assert word.json["said"]["personalisation"]["source"] == "mobile"
    assert client.put("/v1/customers/c-2/preferences", json=said, headers=held).status_code == 403
    event = {"id": "t-1", "customer_id": "c-1", "kind": "click", "at": "2026-01-05T09:30:00+08:00"}
    assert client.post("/v1/events", json=event, headers=held).status_code == 403, "it was not given events:write"


def test_preferences_write_says_what_a_customer_permits_and_stores_nothing_else(client: Any, store: Store) -> None:
    key, digest = new_key()
    store.clients.add(Client("consent-desk", frozenset({"preferences:write"})), digest, "test")
    held = {"Authorization": f"Bearer {key}"}
    said = {"do_not_contact": True, "version": "v1"}
    assert client.put("/v1/customers/c-2/preferences", json=said, headers=held).status_code == 200
    assert client.get("/v1/customers/c-2/preferences", headers=held).json["do_not_contact"] is True
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert client.open("/v1/customers/c-2", method=method, headers=held).status_code == 403


@pytest.mark.parametrize(("scope", "status"), [("offers:explain", 403), (MINTS, 422), ("offers:raed", 422)])
def test_a_token_has_at_most_the_scopes_of_its_key_and_never_mints(mint: Mint, scope: str, status: int) -> None:
    refused = mint(scopes=["offers:read", scope])
    assert (refused.status_code, refused.json["errors"][0]["where"].partition(".")[0]) == (status, "scopes")


@pytest.mark.parametrize("seconds", [0, 59, 3601, 900.5, "900", None])
def test_a_token_lives_a_minute_to_an_hour(mint: Mint, seconds: object) -> None:
    assert mint(seconds=seconds).status_code == 422
    assert mint(seconds=60).json["expires_in"] == 60


def test_nobody_mints_for_who_is_not_there_or_not_theirs(mint: Mint) -> None:
    assert mint(customer_id="c-none").status_code == 404
    assert mint("siming-app").status_code == 201
    assert mint("siming-app", customer_id="c-2").status_code == 404
    assert mint("own-app").status_code == 403
    assert mint(mint().json["access_token"]).status_code == 403


def test_a_token_ends_with_the_key_that_minted_it(client: Any, app: Flask, store: Store, mint: Mint) -> None:
    held = bearer(mint("leaving"))
    assert client.get("/v1/customers/c-1/offers", headers=held).status_code == 200
    store.clients.revoke("leaving", "test")
    app.extensions["fourcast"].access._clients._seen.clear()
    ended = client.get("/v1/customers/c-1/offers", headers=held)
    assert (ended.status_code, ended.json["type"]) == (401, "urn:fourcast:problem:unauthorized")
    assert 'error="invalid_token"' in ended.headers["WWW-Authenticate"]


def test_a_token_that_has_expired_opens_nothing(client: Any, app: Flask, secrets: dict[str, str]) -> None:
    access = app.extensions["fourcast"].access
    mobile = Client("mobile", APP)
    old = access.customer_tokens.mint(key_digest(secrets["mobile"]), mobile, "c-1", ["offers:read"], -1)
    answer = client.get("/v1/customers/c-1/offers", headers={"Authorization": f"Bearer {old.token}"})
    assert (answer.status_code, "expired" in answer.json["detail"]) == (401, True)


def test_nothing_of_a_token_can_be_changed(client: Any, mint: Mint) -> None:
    token = mint().json["access_token"]
    payload, _, sealed = token.removeprefix("fct_").partition(".")
    said = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    for place, other in ((0, said[0] + 1), (1, "0" * 64), (2, "c-2"), (3, said[3] + 9), (4, sorted(SCOPES))):
        forged = (
            base64.urlsafe_b64encode(orjson.dumps([*said[:place], other, *said[place + 1 :]])).rstrip(b"=").decode()
        )
        for bad in (f"fct_{forged}.{sealed}", f"fct_{forged}.{'A' * 22}", f"fct_{forged}", f"fct_{payload}.{sealed}x"):
            answer = client.get("/v1/customers/c-1/offers", headers={"Authorization": f"Bearer {bad}"})
            assert answer.status_code == 401, bad


def test_a_token_signed_with_a_key_of_two_rotations_ago_is_good_no_more() -> None:
    keys = {1: b"a" * 32}
    mobile = Client("mobile", APP)
    token = (
        CustomerTokens(SigningKeys(lambda: keys), lambda _: mobile).mint("d", mobile, "c-1", ["offers:read"], 60).token
    )
    reader = CustomerTokens(SigningKeys(lambda: {2: b"b" * 32, 1: b"a" * 32}), lambda _: mobile)
    assert reader.client(token) == Client("mobile", frozenset({"offers:read"}), "c-1")
    with pytest.raises(InvalidToken, match="replaced twice"):
        CustomerTokens(SigningKeys(lambda: {3: b"c" * 32, 2: b"b" * 32}), lambda _: mobile).client(token)


def test_a_token_never_allows_what_its_key_does_not_allow_any_more() -> None:
    signing = SigningKeys(lambda: {1: b"a" * 32})
    token = CustomerTokens(signing, lambda _: Client("m", APP)).mint("d", Client("m", APP), "c-1", APP - {MINTS}, 60)
    fewer = CustomerTokens(signing, lambda _: Client("m", frozenset({"offers:read", MINTS})))
    assert fewer.client(token.token).scopes == {"offers:read"}


def test_a_token_of_a_branch_reaches_its_customer_no_more_once_they_have_moved(
    client: Any, keys: dict[str, dict[str, str]], store: Store, mint: Mint
) -> None:
    scopes = ["events:write", "offers:read", "preferences:write"]
    of_branch, of_bank = bearer(mint("siming-app", scopes=scopes)), bearer(mint(scopes=scopes))
    event = {"id": "t-moved", "customer_id": "c-1", "kind": "click", "at": "2026-01-05T09:30:00+08:00",
             "offer": "term-12m"}  # fmt: skip
    said = {"personalisation": True, "version": "v1"}

    def asked(held: dict[str, str]) -> list[int]:
        told = [
            client.get("/v1/customers/c-1/offers", headers=held),
            client.put("/v1/customers/c-1/preferences", json=said, headers=held),
            client.post("/v1/events", json=event, headers=held),
            client.get("/v1/customers/c-2/offers", headers=held),
        ]
        return [one.status_code for one in told]

    assert asked(of_branch) == [200, 200, 201, 403]
    for branch, told in (("other", [404, 404, 404, 403]), ("siming", [200, 200, 200, 403])):
        moved = {"attributes": {"branch_id": branch}}
        assert client.patch("/v1/customers/c-1", json=moved, headers=keys["app"]).status_code == 200
        assert (asked(of_branch), asked(of_bank)) == (told, [200, 200, 200, 403])
    assert {one.client for one in store.access_log.list_views(5, client="siming-app")} == {"siming-app"}


def test_each_mint_is_on_the_audit_log_under_a_name_that_tells_nothing(mint: Mint, store: Store) -> None:
    answer = mint(on_behalf_of="a-17")
    last = store.audit.list_rows(1)[0]
    assert (last["actor"], last["action"], last["subject"]) == ("mobile", "token.mint", store.customers.alias_of("c-1"))
    assert last["detail"]["scopes"] == ["offers:read", "preferences:write"]
    assert (last["detail"]["on_behalf_of"], last["detail"]["expires_at"]) == ("a-17", answer.json["expires_at"])
    assert answer.json["access_token"] not in str(last)
