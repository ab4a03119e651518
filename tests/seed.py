"""Seeding: customers, policies and releases, written by the functions that the service itself writes them by."""

import contextlib
import os
import pwd
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from service.core.clock import now_ms
from service.core.domain import Attributes, Release
from service.core.grid import DAY_MS
from service.engine.engine import Engine
from service.rendering.readers.conduct import VERSION
from service.store import CustomerChange, Forget, Mandate, Store, without_cache
from service.store.connection.database import Database
from service.store.leads import Actor
from service.store.releases import releases


def put_customer(
    store: Store,
    customer_id: str,
    attributes: Attributes,
    forget: Forget = without_cache,
    external_key: str | None = None,
) -> int:
    """Store a customer whole; returns the revision."""
    change = CustomerChange(customer_id, external_key, attributes)
    return store.customers.put(change, lambda _: None, forget).revision


def put_policy(store: Store, policy_hash: str, documents: Mapping[str, object]) -> None:
    """Store a policy that nobody proposed."""
    with transaction(store) as connection:
        releases.put_policy(connection, policy_hash, documents)


def activate(
    store: Store, policy: str, bundle: str | None, note: str, actor: str, prices: Mapping[str, float] | None = None
) -> Release:
    """Make policy, bundle and prices serve as one release."""
    with transaction(store) as connection:
        return releases.activate(connection, policy, bundle, prices or {}, note, actor)


def user() -> str:
    """Whom the operating system says that this process is."""
    return pwd.getpwuid(os.getuid()).pw_name


def let_act(store: Store, *people: str, comply: tuple[str, ...] = ()) -> None:
    """Let whoever runs the tests act for these people at a terminal, and some of them sign for compliance."""
    now = now_ms()
    for person, acts_for in [*((user(), name) for name in people), *((name, None) for name in comply)]:
        store.mandates.seed(Mandate(person, acts_for, now, now + DAY_MS, "test", "test"))


@contextlib.contextmanager
def transaction(store: Store) -> Iterator[Connection]:
    """A transaction of the test's own on the store's database."""
    database = Database(store.url, deadline_ms=30_000)
    try:
        with database.begin() as connection:
            yield connection
    finally:
        database.close()


def attest(engine: Engine, *advisers: str) -> None:
    """The advisers confirm the rules of conduct, today by the engine's clock."""
    for name in advisers:
        engine.crm.attestations.confirm(name, VERSION, None, Actor("test"))
