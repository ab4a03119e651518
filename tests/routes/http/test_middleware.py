"""The middleware around a small WSGI app: names in and out, one log line without personal data, metrics."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from prometheus_client import REGISTRY
from werkzeug.test import Client

from service.routes.http.metrics import exposition
from service.routes.http.middleware import Middleware

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def hello(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@pytest.fixture
def lines() -> list[bytes]:
    return []


@pytest.fixture
def client(lines: list[bytes]) -> Client:
    return Client(Middleware(hello, lines.append))


def test_a_request_without_names_gets_them(client: Client, lines: list[bytes]) -> None:
    answer = client.get("/")
    line = json.loads(lines[0])
    assert answer.headers["X-Request-Id"] == line["request_id"] == line["trace_id"]
    assert len(line["trace_id"]) == 32
    assert "traceparent" not in answer.headers
    assert client.get("/").headers["X-Request-Id"] != answer.headers["X-Request-Id"]


def test_sane_names_are_kept_and_passed_on(client: Client, lines: list[bytes]) -> None:
    answer = client.get("/", headers={"X-Request-Id": "app-1.2_3", "traceparent": PARENT})
    line = json.loads(lines[0])
    assert answer.headers["X-Request-Id"] == line["request_id"] == "app-1.2_3"
    assert line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert answer.headers["traceparent"] == PARENT


@pytest.mark.parametrize("name", ["a b", "x" * 65, "", 'a"b', "<script>", "a;b"])
def test_a_request_id_that_is_not_sane_is_replaced(client: Client, name: str) -> None:
    assert client.get("/", headers={"X-Request-Id": name}).headers["X-Request-Id"] != name


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "00-abc-def-01",
        PARENT.upper(),
        PARENT + "-x",
        PARENT.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-{'1' * 16}-01",
    ],
)
def test_a_traceparent_that_is_none_is_not_passed_on(client: Client, lines: list[bytes], parent: str) -> None:
    assert "traceparent" not in client.get("/", headers={"traceparent": parent}).headers
    assert len(json.loads(lines[0])["trace_id"]) == 32


def test_the_log_line_is_one_line_of_json_without_path_and_query(client: Client, lines: list[bytes]) -> None:
    client.get("/v1/customers/c-000042/offers?channel=sms\n", headers={"User-Agent": "c-000042"})
    assert len(lines) == 1
    assert lines[0].count(b"\n") == 1
    assert b"c-000042" not in lines[0]
    line = json.loads(lines[0])
    assert (line["method"], line["status"], line["route"]) == ("GET", 200, "unmatched")
    assert line["ms"] >= 0


def test_a_made_up_method_does_not_grow_the_metrics(client: Client, lines: list[bytes]) -> None:
    client.open("/", method="BREW")
    assert json.loads(lines[0])["method"] == "other"


def test_requests_are_counted_and_timed(client: Client) -> None:
    labels = {"route": "unmatched", "method": "PUT", "status": "200"}
    before = REGISTRY.get_sample_value("fourcast_requests_total", labels) or 0
    client.put("/")
    assert REGISTRY.get_sample_value("fourcast_requests_total", labels) == before + 1
    assert b'fourcast_request_seconds_bucket{le="0.001",route="unmatched"}' in exposition()


def test_a_failure_below_is_logged_as_500_and_not_hidden(lines: list[bytes]) -> None:
    def fail(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Client(Middleware(fail, lines.append)).get("/")
    assert json.loads(lines[0])["status"] == 500
