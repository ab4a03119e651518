"""Values of one customer beside the audit log's chain: erased with the customer, and proven while they are stored.

    commitment = SHA-256(salt + content)        salt: 16 random bytes; content: the values as JSON

The chain's row holds the commitment and the customer's alias. Without the salt nobody can try values against it, so
once salt and content are deleted it reveals nothing. The row of ``customer.erase`` holds a keyed digest of the alias,
which covers the deleted values without naming the customer. Values that are missing without such a row were removed by
somebody.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, delete, insert, select

from service.store.connection import encoding
from service.store.connection.database import Ask
from service.store.connection.wire import Statement
from service.store.schema import audit_values, pseudonyms
from service.store.security.pseudonyms import alias_of, digest_of

SALT_BYTES = 16
BESIDE, COVERS = "beside", "covers"
"""Keys of a chained detail: the commitment; in the row of an erasure, the digest that covers deleted values."""
GONE = "what it said of its customer is gone, and no erasure in the log covers it"
CHANGED = "what it said of its customer was changed"
STRANGE = "what stands beside it is not what it is committed to"

ADD = Statement(
    b"audit_values_add",
    b"INSERT INTO audit_values (seq, customer_id, salt, content) VALUES ($1::bigint, $2, decode($3, 'hex'), $4)",
)


@dataclass(frozen=True, slots=True)
class ValuesBeside:
    """Values of one customer for a row of the log, which calls the customer ``alias``."""

    customer_id: str
    alias: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CommittedValues:
    """The values beside a row, and the commitment that the chain holds."""

    customer_id: str
    alias: str
    content: bytes
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(SALT_BYTES))

    @property
    def chained(self) -> dict[str, object]:
        """The part of it that the chain's row holds."""
        return {BESIDE: {"customer": self.alias, "sha256": commitment(self.salt, self.content)}}


def commitment(salt: bytes, content: bytes) -> str:
    """SHA-256 over the salt and the content, in hex."""
    return hashlib.sha256(salt + content).hexdigest()


def seal(beside: ValuesBeside) -> CommittedValues:
    """The values as they are stored, with a salt of their own."""
    return CommittedValues(beside.customer_id, beside.alias, encoding.document("values", beside.values))


def values_beside(connection: Connection, customer_id: str, values: Mapping[str, object]) -> ValuesBeside:
    """The values of a customer for a row, with the customer's alias."""
    return ValuesBeside(customer_id, alias_of(digest_of(_key(connection), customer_id)), values)


def keep(connection: Connection, seq: int, sealed: CommittedValues) -> None:
    """Store the values beside the row ``seq``, in its transaction, which holds the customer."""
    row = {"seq": seq, "customer_id": sealed.customer_id, "salt": sealed.salt, "content": sealed.content.decode()}
    connection.execute(insert(audit_values).values(row))


def keep_by(ask: Ask, seq: int, sealed: CommittedValues) -> None:
    """As ``keep``, by a prepared statement."""
    ask(ADD, b"%d" % seq, encoding.name("customer_id", sealed.customer_id), sealed.salt.hex().encode(), sealed.content)


def erase(connection: Connection, customer_id: str) -> int:
    """Delete a customer's values; returns of how many rows."""
    mine = delete(audit_values).where(audit_values.c.customer_id == customer_id)
    return int(connection.execute(mine).rowcount)


def covering(salt: bytes, customer_id: str) -> dict[str, object]:
    """The detail of an erasure's row by which ``Coverage`` knows whose values it deleted."""
    return {COVERS: _cover(salt, alias_of(digest_of(salt, customer_id)))}


def merge_values(detail: Mapping[str, Any], content: str | None) -> dict[str, Any]:
    """A row's detail with the values beside it; ``erased`` where they are deleted."""
    if _committed(detail) is None:
        return dict(detail)
    said = {name: value for name, value in detail.items() if name != BESIDE}
    return said | ({"erased": True} if content is None else orjson.loads(content))


class Coverage:
    """A walk over the chain: stored values must fit their commitments, missing ones must be covered by an erasure."""

    def __init__(self, connection: Connection) -> None:
        self._key = _key(connection)
        self._gone: dict[str, int] = {}

    def fault(self, row: Any) -> str | None:
        """What is wrong with the values beside a row, None where nothing is; rows come in the chain's order."""
        detail = orjson.loads(row.detail)
        if row.action == "customer.erase":
            self._gone.pop(str(detail.get(COVERS)), None)
        committed = _committed(detail)
        if committed is None:
            return None if row.salt is None else STRANGE
        if row.salt is None:
            self._gone.setdefault(_cover(self._key, committed["customer"]), row.seq)
            return None
        same = commitment(bytes(row.salt), row.content.encode()) == committed["sha256"]
        return None if same else CHANGED

    def uncovered(self) -> int | None:
        """The first row whose values are missing and not covered by an erasure, None where there is none; after the
        walk.
        """
        return min(self._gone.values(), default=None)


def _committed(detail: Mapping[str, Any]) -> Mapping[str, str] | None:
    found = detail.get(BESIDE)
    return found if isinstance(found, dict) and {"customer", "sha256"} == found.keys() else None


def _cover(key: bytes, alias: str) -> str:
    return hmac.digest(key, f"erased {alias}".encode(), hashlib.sha256).hex()


def _key(connection: Connection) -> bytes:
    return bytes(connection.execute(select(pseudonyms.c.salt)).scalar_one())
