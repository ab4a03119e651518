"""One whole story over HTTP, traced and logged at its most talkative, and what the operator saw of it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
import requests

from service.store import Store
from tests.observability.collector import Collector
from tests.routes.conftest import SAVER
from tests.served import Served
from tests.waiting import eventually

WHO = "zhang-wei-8841"
STRANGER = "nobody-knows-7719"
PERSONAL = {**SAVER, "demand_yuan": 183_457.25, "time_deposit_yuan": 71_234.5, "region": "siming-bay-east"}
SECRETS = (WHO, STRANGER, "183457.25", "71234.5", "siming-bay-east", "42424.24", "1e9-of-them", "wang-fang")
"""The customer, somebody who is none, what they own, where they live, and what was said in requests that failed."""

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Seen:
    """What the operator has after the story: the log, the spans, the metrics while it ran, and the answers."""

    log: str
    collector: Collector
    metrics: str
    answers: dict[str, requests.Response]

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]


@pytest.fixture(scope="package")
def seen(make_database: Any, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    redis.Redis.from_url(redis_url).flushall()
    database, folder, collector = make_database(), tmp_path_factory.mktemp("home"), Collector()
    store = Store(database, 2000)
    store.customers.load([(WHO, PERSONAL)])
    store.close()
    traced = {"FOURCAST_TRACES_URL": collector.url, "FOURCAST_TRACES_SHARE": "1", "FOURCAST_LOG_LEVEL": "debug"}
    served = Served(database, redis_url, folder, **traced)
    try:
        assert eventually(lambda: re.search(r"^fourcast_serving{.*} 2\.0$", served.get("/metrics").text, re.MULTILINE))
        answers = story(served)
        metrics = served.get("/metrics").text
    finally:
        served.stop()
    yield Seen((folder / "log").read_text(), collector, metrics, answers)
    collector.close()


def story(served: Served) -> dict[str, requests.Response]:
    """Everything that happens to a customer, the faults of callers included."""
    offers = f"/v1/customers/{WHO}/offers?channel=mobile_app&placement=home_banner"
    named = {"Authorization": f"Bearer {served.key}", "traceparent": TRACEPARENT, "X-Request-Id": "app-1"}
    answers = {
        "fresh": requests.get(f"http://127.0.0.1:{served.port}{offers}", headers=named, timeout=10),
        "cached": served.get(offers),
        "explained": served.get(f"{offers}&explain=true"),
        "portrait": served.get(f"/v1/customers/{WHO}/portrait"),
        "stranger": served.get(f"/v1/customers/{STRANGER}/offers"),
        "misspelt": served.get(f"{offers}&amount_yuan=1e9-of-them"),
        "event": served.post("/v1/events", event(amount_yuan=42_424.24)),
        "wrong event": served.post("/v1/events", event(id="e-2", kind="wang-fang")),
        "broken body": served.post("/v1/events", f'{{"id": "{WHO}", wang-fang'.encode()),
        "preferences": served.get(f"/v1/customers/{WHO}/preferences"),
    }
    decision = answers["fresh"].json()["decision_id"]
    served.raw(f"GET /v1/customers/{WHO}/offers NO/HTTP\r\n\r\n".encode())
    served.raw(f"GET /healthz HTTP/1.1\r\nHost: x\r\nX {WHO}: 1\r\n\r\n".encode())
    for part in ("", "/explanation", "/replay"):
        answers[f"decision{part}"] = served.get(f"/v1/decisions/{decision}{part}")
    return answers


def event(**changes: object) -> bytes:
    document = {"id": "e-1", "customer_id": WHO, "kind": "purchase", "offer": "term-12m", "channel": "mobile_app"}
    return json.dumps(document | {"at": datetime.now(UTC).isoformat()} | changes).encode()
