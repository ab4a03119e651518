"""Revisions: every change of a customer raises the customer's revision in the same transaction, and reaches the cache.

``forget(customer_id, revision)`` tells the cache, before the commit, the lowest revision still accepted. Where the
cache cannot be told, the cache generation is raised in the same transaction, and nothing cached before is ever served
again. Between the two a reader may cache what was true when it read, but never serves it: every cached answer is
compared with the revision in PostgreSQL.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, text

from service.core.errors import no_customer
from service.store.connection import encoding
from service.store.connection.database import Ask
from service.store.connection.wire import Statement, whole

Forget = Callable[[str, int], bool]

RAISE = Statement(
    b"raise_revision",
    b"UPDATE customers SET revision = revision + 1, updated_at = now() WHERE id = $1 RETURNING revision",
)
RAISE_GENERATION = Statement(b"raise_generation", b"UPDATE serving SET cache_generation = cache_generation + 1")
LOCK = Statement(b"lock_customer", b"SELECT revision FROM customers WHERE id = $1 FOR NO KEY UPDATE")
HOLD = text("SELECT id FROM customers WHERE id = ANY (:names) ORDER BY id FOR KEY SHARE")


def without_cache(_customer_id: str, _revision: int) -> bool:
    """A ``Forget`` for callers without a cache: returns False, so the cache generation is raised."""
    return False


def raise_revision(ask: Ask, customer_id: str) -> int:
    """Raise and return the customer's revision; the row is locked until the transaction ends.

    Raises:
        NotFound: when the customer is not stored.
    """
    for (revision,) in ask(RAISE, encoding.name("customer_id", customer_id)):
        return int(revision or 0)
    raise no_customer(customer_id)


def lock_customer(ask: Ask, customer_id: str) -> int:
    """Lock the customer until the transaction ends; returns the revision.

    Raises: NotFound: when it is not stored.
    """
    for (revision,) in ask(LOCK, encoding.name("customer_id", customer_id)):
        return whole(revision)
    raise no_customer(customer_id)


def invalidate(ask: Ask, customer_id: str, revision: int, forget: Forget) -> None:
    """Remove the customer's cached answers; where the cache cannot be told, raise the cache generation."""
    if not forget(customer_id, revision):
        ask(RAISE_GENERATION)


def hold_customers(connection: Connection, names: Iterable[str]) -> set[str]:
    """Those of the customers who are stored; no erasure passes them before this transaction ends.

    Locked in the order of their ids, as in every transaction that locks several.
    """
    return set(connection.execute(HOLD, {"names": list(names)}).scalars())
