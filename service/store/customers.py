"""Customers and their consents: every change raises the customer's revision in the same transaction.

A change must also reach the cache. ``forget(customer_id, revision)`` tells it, before the commit, which revision is
the lowest still welcome; where it cannot be told, the cache generation is raised in the same transaction, and nothing
cached before is ever served again. Between the two a reader may keep what was true when it read, never serve it:
every answer from the cache is compared with the revision in PostgreSQL.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Text, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from service.domain import Attributes
from service.errors import Conflict, NotFound
from service.store import text
from service.store.schema import consents, customers, serving

Forget = Callable[[str, int], bool]


def nobody_told(_customer_id: str, _revision: int) -> bool:
    """For who has no cache at hand: the cache was not told."""
    return False


def raise_revision(connection: Connection, customer_id: str) -> int:
    """The customer's new revision; locks the customer until the transaction ends; raises NotFound."""
    raised = (
        update(customers)
        .where(customers.c.id == customer_id)
        .values(revision=customers.c.revision + 1, updated_at=func.now())
        .returning(customers.c.revision)
    )
    revision = connection.execute(raised).scalar()
    if revision is None:
        raise NotFound(f'No customer "{customer_id}". Import customers first, or check the id.')
    return int(revision)


def tell(connection: Connection, customer_id: str, revision: int, forget: Forget) -> None:
    """Let the cache forget the customer; where it cannot be told, raise the cache generation."""
    if not forget(customer_id, revision):
        raise_generation(connection)


def raise_generation(connection: Connection) -> None:
    """Nothing cached so far is served again."""
    connection.execute(update(serving).values(cache_generation=serving.c.cache_generation + 1))


def put(connection: Connection, customer_id: str, attributes: Attributes, external_key: str | None) -> int:
    """Store the customer's attributes whole, in place of what was known; returns the new revision."""
    text.name("customer_id", customer_id)
    body = cast(literal(text.document("attributes", attributes).decode(), Text), JSONB)
    key = text.checked("external_key", external_key)
    row = upsert(customers).values(id=customer_id, external_key=key, attributes=body)
    newer = {"attributes": row.excluded.attributes, "revision": customers.c.revision + 1, "updated_at": func.now()}
    if key is not None:
        newer["external_key"] = row.excluded.external_key
    stored = row.on_conflict_do_update(index_elements=[customers.c.id], set_=newer).returning(customers.c.revision)
    try:
        return int(connection.execute(stored).scalar_one())
    except IntegrityError as taken:
        raise Conflict(f'external_key "{key}" belongs to another customer.') from taken


def set_consents(
    connection: Connection, customer_id: str, granted: Mapping[str, bool], source: str, version: str, at: int
) -> int:
    """Write each purpose's word into the ledger; returns the customer's new revision."""
    for field, value in (("source", source), ("version", version), *(("purpose", purpose) for purpose in granted)):
        text.name(field, value)
    revision = raise_revision(connection, customer_id)
    rows = [
        {
            "customer_id": customer_id,
            "purpose": purpose,
            "granted": word,
            "source": source,
            "version": version,
            "at": at,
        }
        for purpose, word in granted.items()
    ]
    if rows:
        connection.execute(insert(consents), rows)
    return revision


def sample(connection: Connection, count: int) -> list[str]:
    """The first ``count`` customer ids in order."""
    return list(connection.execute(select(customers.c.id).order_by(customers.c.id).limit(count)).scalars())


def number(connection: Connection) -> int:
    """How many customers are stored."""
    return int(connection.execute(select(func.count()).select_from(customers)).scalar_one())
