"""Customers and their consents: every change raises the customer's revision in the same transaction.

A change must also reach the cache. ``forget(customer_id, revision)`` tells it, before the commit, which revision is
the lowest still welcome; where it cannot be told, the cache generation is raised in the same transaction, and nothing
cached before is ever served again. Between the two a reader may keep what was true when it read, never serve it:
every answer from the cache is compared with the revision in PostgreSQL.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy import text as words

from service.core.domain import Attributes
from service.core.errors import Conflict, no_customer
from service.store.connection import encoding
from service.store.connection.database import Ask
from service.store.connection.wire import Statement
from service.store.customers.origins import Told

Forget = Callable[[str, int], bool]

RAISE = Statement(
    b"raise_revision",
    b"UPDATE customers SET revision = revision + 1, updated_at = now() WHERE id = $1 RETURNING revision",
)
RAISE_GENERATION = Statement(b"raise_generation", b"UPDATE serving SET cache_generation = cache_generation + 1")
PUT = Statement(
    b"put_customer",
    b"""
    INSERT INTO customers (id, attributes, external_key, told, told_at, revision)
    VALUES ($1, $2::jsonb, $3, $4::jsonb, $5::bigint, $6::bigint)
    ON CONFLICT (id) DO UPDATE SET attributes = excluded.attributes, told = excluded.told, told_at = excluded.told_at,
        external_key = coalesce(excluded.external_key, customers.external_key),
        revision = customers.revision + CASE WHEN %(changed)b THEN 1 ELSE 0 END,
        updated_at = CASE WHEN %(changed)b THEN now() ELSE customers.updated_at END
    RETURNING revision
    """
    % {
        b"changed": b"customers.attributes <> excluded.attributes OR customers.external_key <> excluded.external_key"
        b" OR (customers.external_key IS NULL AND excluded.external_key IS NOT NULL)"
    },
)
PATCH = Statement(
    b"patch_customer",
    b"""
    UPDATE customers SET attributes = $2::jsonb, external_key = $3, told = $4::jsonb,
        told_at = greatest(told_at, $5::bigint),
        revision = revision + CASE WHEN %(changed)b THEN 1 ELSE 0 END,
        updated_at = CASE WHEN %(changed)b THEN now() ELSE updated_at END
    WHERE id = $1 RETURNING revision
    """
    % {b"changed": b"attributes <> $2::jsonb OR external_key IS DISTINCT FROM $3"},
)
HOLD = words("SELECT id FROM customers WHERE id = ANY (:names) ORDER BY id FOR KEY SHARE")


@dataclass(frozen=True, slots=True)
class Words:
    """What a customer says at once: purpose -> yes or no, through whom (``source``), to which wording (``version``)."""

    granted: Mapping[str, bool]
    source: str
    version: str

    def checked(self) -> tuple[dict[bytes, bytes], tuple[bytes, bytes]]:
        """As statements take them: purpose -> word; source and version. InvalidInput for what is no name."""
        words = {encoding.name("purpose", purpose): b"t" if word else b"f" for purpose, word in self.granted.items()}
        return words, (encoding.name("source", self.source), encoding.name("version", self.version))


def nobody_told(_customer_id: str, _revision: int) -> bool:
    """For who has no cache at hand: the cache was not told."""
    return False


def raise_revision(ask: Ask, customer_id: str) -> int:
    """The customer's new revision; locks the customer until the transaction ends; raises NotFound."""
    for (revision,) in ask(RAISE, encoding.name("customer_id", customer_id)):
        return int(revision or 0)
    raise no_customer(customer_id)


def tell(ask: Ask, customer_id: str, revision: int, forget: Forget) -> None:
    """Let the cache forget the customer; where it cannot be told, raise the cache generation."""
    if not forget(customer_id, revision):
        ask(RAISE_GENERATION)


def hold(connection: Connection, names: Iterable[str]) -> set[str]:
    """Those of the customers who are stored; none of them is erased before this transaction ends.

    Locked in the order of their ids, as by everybody who locks several.
    """
    return set(connection.execute(HOLD, {"names": list(names)}).scalars())


def put(
    ask: Ask,
    customer_id: str,
    attributes: Attributes,
    external_key: str | None,
    told: Told | None = None,
    at: int = 0,
    first: int = 1,
) -> int:
    """Store the customer's attributes whole, in place of what was known; returns the revision, raised if it differs.

    ``told``: who said each of them, the newest ``at``. Who is new begins at the revision ``first``.
    """
    return _write(ask, PUT, (customer_id, attributes, external_key), told or {}, at, b"%d" % first)


def patch(ask: Ask, customer_id: str, attributes: Attributes, external_key: str | None, told: Told, at: int) -> int:
    """As ``put``, of a customer who is stored; the external key too is what it is said to be."""
    return _write(ask, PATCH, (customer_id, attributes, external_key), told, at)


def _write(ask: Ask, by: Statement, row: tuple[str, Attributes, str | None], told: Told, at: int, *more: bytes) -> int:
    customer_id, attributes, external_key = row
    names = encoding.name("customer_id", customer_id), encoding.document("attributes", attributes)
    key = encoding.optional("external_key", external_key)
    try:
        ((revision,),) = ask(by, *names, key, encoding.document("told", told), b"%d" % at, *more)
    except Conflict as taken:
        raise Conflict(f'external_key "{external_key}" belongs to another customer.') from taken
    return int(revision or 0)
