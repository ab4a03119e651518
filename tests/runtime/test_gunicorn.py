"""The service as it runs: gunicorn with its own configuration, real HTTP, two workers, and what a network does."""

import gzip
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.runtime.embedded import start_postgres
from service.store import Store
from tests.served import Served, event
from tests.servers import DEADLINE_MS


@pytest.fixture(scope="module")
def served(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = Served(database_url, redis_url, tmp_path_factory.mktemp("home"))
    yield running
    running.stop()


def test_offers_are_served_over_http(served: Served) -> None:
    answer = served.get("/v1/customers/c-1/offers?channel=mobile_app", stream=True)
    sent = answer.raw.read(decode_content=False)
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(sent)
    assert json.loads(gzip.decompress(sent))["offers"]


def test_each_request_is_one_line_of_json_and_so_is_everything_else(served: Served) -> None:
    answer = served.get("/v1/customers/c-1/offers")
    mine = [line for line in served.lines() if line.get("request_id") == answer.headers["X-Request-Id"]]
    assert len(mine) == 1
    assert any("Listening at" in str(line.get("message")) for line in served.lines())


def test_the_metrics_are_summed_over_the_workers(served: Served) -> None:
    def count() -> float:
        found = re.search(
            r'fourcast_requests_total\{method="GET",route="/healthz",status="200"\} (\S+)', served.get("/metrics").text
        )
        return float(found[1]) if found else 0.0

    before = count()
    for _ in range(40):
        served.get("/healthz")
    assert count() == before + 40


def test_a_chunked_body_beyond_the_limit_is_refused(served: Served) -> None:
    answer = served.post("/v1/events", (b" " * 65536 for _ in range(20)))
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_chunked_body_within_the_limit_is_read(served: Served) -> None:
    assert served.post("/v1/events", iter([event("chunked")[:20], event("chunked")[20:]])).status_code in (201, 400)
    body = event("chunked-2")
    assert served.post("/v1/events", iter([body[:20], body[20:]])).status_code == 201


def test_a_body_that_ends_too_early_is_refused(served: Served) -> None:
    head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-API-Key: {served.key}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.sendall(head.encode() + b'Content-Length: 100\r\n\r\n{"id": ')
        line.shutdown(socket.SHUT_WR)
        assert b" 400 " in line.recv(65536).splitlines()[0]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(80)) + b"\r\n", b"431"),
        (b"nonsense\r\n\r\n", b"400"),
        (
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"400",
        ),
    ],
)
def test_what_is_no_http_is_refused_by_the_server(served: Served, request_bytes: bytes, status: bytes) -> None:
    assert served.raw(request_bytes).split(b" ")[1] == status


def test_an_encoded_path_reaches_its_customer_or_is_refused(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    for path, status in (("%63-1", 200), ("%00", 422), ("a%2Fb", 404), ("%E5%AE%A2", 404), ("%ff", 422)):
        connection.request("GET", f"/v1/customers/{path}/offers", headers={"X-API-Key": served.key})
        answer = connection.getresponse()
        assert (path, answer.status) == (path, status)
        answer.read()


def test_silent_clients_hold_no_worker_for_long(served: Served) -> None:
    silent = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(2)]
    try:
        for line in silent:
            line.sendall(b"GET /healthz HTTP/1.1\r\n")
        time.sleep(0.2)
        start = time.monotonic()
        assert served.get("/healthz").status_code == 200
        assert time.monotonic() - start < 8
    finally:
        for line in silent:
            line.close()
    assert not any("timeout" in str(line.get("message", "")).lower() for line in served.lines()), "no worker was killed"


def test_a_killed_worker_is_replaced_and_its_counts_stay(served: Served) -> None:
    def total() -> float:
        found = re.findall(r"fourcast_requests_total\{[^}]*\} (\S+)", served.get("/metrics").text)
        return sum(map(float, found))

    before = total()
    children = subprocess.run(["pgrep", "-P", str(served.process.pid)], capture_output=True, text=True, check=True)
    os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
    time.sleep(1.0)
    assert all(served.get("/healthz").status_code == 200 for _ in range(10))
    assert total() >= before


def test_it_leaves_nothing_behind(database_url: str, redis_url: str, tmp_path: Path) -> None:
    served = Served(database_url, redis_url, tmp_path, workers=1)
    metrics = f"fourcast-metrics-{served.process.pid}-*"
    assert len(list(Path("/dev/shm").glob(metrics))) == 1
    assert served.stop() == 0
    assert list(Path("/dev/shm").glob(metrics)) == []
    assert [path.name for path in tmp_path.iterdir()] == ["log"], "no control socket, no other file"


def test_when_postgresql_goes_away_offers_go_on_and_events_wait(redis_url: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with start_postgres(state) as server:
        store = Store(server.url, DEADLINE_MS)
        store.migrate()
        store.close()
        home = tmp_path / "home"
        home.mkdir()
        served = Served(server.url, redis_url.replace("db=0", "db=1"), home, workers=1)
        try:
            fresh = served.get("/v1/customers/c-1/offers?limit=1")
            assert fresh.json()["degraded"] in ([], ["models"])
            assert served.post("/v1/events", event("before")).status_code == 201
            kept = served.get("/v1/customers/c-1/offers?limit=2")
            server.stop()

            cached = served.get("/v1/customers/c-1/offers?limit=2")
            assert cached.status_code == 200
            line = served.lines()[-1]
            assert (line["source"], line["degraded"]) == ("cached", ["database"])
            assert cached.json()["decision_id"] == kept.json()["decision_id"]
            default = served.get("/v1/customers/c-1/offers?limit=5")
            assert default.status_code == 200
            assert "database" in default.json()["degraded"]
            assert default.headers["Cache-Control"] == "private, no-cache"

            refused = served.post("/v1/events", event("during"))
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) >= 1
            assert refused.json()["type"] == "urn:fourcast:problem:unavailable"
            assert served.get("/readyz").status_code == 503
            assert served.get("/healthz").status_code == 200
        finally:
            served.stop()
