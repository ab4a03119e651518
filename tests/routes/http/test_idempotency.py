"""Idempotency-Key over the real engine: carried out once, answered the same, whatever happens in between."""

import itertools
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from service.core.domain import Client
from service.core.errors import FourcastError
from service.engine.auth import new_key
from service.engine.auth.keys import digest
from service.store import ConsentWords, Store
from tests.routes.conftest import CLIENTS
from tests.servers import execute

Keys = dict[str, dict[str, str]]
NUMBERS = itertools.count(1)
PATH = "/v1/customers/c-1/preferences"
NO = {"consents": {"marketing:sms": False}, "version": "v1"}


@pytest.fixture
def key() -> str:
    return f"k-{next(NUMBERS)}"


@pytest.fixture
def put(client: Any, keys: Keys, key: str) -> Callable[..., Any]:
    """``(body, who, key) -> answer`` to the customer's word."""

    def send(body: dict[str, Any] = NO, who: str = "app", key: str = key, path: str = PATH) -> Any:
        return client.put(path, json=body, headers=keys[who] | {"Idempotency-Key": key})

    return send


@pytest.fixture
def said(database_url: str) -> Callable[[], int]:
    """How many words stand in the ledger."""
    return lambda: int(str(execute(database_url, "SELECT count(*) FROM consents")[0][0]))


def test_the_same_request_again_gets_the_same_answer_and_is_not_carried_out_again(
    put: Callable[..., Any], said: Callable[[], int]
) -> None:
    before = said()
    first, second = put(), put()
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.data == first.data
    assert said() == before + 1
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert second.headers["Content-Type"] == "application/json"


def test_a_quoted_key_is_the_same_key(put: Callable[..., Any], key: str) -> None:
    put()
    assert "Idempotency-Replayed" in put(key=f'"{key}"').headers


def test_another_body_path_or_query_under_the_same_key_is_refused(put: Callable[..., Any]) -> None:
    put()
    for changes in (
        {"body": NO | {"version": "v2"}},
        {"path": "/v1/customers/c-2/preferences"},
        {"path": PATH + "?x=1"},
    ):
        answer = put(**changes)
        assert (answer.status_code, answer.json["type"]) == (422, "urn:fourcast:problem:idempotency-key-reused")


def test_answers_that_show_a_secret_and_no_others_are_kept_sealed(app: Flask, client: Any) -> None:
    document = client.get("/openapi.json").json
    shapes = document["components"]["schemas"]
    secret = {name for name, shape in shapes.items() if {"secret", "access_token"} & shape.get("properties", {}).keys()}
    showing = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
        and secret.intersection(re.findall(r"schemas/(\w+)", str(operation["responses"])))
    }
    assert showing == {"createWebhook", "rotateWebhook", "mintToken"}
    sealed = {name.rpartition(".")[2] for name, view in app.view_functions.items() if getattr(view, "secret", False)}
    assert sealed == {"create_webhook", "rotate_webhook", "mint_token"}


def test_keys_belong_to_their_client(put: Callable[..., Any]) -> None:
    put()
    answer = put(NO | {"version": "v9"}, who="own")
    assert answer.status_code == 200
    assert "Idempotency-Replayed" not in answer.headers


@pytest.mark.parametrize(
    "other",
    [
        Client("twin", frozenset({"customers:write"}), branch="huli"),
        Client("twin", frozenset({"customers:write"}), customer_id="c-1"),
        Client("twin", frozenset({"customers:write", "offers:read"}), branch="siming"),
    ],
    ids=["another branch", "a customer", "other scopes"],
)
def test_an_answer_is_not_shown_to_another_principal_of_the_same_name(
    client: Any, store: Store, key: str, other: Client
) -> None:
    def sent(who: Client) -> list[Any]:
        secret, digest_of_it = new_key()
        store.clients.add(who, digest_of_it, "test")
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
        return [client.put(PATH, json=NO, headers=headers) for _ in range(2)]

    first, again = sent(Client("twin", frozenset({"customers:write"}), branch="siming"))
    store.clients.revoke("twin", "test")
    assert (first.status_code, again.data, "Idempotency-Replayed" in again.headers) == (200, first.data, True)
    assert "Idempotency-Replayed" not in sent(other)[0].headers
    store.clients.revoke("twin", "test")


def test_an_error_of_the_caller_is_kept_too(client: Any, keys: Keys, make_event: Any, key: str) -> None:
    event, headers = make_event(customer_id="c-later"), keys["app"] | {"Idempotency-Key": key}
    first, second = (
        client.post("/v1/events", json=event, headers=headers | {"Accept-Language": spoken}) for spoken in ("zh", "en")
    )
    assert (first.status_code, second.status_code) == (404, 404)
    assert second.data == first.data, "also where it is asked in another language"
    assert second.headers["Content-Language"] == first.headers["Content-Language"] == "zh"
    assert second.content_type == "application/problem+json"


@pytest.mark.parametrize("bad", ["", " ", "a b", "x" * 129, "schlüssel"])
def test_a_key_that_is_none_is_refused(put: Callable[..., Any], bad: str) -> None:
    answer = put(key=bad)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["where"] == "Idempotency-Key"


def test_a_key_on_a_read_changes_nothing(client: Any, keys: Keys, key: str) -> None:
    for limit in (1, 2):
        path = f"/v1/customers/c-1/offers?limit={limit}"
        assert client.get(path, headers=keys["app"] | {"Idempotency-Key": key}).status_code == 200


def interrupted(database_url: str, key: str) -> None:
    """As if the request under this key had begun, and its process had ended before its answer was kept."""
    query = "UPDATE repeats SET status = NULL, headers = NULL, body = NULL, done = false WHERE key = %s RETURNING key"
    assert execute(database_url, query, key)


def test_of_many_at_once_one_is_carried_out(app: Flask, keys: Keys, key: str, said: Callable[[], int]) -> None:
    before, answers = said(), list[tuple[int, bytes, Any]]()

    def send() -> None:
        answer = app.test_client().put(PATH, json=NO, headers=keys["app"] | {"Idempotency-Key": key})
        answers.append((answer.status_code, answer.data, answer.headers.get("Retry-After")))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said() == before + 1
    assert {status for status, _, _ in answers} <= {200, 409}
    assert len({body for status, body, _ in answers if status == 200}) == 1
    assert all(wait == "1" for status, _, wait in answers if status == 409)


def test_what_ended_before_anything_was_written_is_carried_out_anew(
    put: Callable[..., Any], store: Store, database_url: str, key: str, said: Callable[[], int]
) -> None:
    put()
    interrupted(database_url, key)
    assert put().json["type"] == "urn:fourcast:problem:in-progress"
    execute(database_url, "UPDATE repeats SET at = at - 120000 WHERE key = %s", key)
    before = said()
    assert put().status_code == 200
    assert said() == before + 1


def test_what_ended_after_it_was_written_is_never_carried_out_again(
    put: Callable[..., Any], store: Store, database_url: str, key: str, said: Callable[[], int]
) -> None:
    put()
    interrupted(database_url, key)
    with store.idempotency.noting(digest(CLIENTS["app"].principal), key):
        store.consents.say("c-1", ConsentWords({"marketing:sms": True}, "app", "v1"), 1)
    execute(database_url, "UPDATE repeats SET at = at - 120000 WHERE key = %s", key)
    before = said()
    answer = put()
    assert (answer.status_code, answer.json["type"]) == (409, "urn:fourcast:problem:answer-lost")
    assert said() == before


def test_a_transaction_that_only_reads_or_is_rolled_back_marks_nothing(
    put: Callable[..., Any], store: Store, database_url: str, key: str
) -> None:
    put()
    interrupted(database_url, key)
    with store.idempotency.noting(digest(CLIENTS["app"].principal), key):
        store.audit.list_rows(1)
        with pytest.raises(FourcastError):
            store.consents.say("c-nobody", ConsentWords({"marketing:sms": True}, "app", "v1"), 1)
    assert execute(database_url, "SELECT done FROM repeats WHERE key = %s", key) == [(False,)]


def test_a_transaction_of_the_other_kind_marks_too(
    put: Callable[..., Any], store: Store, database_url: str, key: str
) -> None:
    put()
    interrupted(database_url, key)
    with store.idempotency.noting(digest(CLIENTS["app"].principal), key):
        store.audit.append("app", "test", "x", {})
    assert execute(database_url, "SELECT done FROM repeats WHERE key = %s", key) == [(True,)]
    store.audit.append("app", "test", "y", {})


def test_after_a_day_the_key_is_free(put: Callable[..., Any], store: Store, database_url: str, key: str) -> None:
    put()
    execute(database_url, "UPDATE repeats SET at = at - 86400001 WHERE key = %s", key)
    assert put(NO | {"version": "v3"}).status_code == 200
    execute(database_url, "UPDATE repeats SET at = at - 86400001 WHERE key = %s", key)
    store.idempotency.purge()
    assert execute(database_url, "SELECT 1 FROM repeats WHERE key = %s", key) == []
