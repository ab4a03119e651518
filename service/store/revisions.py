"""Customers and their consents: every change raises the customer's revision in the same transaction.

A change must also reach the cache. ``forget(customer_id, revision)`` tells it, before the commit, which revision is
the lowest still welcome; where it cannot be told, the cache generation is raised in the same transaction, and nothing
cached before is ever served again. Between the two a reader may keep what was true when it read, never serve it:
every answer from the cache is compared with the revision in PostgreSQL.
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


def nobody_told(_customer_id: str, _revision: int) -> bool:
    """For who has no cache at hand: the cache was not told."""
    return False


def raise_revision(ask: Ask, customer_id: str) -> int:
    """The customer's new revision; locks the customer until the transaction ends; raises NotFound."""
    for (revision,) in ask(RAISE, encoding.name("customer_id", customer_id)):
        return int(revision or 0)
    raise no_customer(customer_id)


def lock_customer(ask: Ask, customer_id: str) -> int:
    """The customer's revision; locked until the transaction ends. NotFound."""
    for (revision,) in ask(LOCK, encoding.name("customer_id", customer_id)):
        return whole(revision)
    raise no_customer(customer_id)


def invalidate(ask: Ask, customer_id: str, revision: int, forget: Forget) -> None:
    """Let the cache forget the customer; where it cannot be told, raise the cache generation."""
    if not forget(customer_id, revision):
        ask(RAISE_GENERATION)


def hold_customers(connection: Connection, names: Iterable[str]) -> set[str]:
    """Those of the customers who are stored; none of them is erased before this transaction ends.

    Locked in the order of their ids, as by everybody who locks several.
    """
    return set(connection.execute(HOLD, {"names": list(names)}).scalars())
