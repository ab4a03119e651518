"""A whole Fourcast for tools that know nothing but its contract: real servers, gunicorn, the contract's own examples.

The customers of the examples are stored, so that what the document shows works as shown; one key opens everything.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.core.domain import Client
from service.engine.auth import SCOPES, new_key
from service.rules.policy import DEFAULT, load
from service.runtime.embedded import start_postgres, start_valkey
from service.store import Store
from tests.routes.conftest import CUSTOMERS, SAVER
from tests.served import Served

EXAMPLE_CUSTOMER = "c-000001"


@contextlib.contextmanager
def running(workers: int = 2) -> Iterator[Served]:
    """The service at ``http://127.0.0.1:<port>``; its ``key`` bears every scope."""
    with contextlib.ExitStack() as started:
        state = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="fourcast-contract-")))
        database = started.enter_context(start_postgres(state, {"fsync": "off"})).url
        redis = started.enter_context(start_valkey(state)).url
        key = prepared(database)
        home = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="fourcast-home-")))
        served = Served(database, redis, home, workers)
        started.callback(served.stop)
        served.key = key
        yield served


def prepared(database: str) -> str:
    """Fill an empty database (customers, the shipped policy as release); the key that bears every scope."""
    store = Store(database, 5000)
    store.migrate()
    store.customers.load([*CUSTOMERS.items(), (EXAMPLE_CUSTOMER, SAVER)])
    shipped = load(DEFAULT)
    store.proposals.bootstrap(shipped.hash, shipped.documents, None, "contract", "the shipped policy")
    key, digest = new_key()
    store.clients.add(Client("contract", frozenset(SCOPES)), digest, actor="contract")
    store.close()
    return key


@pytest.fixture(scope="session")
def live() -> Iterator[Served]:
    """One running service for all tests that are its callers."""
    with running() as served:
        yield served
