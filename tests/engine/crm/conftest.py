"""The service behind a real socket, and clients that speak HTTP to it: the bank's own, a branch's, a customer's."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis
import requests
from werkzeug.serving import make_server

from service.app import create_app
from service.cache import Cache
from service.core.domain import Client
from service.engine.auth import SCOPES, new_key
from service.engine.engine import Engine
from service.runtime.config import Settings
from service.store import Store
from tests.clock import Clock
from tests.routes.conftest import SAVER
from tests.servers import execute

ALL = frozenset(SCOPES)


@dataclass(frozen=True)
class Crm:
    """A CRM's connection: ``ask("PUT", "/v1/...", {...})`` over HTTP with its own key."""

    base: str
    key: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        known = {"Authorization": f"Bearer {self.key}", "Accept-Language": "en"}
        return requests.request(method, self.base + path, json=body, headers=known | headers, timeout=30)


@dataclass(frozen=True)
class House:
    """One served engine with its store, and keys made on the spot."""

    base: str
    engine: Engine
    store: Store

    def client(self, name: str, customer_id: str | None = None, scopes: frozenset[str] = ALL, **more: Any) -> Crm:
        key, digest = new_key()
        self.store.clients.add(Client(name, scopes, customer_id, **more), digest, actor="test")
        return Crm(self.base, key)


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The clock of the module's engine."""
    return Clock()


@pytest.fixture(scope="module")
def house(store: Store, redis_url: str, clock: Clock) -> Iterator[House]:
    redis.Redis.from_url(redis_url).flushall()
    settings = Settings()
    engine = Engine(settings, store, Cache(redis_url), clock)
    server = make_server("127.0.0.1", 0, create_app(settings, engine, lambda _line: None), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield House(f"http://127.0.0.1:{server.port}", engine, store)
    server.shutdown()
    thread.join(5)
    engine.close()


@pytest.fixture(scope="module")
def bank(house: House) -> Crm:
    """The bank's own CRM: reaches everybody."""
    return house.client("bank-crm")


@pytest.fixture
def saver() -> Callable[..., dict[str, Any]]:
    """``(**facts) -> attributes`` of a customer whom the shipped policy has offers for."""
    return lambda **facts: SAVER | facts


def everything(house: House) -> str:
    """Every row of every table as text, bytes too."""
    url = house.store.url
    names = execute(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    execute(url, "DELETE FROM changes WHERE type = 'customer.erased'")  # the one word that is left, for 30 days
    rows = [execute(url, f'SELECT t::text FROM "{name}" AS t') for (name,) in names]
    raw = [execute(url, "SELECT record FROM decisions"), execute(url, "SELECT body FROM repeats WHERE body <> ''")]
    read = (bytes(row[0]).decode(errors="replace") for found in raw for row in found)  # type: ignore[call-overload]
    return "\n".join([*(str(row[0]) for found in rows for row in found), *read])


def follow(bank: Crm, token: str, limit: int = 100) -> tuple[list[dict[str, Any]], str]:
    """Everything since the token, page by page, and where one stands then."""
    found: list[dict[str, Any]] = []
    while True:
        answer = bank.ask("GET", f"/v1/changes?since={token}&limit={limit}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert f"since={page['next']}" in answer.headers["Link"]
        found, token = found + page["changes"], page["next"]
        if len(page["changes"]) < limit:
            return found, token
