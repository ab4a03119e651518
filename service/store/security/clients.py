"""Clients and their keys. Only the SHA-256 of a key is stored: a key is 256 bits of chance, nobody can try them all."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from service.core.domain import Client
from service.core.errors import Conflict, InvalidInput, NotFound, Problem
from service.store.connection import encoding
from service.store.customers import writes
from service.store.schema import clients
from service.store.security import audit, audit_values

LOCK = 0x4643_0005
"""Held while a key is added, so that of two at once the second sees the first."""
DIGEST = re.compile("[0-9a-f]{64}")
SHOWN = 12
"""How many digits of a key's digest name it in lists and in the audit log."""


@dataclass(frozen=True, slots=True)
class Key:
    """A live key: its client, the first digits of its digest, since when it works and until when (None: no end)."""

    client: Client
    digest: str
    created_at: datetime
    expires_at: datetime | None


def add(connection: Connection, client: Client, key_hash: str, actor: str, expires_at: datetime | None = None) -> None:
    """Store a client under the SHA-256 (hex) of its key, and say so in the audit log.

    Conflict for a known key, and for a name that holds a live key bound to another customer or branch: logs, quotas and
    origins tell clients apart by their names.
    """
    _check(client, key_hash)
    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    _expect_same_bounds(connection, client)
    writes.hold(connection, [client.customer_id] if client.customer_id else [])
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
    told = values | {"key": key_hash[:SHOWN], "expires_at": ends}
    whose = told.pop("customer_id")
    beside = None if whose is None else audit_values.of(connection, str(whose), {"customer_id": whose})
    audit.append(connection, actor, "client.add", client.name, told, beside)


def revoke(connection: Connection, name: str, actor: str) -> int:
    """End all live keys of ``name``; returns how many; raises NotFound when there is none."""
    encoding.name("name", name)
    count = connection.execute(update(clients).where(clients.c.name == name, _live()).values(revoked_at=func.now()))
    if not count.rowcount:
        raise _keyless(name)
    audit.append(connection, actor, "client.revoke", name, {"keys": count.rowcount})
    return count.rowcount


def rotate(connection: Connection, name: str, key_hash: str, actor: str, overlap_s: float = 0) -> Client:
    """Give ``name`` a new key with the rights of its newest; those it held end after ``overlap_s``; NotFound."""
    held = [key for key in listed(connection) if key.client.name == name]
    if not held:
        raise _keyless(name)
    newest = max(held, key=lambda key: key.created_at)
    end = func.now() + timedelta(seconds=overlap_s)
    sooner = func.least(func.coalesce(clients.c.expires_at, end), end)
    connection.execute(update(clients).where(clients.c.name == name, _live()).values(expires_at=sooner))
    add(connection, newest.client, key_hash, actor, newest.expires_at)
    return newest.client


def listed(connection: Connection) -> list[Key]:
    """Every live key with its client, by name."""
    names = ("name", "scopes", "customer_id", "branch", "quota", "require_if_match")
    columns = [clients.c[name] for name in names]
    about = clients.c.key_hash, clients.c.created_at, clients.c.expires_at
    rows = connection.execute(select(*columns, *about).where(_live()).order_by(clients.c.name, clients.c.created_at))
    return [
        Key(Client(name, frozenset(scopes), *bound), digest[:SHOWN], created_at, expires_at)
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
