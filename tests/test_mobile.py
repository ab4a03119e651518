"""What the bank's mobile app expects, row by row, over real HTTP from a running gunicorn."""

import gzip
import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
import requests

from service.core.domain import Client
from service.engine.auth import new_key
from service.engine.offers.offer_tokens import OfferTokens
from service.store import Store
from tests.routes.conftest import EVERYTHING, SAVER
from tests.served import Served
from tests.servers import DEADLINE_MS, execute

OFFERS = "/v1/customers/c-1/offers"
ASKED = f"{OFFERS}?channel=mobile_app&placement=home_banner"


@pytest.fixture(scope="module")
def served(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    redis.Redis.from_url(redis_url).flushall()  # answers from another module's database bear the same names
    running = Served(database_url, redis_url, tmp_path_factory.mktemp("home"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def store(database_url: str, served: Served) -> Iterator[Store]:
    opened = Store(database_url, DEADLINE_MS)
    opened.customers.load([("c-2", SAVER), ("c-3", SAVER), ("c-dead", {**SAVER, "deceased": True})])
    yield opened
    opened.close()


def call(served: Served, method: str, path: str, key: str | None = None, **more: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {key or served.key}", **more.pop("headers", {})}
    return requests.request(method, f"http://127.0.0.1:{served.port}{path}", headers=headers, timeout=15, **more)


def event(kind: str, offer: dict[str, Any], number: int, customer: str = "c-1", **more: Any) -> dict[str, Any]:
    about = {"customer_id": customer, "kind": kind, "offer": offer["offer"], "channel": offer["channel"]}
    return {"id": f"m-{customer}-{number}", "at": datetime.now(UTC).isoformat(), **about, **more}


def made(store: Store, client: Client) -> str:
    key, digest = new_key()
    store.clients.add(client, digest, actor="test")
    return key


def test_the_contract_stands_at_a_stable_url_with_stable_names(served: Served) -> None:
    contract = call(served, "GET", "/openapi.json").json()
    assert contract["openapi"].startswith("3.1")
    offers = contract["paths"]["/v1/customers/{customer_id}/offers"]
    assert (offers["get"]["operationId"], offers["post"]["operationId"]) == ("listOffers", "requestOffers")


def test_offers_by_get_and_by_post_three_by_default_and_ten_at_most(served: Served) -> None:
    by_get = call(served, "GET", ASKED)
    assert len(by_get.json()["offers"]) == 3
    facts = {"channel": "mobile_app", "placement": "home_banner"}
    assert call(served, "POST", OFFERS, json=facts).content == by_get.content
    context = facts | {"trigger": "maturity", "amount_yuan": 50_000, "limit": 10}
    told = call(served, "POST", OFFERS, json=context)
    assert told.status_code == 200
    assert 3 < len(told.json()["offers"]) <= 10
    for too_many in (call(served, "GET", f"{OFFERS}?limit=11"), call(served, "POST", OFFERS, json={"limit": 11})):
        assert too_many.status_code == 422


def test_each_offer_stands_for_itself_with_its_words_in_both_languages(served: Served) -> None:
    for language, letters in (("en-GB,en;q=0.9", "en"), ("zh-CN", "zh")):
        answer = call(served, "GET", ASKED, headers={"Accept-Language": language})
        assert answer.headers["Content-Language"] == answer.json()["language"] == letters
        for rank, offer in enumerate(answer.json()["offers"], start=1):
            assert (offer["rank"], offer["channel"]) == (rank, "mobile_app")
            assert offer["decision_id"] == answer.json()["decision_id"]
            assert datetime.fromisoformat(offer["valid_until"]) > datetime.now(UTC)
            assert all(reason["code"] and reason["text"] for reason in offer["reasons"])
            words = offer["text"]
            assert words["title"] and words["body"] and words["disclosures"] and "://" in words["link"]
            assert offer["token"]


def test_nothing_suitable_is_200_with_an_empty_list_and_the_reasons(served: Served, store: Store) -> None:
    answer = call(served, "GET", "/v1/customers/c-dead/offers")
    assert (answer.status_code, answer.json()["offers"]) == (200, [])
    assert all(row["code"] and row["text"] for row in answer.json()["withheld"])


def test_every_error_is_a_problem_with_its_trace_id(served: Served, store: Store) -> None:
    poor = made(store, Client("poor", EVERYTHING, quota=1))
    call(served, "GET", ASKED, poor)
    answers = {
        404: call(served, "GET", "/v1/nothing"),
        405: call(served, "DELETE", OFFERS),
        413: call(served, "POST", "/v1/events", data=b" " * 2_000_000, headers={"Content-Type": "application/json"}),
        415: call(served, "POST", "/v1/events", data=b"x=1", headers={"Content-Type": "text/plain"}),
        422: call(served, "POST", "/v1/events", json={"kind": "glance"}),
        429: call(served, "GET", ASKED, poor),
        401: call(served, "GET", ASKED, "fck_nobody"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert len(answer.json()["trace_id"]) == 32
    assert set(answers[405].headers["Allow"].split(", ")) >= {"GET", "POST"}
    assert 1 <= int(answers[429].headers["Retry-After"]) <= 60
    assert {"id", "customer_id", "kind", "at"} <= {row["where"] for row in answers[422].json()["errors"]}


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_a_problem_too(served: Served, request_bytes: bytes, status: int) -> None:
    head, _, body = served.raw(request_bytes).partition(b"\r\n\r\n")
    assert int(head.split(b" ")[1]) == status
    assert b"application/problem+json" in head
    document = json.loads(body)
    assert document["status"] == status
    assert {"type", "title", "detail", "trace_id"} <= document.keys()


def test_an_answer_may_be_kept_and_asked_after(served: Served) -> None:
    answer = call(served, "GET", ASKED)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    vary = answer.headers["Vary"].replace(" ", "").split(",")
    assert {"Accept-Language", "Authorization", "Accept-Encoding"} <= set(vary)
    again = call(served, "GET", ASKED, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = call(served, "GET", ASKED, headers={"Accept-Encoding": "identity", "If-None-Match": answer.headers["ETag"]})
    assert plain.status_code == 304, "packed or not, it is the same answer"


def test_a_long_answer_is_packed_for_who_takes_it_and_a_short_one_is_not(served: Served) -> None:
    def raw(path: str, accepted: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
        headers = {"Authorization": f"Bearer {served.key}", "Accept-Encoding": accepted}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()

    plain, body = raw(ASKED, "identity")
    packed, less = raw(ASKED, "br, gzip;q=0.8")
    assert plain.getheader("Content-Encoding") is None
    assert packed.getheader("Content-Encoding") == "gzip"
    assert gzip.decompress(less) == body
    assert len(less) < len(body) / 2
    assert packed.getheader("ETag") != plain.getheader("ETag")
    assert raw(ASKED, "gzip;q=0")[0].getheader("Content-Encoding") is None
    assert raw("/healthz", "gzip")[0].getheader("Content-Encoding") is None


def test_names_and_limits_come_back_with_every_answer(served: Served, store: Store) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    key = made(store, Client("counted", EVERYTHING, quota=1000))
    answer = call(served, "GET", ASKED, key, headers={"traceparent": parent, "X-Request-Id": "app-17"})
    assert answer.headers["X-Request-Id"] == "app-17"
    assert answer.headers["traceparent"].split("-")[1] == parent.split("-")[1]
    assert answer.headers["RateLimit-Policy"] == '"requests";q=1000;w=60'
    left = [part for part in answer.headers["RateLimit"].split(";") if part.startswith("r=")]
    assert 900 <= int(left[0][2:]) < 1000


def test_a_quota_holds_over_all_workers(served: Served, store: Store) -> None:
    key = made(store, Client("racer", EVERYTHING, quota=20))
    begun = time.time() // 60
    statuses = [call(served, "GET", "/v1/customers/c-1/preferences", key).status_code for _ in range(50)]
    minutes = int(time.time() // 60 - begun) + 1
    assert 20 <= statuses.count(200) <= 20 * minutes
    assert statuses.count(200) + statuses.count(429) == 50


def test_what_happened_is_taken_and_an_accept_needs_its_token(served: Served, store: Store) -> None:
    offers = call(served, "GET", "/v1/customers/c-2/offers?channel=mobile_app").json()["offers"]
    first, second = offers[0], offers[1]
    for number, kind in enumerate(("impression", "click", "reject")):
        assert call(served, "POST", "/v1/events", json=event(kind, second, number, "c-2")).status_code == 201
    without = event("accept", first, 10, "c-2")
    assert call(served, "POST", "/v1/events", json=without).status_code == 422
    assert call(served, "POST", "/v1/events", json=without | {"token": second["token"]}).status_code == 422
    assert call(served, "POST", "/v1/events", json=without | {"token": first["token"]}).status_code == 201
    stolen = event("accept", first, 11, "c-1", token=first["token"])
    assert call(served, "POST", "/v1/events", json=stolen).status_code == 422


def test_an_accept_sent_again_after_its_token_expired_is_a_duplicate(served: Served, store: Store) -> None:
    shown = call(served, "GET", "/v1/customers/c-2/offers?channel=mobile_app").json()["offers"][0]
    words = shown["decision_id"], "c-2", shown["offer"], shown["channel"]
    end = int(time.time()) + 3
    token = OfferTokens(store, 1).mint(*words, (end - 3600) * 1000)
    accept = event("accept", shown, 20, "c-2", token=token)
    assert call(served, "POST", "/v1/events", json=accept).status_code == 201
    time.sleep(end + 1 - time.time())
    again = call(served, "POST", "/v1/events", json=accept)
    assert (again.status_code, again.json()["events"][0]["status"]) == (200, "duplicate")
    for other in ({"id": "m-c-2-21"}, {"at": datetime.now(UTC).isoformat()}):
        refused = call(served, "POST", "/v1/events", json=accept | other)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:fourcast:problem:offer-token")


def test_of_eight_accepts_at_once_over_two_workers_exactly_one_counts(
    served: Served, store: Store, database_url: str
) -> None:
    store.customers.load([("c-rush", SAVER)])
    shown = call(served, "GET", "/v1/customers/c-rush/offers?channel=mobile_app").json()["offers"][0]
    start = threading.Barrier(8)

    def accept(number: int) -> tuple[int, str]:
        start.wait(30)
        sent = event("accept", shown, number, "c-rush", token=shown["token"])
        answer = call(served, "POST", "/v1/events", json=sent)
        return answer.status_code, answer.json()["events"][0]["status"]

    with ThreadPoolExecutor(8) as threads:
        became = sorted(threads.map(accept, range(8)))
    assert became == [(200, "duplicate")] * 7 + [(201, "stored")]
    assert execute(database_url, "SELECT count(*) FROM events WHERE customer_id = 'c-rush'") == [(1,)]


def test_a_dismissal_counts_on_the_next_call(served: Served, store: Store) -> None:
    path = "/v1/customers/c-3/offers?channel=mobile_app"
    first = call(served, "GET", path).json()["offers"][0]
    assert call(served, "POST", "/v1/events", json=event("dismiss", first, 1, "c-3")).status_code == 201
    for _ in range(4):  # whichever worker answers
        assert first["offer"] not in [offer["offer"] for offer in call(served, "GET", path).json()["offers"]]


def test_a_customers_key_reads_that_customer_and_nobody_else(served: Served, store: Store) -> None:
    own = made(store, Client("own", EVERYTHING, customer_id="c-2"))
    assert call(served, "GET", "/v1/customers/c-2/offers", own).status_code == 200
    for path in ("/v1/customers/c-1/offers", "/v1/customers/c-1/preferences", "/v1/customers/nobody/offers"):
        assert call(served, "GET", path, own).status_code == 403


def test_opting_out_is_one_call_away_and_immediate(served: Served, store: Store) -> None:
    store.customers.load([("c-out", SAVER)])
    path = "/v1/customers/c-out/offers?channel=mobile_app"
    assert call(served, "GET", path).json()["personalised"] is True
    said = {"personalisation": False, "do_not_contact": True, "consents": {"marketing:sms": False}, "version": "v1"}
    answer = call(served, "PUT", "/v1/customers/c-out/preferences", json=said)
    assert answer.status_code == 200
    assert answer.json()["personalisation"] is False
    assert answer.json()["do_not_contact"] is True
    for _ in range(4):
        assert call(served, "GET", path).json()["personalised"] is False


def test_a_write_sent_again_gets_its_first_answer_even_after_a_restart(
    database_url: str, redis_url: str, tmp_path: Any
) -> None:
    said, key = {"do_not_contact": True, "version": "v1"}, {"Idempotency-Key": "restart-1"}
    path = "/v1/customers/c-1/preferences"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = Served(database_url, redis_url, tmp_path / "a", 1)
    try:
        before = call(first, "PUT", path, json=said, headers=key)
    finally:
        first.stop()
    second = Served(database_url, redis_url, tmp_path / "b", 1)
    try:
        after = call(second, "PUT", path, first.key, json=said, headers=key)
        other = call(second, "PUT", path, first.key, json=said | {"version": "v2"}, headers=key)
    finally:
        second.stop()
    assert (before.status_code, after.status_code, other.status_code) == (200, 200, 422)
    assert after.content == before.content
    assert after.headers["Idempotency-Replayed"] == "true"
