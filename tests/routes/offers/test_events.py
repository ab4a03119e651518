"""POST events over the real engine: durable, harmless to repeat, all faults at once, nothing half stored unsaid."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from service.routes.offers.events import MAX_EVENTS, EventsAnswer
from service.store import Store
from tests.servers import execute

Keys = dict[str, dict[str, str]]
Event = Callable[..., dict[str, Any]]


def stored(database_url: str, event_id: str) -> int:
    return len(execute(database_url, "SELECT 1 FROM events WHERE id = %s", event_id))


def raw(client: Any, keys: Keys, body: bytes | str, media: str = "application/json") -> Any:
    return client.post("/v1/events", data=body, content_type=media, headers=keys["app"])


def test_an_event_is_in_the_database_when_it_is_acknowledged(
    client: Any, keys: Keys, make_event: Event, database_url: str
) -> None:
    event = make_event()
    answer = client.post("/v1/events", json=event, headers=keys["app"])
    assert (answer.status_code, answer.json) == (201, {"events": [{"id": event["id"], "status": "stored"}]})
    assert EventsAnswer(unknown="raise").validate(answer.json) == {}
    assert stored(database_url, event["id"]) == 1


def test_sending_it_again_changes_nothing(
    client: Any, keys: Keys, make_event: Event, store: Store, database_url: str
) -> None:
    event = make_event()
    client.post("/v1/events", json=event, headers=keys["app"])
    revision = store.customers.read_revision("c-1")[0]
    answer = client.post("/v1/events", json=event, headers=keys["app"])
    assert (answer.status_code, answer.json) == (200, {"events": [{"id": event["id"], "status": "duplicate"}]})
    assert store.customers.read_revision("c-1")[0] == revision
    assert stored(database_url, event["id"]) == 1


def test_the_same_instant_in_another_offset_is_the_same_event(client: Any, keys: Keys, make_event: Event) -> None:
    event = make_event(at="2026-01-05T09:30:00+08:00")
    client.post("/v1/events", json=event, headers=keys["app"])
    again = client.post("/v1/events", json=event | {"at": "2026-01-05T01:30:00Z"}, headers=keys["app"])
    assert again.json["events"][0]["status"] == "duplicate"


def test_an_id_used_for_another_content_is_a_conflict(client: Any, keys: Keys, make_event: Event) -> None:
    event = make_event()
    client.post("/v1/events", json=event, headers=keys["app"])
    answer = client.post("/v1/events", json=event | {"kind": "dismiss"}, headers=keys["app"])
    assert (answer.status_code, answer.json["type"]) == (409, "urn:fourcast:problem:conflict")


def test_an_event_of_an_unknown_customer_is_not_found_and_not_kept(
    client: Any, keys: Keys, make_event: Event, database_url: str
) -> None:
    event = make_event(customer_id="nobody")
    assert client.post("/v1/events", json=event, headers=keys["app"]).status_code == 404
    assert stored(database_url, event["id"]) == 0
    assert client.post("/v1/events", json=event | {"customer_id": "c-1"}, headers=keys["app"]).status_code == 201


def test_several_events_are_told_apart(client: Any, keys: Keys, make_event: Event) -> None:
    old, new = make_event(), make_event()
    client.post("/v1/events", json=old, headers=keys["app"])
    answer = client.post("/v1/events", json={"events": [old, new, new]}, headers=keys["app"])
    assert answer.status_code == 201
    assert [row["status"] for row in answer.json["events"]] == ["duplicate", "stored", "duplicate"]


def test_one_event_that_cannot_be_taken_is_named_and_the_others_are_kept(
    client: Any, keys: Keys, make_event: Event, database_url: str
) -> None:
    good, bad, late = make_event(), make_event(customer_id="nobody"), make_event()
    answer = client.post("/v1/events", json={"events": [good, bad, late]}, headers=keys["app"])
    assert answer.status_code == 201
    assert [row["status"] for row in answer.json["events"]] == ["stored", "refused", "stored"]
    problem = answer.json["events"][1]["problem"]
    assert (problem["type"], 'No customer "nobody"' in problem["detail"]) == ("urn:fourcast:problem:not-found", True)
    assert stored(database_url, good["id"]) == stored(database_url, late["id"]) == 1


def test_faults_are_found_before_anything_is_stored(
    client: Any, keys: Keys, make_event: Event, database_url: str
) -> None:
    good = make_event()
    bad = make_event(kind="glance", at="yesterday", amount_yuan=True, ofer="x")
    answer = client.post("/v1/events", json={"events": [good, bad, 7]}, headers=keys["app"])
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json["errors"]] == [
        "events.1.kind",
        "events.1.at",
        "events.1.amount_yuan",
        "events.1.ofer",
        "events.2",
    ]
    assert stored(database_url, good["id"]) == 0


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"id": 7}, "id"),
        ({"id": ""}, "id"),
        ({"id": ...}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"customer_id": ["c-1"]}, "customer_id"),
        ({"at": 1767225600000}, "at"),
        ({"amount_yuan": -1}, "amount_yuan"),
        ({"amount_yuan": 1e13}, "amount_yuan"),
        ({"amount_yuan": "5"}, "amount_yuan"),
        ({"kind": "survey", "score": 11}, "score"),
        ({"kind": "survey"}, "score"),
        ({"offer": None}, "offer"),
        ({"offer": ...}, "offer"),
    ],
)
def test_each_field_is_strict(client: Any, keys: Keys, make_event: Event, changes: dict[str, Any], where: str) -> None:
    answer = client.post("/v1/events", json=make_event(**changes), headers=keys["app"])
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json["errors"]] == [where]


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"7", b'"x"', b'{"events": {}}', b'{"events": []}', b'{"events": [], "x": 1}']
)
def test_a_body_of_another_shape_is_refused(client: Any, keys: Keys, body: bytes) -> None:
    assert raw(client, keys, body).status_code == 422


def test_more_events_than_fit_are_refused(client: Any, keys: Keys, make_event: Event) -> None:
    answer = client.post("/v1/events", json={"events": [make_event()] * (MAX_EVENTS + 1)}, headers=keys["app"])
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"where": "events", "message": "must be an array of 1 to 200 events, got 201"}]


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b'{"id": ', "application/json", 400),
        (b'{"id": "a", "id": "b"}', "application/json", 400),
        (b'{"amount_yuan": NaN}', "application/json", 400),
        (b'{"amount_yuan": 9223372036854775808}', "application/json", 400),
        (b'{"id": "\\u0000"}', "application/json", 400),
        (b'{"id": "\\udfff"}', "application/json", 400),
        (b"[" * 4_000, "application/json", 400),
        (b"[" * 100_000, "application/json", 413),
        (b"\xff", "application/json", 400),
        (b"", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"id=1", "application/x-www-form-urlencoded", 415),
        (b" " * 1_048_577, "application/json", 413),
    ],
)
def test_poison_is_refused_before_it_reaches_a_schema(
    client: Any, keys: Keys, body: bytes, media: str, status: int
) -> None:
    answer = raw(client, keys, body, media)
    assert (answer.status_code, answer.json["status"]) == (status, status)
    assert answer.content_type == "application/problem+json"
    json.dumps(answer.json).encode()


def test_an_event_for_another_customer_is_refused_to_a_customers_own_key(
    client: Any, keys: Keys, make_event: Event, database_url: str
) -> None:
    mine, other = make_event(), make_event(customer_id="c-2")
    alone = client.post("/v1/events", json=other, headers=keys["own"])
    assert (alone.status_code, [error["where"] for error in alone.json["errors"]]) == (403, ["customer_id"])
    answer = client.post("/v1/events", json={"events": [mine, other]}, headers=keys["own"])
    assert [row["status"] for row in answer.json["events"]] == ["stored", "refused"]
    assert answer.json["events"][1]["problem"]["type"] == "urn:fourcast:problem:forbidden"
    assert (stored(database_url, mine["id"]), stored(database_url, other["id"])) == (1, 0)


def test_an_event_may_come_packed_by_gzip_and_nothing_else(client: Any, keys: Keys, make_event: Event) -> None:
    plain = json.dumps(make_event()).encode()

    def post(body: bytes, coding: str) -> Any:
        headers = keys["app"] | {"Content-Encoding": coding, "Content-Type": "application/json"}
        return client.post("/v1/events", data=body, headers=headers)

    assert post(gzip.compress(plain), "gzip").status_code == 201
    assert post(plain, "identity").json["events"][0]["status"] == "duplicate"
    refused = post(zlib.compress(plain), "deflate")
    assert (refused.status_code, refused.headers["Accept-Encoding"]) == (415, "gzip")
    assert refused.json["type"] == "urn:fourcast:problem:unsupported-media-type"
    assert post(gzip.compress(b" " * 2_000_000 + plain), "gzip").status_code == 413


def test_the_same_request_packed_and_not_is_the_same_request(client: Any, keys: Keys, make_event: Event) -> None:
    plain = json.dumps(make_event()).encode()
    headers = keys["app"] | {"Idempotency-Key": "packed-1", "Content-Type": "application/json"}
    assert client.post("/v1/events", data=plain, headers=headers).status_code == 201
    again = client.post("/v1/events", data=gzip.compress(plain), headers=headers | {"Content-Encoding": "gzip"})
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
