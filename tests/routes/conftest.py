"""The real service for route tests: engine, store and cache on real servers, the shipped policy, four clients."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from service.app import create_app
from service.cache import Cache
from service.core.domain import Client
from service.engine.auth import SCOPES, new_key
from service.engine.engine import Engine
from service.runtime.config import Settings
from service.store import Store
from tests.clock import Clock

EVERYTHING = frozenset({"offers:read", "offers:explain", "events:write", "customers:write"})
CLIENTS = {
    "app": Client("app", EVERYTHING),
    "reader": Client("reader", frozenset({"offers:read"})),
    "own": Client("own", EVERYTHING, "c-1"),
    "branch": Client("branch", frozenset(SCOPES), branch="siming"),
    "stranger": Client("stranger", frozenset()),
}
SAVER = {
    "age": 44,
    "demand_yuan": 180_000.0,
    "time_deposit_yuan": 50_000.0,
    "structured_deposit_yuan": 0.0,
    "large_cd_yuan": 0.0,
    "wealth_product_yuan": 0.0,
    "fund_yuan": 0.0,
    "plan_yuan": 0.0,
    "mobile_app_active": True,
    "logins_30d": 12,
}
CUSTOMERS = {
    "c-1": {**SAVER, "branch_id": "siming"},
    "c-2": {**SAVER, "age": 61, "branch_id": "huli"},
    "c-dead": {**SAVER, "deceased": True},
    "客户 七": SAVER,
}

Headers = dict[str, str]


@pytest.fixture(scope="module")
def keys(store: Store) -> dict[str, Headers]:
    """The headers of each client."""
    headers = {}
    for name, client in CLIENTS.items():
        key, digest = new_key()
        store.clients.add(client, digest, actor="test")
        headers[name] = {"Authorization": f"Bearer {key}"}
    return headers


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The clock of the module's engine."""
    return Clock()


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    """The log lines of the module's app."""
    return []


@pytest.fixture(scope="module")
def app(store: Store, redis_url: str, lines: list[bytes], clock: Clock) -> Iterator[Flask]:
    redis.Redis.from_url(redis_url).flushall()  # answers from another module's database bear the same names
    store.customers.load(CUSTOMERS.items())
    settings = Settings()
    engine = Engine(settings, store, Cache(redis_url), clock)
    yield create_app(settings, engine, lines.append)
    engine.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def make_event() -> Callable[..., dict[str, Any]]:
    """``(**changes) -> event`` with an id of its own."""
    number = itertools.count(1)

    def make(**changes: Any) -> dict[str, Any]:
        event = {
            "id": f"e-{next(number)}",
            "customer_id": "c-1",
            "kind": "click",
            "at": "2026-01-05T09:30:00+08:00",
            "offer": "term-12m",
            "channel": "mobile_app",
        }
        return {name: value for name, value in (event | changes).items() if value is not ...}

    return make
