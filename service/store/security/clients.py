"""Clients and their API keys. Only the SHA-256 of a key is stored: a key has 256 random bits, too many to try."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import ColumnElement, Connection, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from service.core.domain import Client
from service.core.errors import Conflict, InvalidInput, NotFound, Problem
from service.store import revisions
from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.connection.wire import Row, Statement, word
from service.store.schema import clients
from service.store.security import audit, audit_values

LOCK = 0x4643_0005
"""Held while a key is added, so that of two at once the second finds the first."""
DIGEST = re.compile("[0-9a-f]{64}")
SHOWN = 12
"""How many digits of a key's digest name it in lists and in the audit log."""


BY_KEY_HASH = Statement(
    b"client",
    b"""
    SELECT name, to_json(scopes), customer_id, branch, quota, require_if_match FROM clients
    WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    """,
)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A live key: its client, the first digits of its digest, from when and until when it works (None: no end)."""

    client: Client
    digest: str
    created_at: datetime
    expires_at: datetime | None


class ClientRepository:
    """The clients and keys of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_by_key_hash(self, key_hash: str) -> Client | None:
        """The client whose live key has this SHA-256 (hex); None where no live key has it."""
        return client_of(self._database.ask(BY_KEY_HASH, encoding.name("key_hash", key_hash)))

    def list_keys(self) -> list[ClientKey]:
        """Every live key with its client, by name."""
        with self._database.begin() as connection:
            return _live_keys(connection)

    def add(self, client: Client, key_hash: str, actor: str, expires_at: datetime | None = None) -> None:
        """Store a client under the SHA-256 (hex) of its key, valid until ``expires_at``; written to the audit log.

        Raises:
            InvalidInput: a name, scope, quota or hash cannot be stored.
            Conflict: the key is known, or the name holds a live key bound to another customer or branch: logs, quotas
                and origins tell clients apart by their names.
        """
        with self._database.begin() as connection:
            _add(connection, client, key_hash, actor, expires_at)

    def rotate(self, name: str, key_hash: str, actor: str, overlap_s: float = 0) -> Client:
        """Give a client a new key with the rights of its newest; its older keys work ``overlap_s`` seconds longer.

        Raises:
            NotFound: the client holds no live key.
            Conflict: the key is known.
        """
        with self._database.begin() as connection:
            keys = [key for key in _live_keys(connection) if key.client.name == name]
            if not keys:
                raise _keyless(name)
            newest = max(keys, key=lambda key: key.created_at)
            end = func.now() + timedelta(seconds=overlap_s)
            sooner = func.least(func.coalesce(clients.c.expires_at, end), end)
            connection.execute(update(clients).where(clients.c.name == name, _live()).values(expires_at=sooner))
            _add(connection, newest.client, key_hash, actor, newest.expires_at)
            return newest.client

    def revoke(self, name: str, actor: str) -> int:
        """End all live keys of a client; returns how many.

        Raises:
            NotFound: the client holds no live key.
        """
        encoding.name("name", name)
        live = update(clients).where(clients.c.name == name, _live())
        with self._database.begin() as connection:
            count = connection.execute(live.values(revoked_at=func.now())).rowcount
            if not count:
                raise _keyless(name)
            audit.append(connection, actor, "client.revoke", name, {"keys": count})
            return count


def client_of(rows: Iterable[Row]) -> Client | None:
    """The row of ``BY_KEY_HASH``; None where there is none."""
    for name, scopes, customer_id, branch, quota, require_if_match in rows:
        bound = word(customer_id), word(branch), None if quota is None else int(quota), require_if_match == b"t"
        return Client(word(name) or "", frozenset(orjson.loads(scopes or b"[]")), *bound)
    return None


def _add(connection: Connection, client: Client, key_hash: str, actor: str, expires_at: datetime | None) -> None:
    _check(client, key_hash)
    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    _expect_same_bounds(connection, client)
    revisions.hold_customers(connection, [client.customer_id] if client.customer_id else [])
    values = {
        "name": client.name,
        "scopes": sorted(client.scopes),
        "customer_id": client.customer_id,
        "branch": client.branch,
        "quota": client.quota,
        "require_if_match": client.require_if_match,
    }
    row = insert(clients).values(key_hash=key_hash, expires_at=expires_at, **values)
    stored = connection.execute(row.on_conflict_do_nothing().returning(clients.c.name)).scalar()
    if stored is None:
        raise Conflict("This key is in use already: make another.")
    ends = None if expires_at is None else expires_at.isoformat()
    detail = values | {"key": key_hash[:SHOWN], "expires_at": ends}
    whose = detail.pop("customer_id")
    beside = None if whose is None else audit_values.values_beside(connection, str(whose), {"customer_id": whose})
    audit.append(connection, actor, "client.add", client.name, detail, beside)


def _live_keys(connection: Connection) -> list[ClientKey]:
    names = ("name", "scopes", "customer_id", "branch", "quota", "require_if_match")
    columns = [clients.c[name] for name in names]
    about = clients.c.key_hash, clients.c.created_at, clients.c.expires_at
    rows = connection.execute(select(*columns, *about).where(_live()).order_by(clients.c.name, clients.c.created_at))
    return [
        ClientKey(Client(name, frozenset(scopes), *bound), digest[:SHOWN], created_at, expires_at)
        for name, scopes, *bound, digest, created_at, expires_at in rows
    ]


def _live() -> ColumnElement[bool]:
    return clients.c.revoked_at.is_(None) & or_(clients.c.expires_at.is_(None), clients.c.expires_at > func.now())


def _expect_same_bounds(connection: Connection, client: Client) -> None:
    """Raise Conflict where a live key of that name is bound otherwise."""
    otherwise = or_(
        clients.c.customer_id.is_distinct_from(client.customer_id), clients.c.branch.is_distinct_from(client.branch)
    )
    other = select(clients.c.name).where(clients.c.name == client.name, _live(), otherwise).limit(1)
    if connection.execute(other).first() is not None:
        raise Conflict(
            f'"{client.name}" holds a live key that is bound otherwise. Give this client another name, or revoke that '
            "key first (`fourcast keys list`, `fourcast keys revoke`)."
        )


def _keyless(name: str) -> NotFound:
    return NotFound(f'No client "{name}" holds a live key.')


def _check(client: Client, key_hash: str) -> None:
    encoding.new_name("name", client.name)
    encoding.optional("customer_id", client.customer_id)
    if client.branch is not None:
        encoding.new_name("branch", client.branch)
    for scope in client.scopes:
        encoding.new_name("scope", scope)
    if client.customer_id is not None and client.branch is not None:
        both = [Problem("branch", "does not go with customer_id")]
        raise InvalidInput("A client is bound to a customer or to a branch, not both.", both)
    if client.quota is not None and not 0 < client.quota < 2**31:
        raise InvalidInput("quota must be at least 1", [Problem("quota", "must be 1 to 2147483647 requests a minute")])
    if not DIGEST.fullmatch(key_hash):
        raise InvalidInput("key_hash must be a SHA-256 in hex", [Problem("key_hash", "must be 64 hex digits")])
