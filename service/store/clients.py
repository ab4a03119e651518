"""Clients and their keys. Only the SHA-256 of a key is stored: a key is 256 bits of chance, nobody can try them all."""

import re

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from service.domain import Client
from service.errors import Conflict, InvalidInput, NotFound, Problem
from service.store import audit, text
from service.store.schema import clients

DIGEST = re.compile("[0-9a-f]{64}")


def add(connection: Connection, client: Client, key_hash: str, actor: str) -> None:
    """Store a client under the SHA-256 (hex) of its key, and say so in the audit log; Conflict for a known key."""
    _check(client, key_hash)
    row = insert(clients).values(
        key_hash=key_hash, name=client.name, scopes=sorted(client.scopes), customer_id=client.customer_id
    )
    stored = connection.execute(row.on_conflict_do_nothing().returning(clients.c.name)).scalar()
    if stored is None:
        raise Conflict("This key is in use already: make another.")
    detail = {"scopes": sorted(client.scopes), "customer_id": client.customer_id, "key": key_hash[:12]}
    audit.append(connection, actor, "client.add", client.name, detail)


def revoke(connection: Connection, name: str, actor: str) -> int:
    """End all live keys of ``name``; returns how many; raises NotFound when there is none."""
    text.name("name", name)
    ended = update(clients).where(clients.c.name == name, clients.c.revoked_at.is_(None)).values(revoked_at=func.now())
    count = connection.execute(ended).rowcount
    if not count:
        raise NotFound(f'No client "{name}" holds a live key.')
    audit.append(connection, actor, "client.revoke", name, {"keys": count})
    return count


def listed(connection: Connection) -> list[Client]:
    """Every client with a live key, by name."""
    columns = select(clients.c.name, clients.c.scopes, clients.c.customer_id)
    rows = connection.execute(
        columns.where(clients.c.revoked_at.is_(None)).order_by(clients.c.name, clients.c.key_hash)
    )
    return [Client(row.name, frozenset(row.scopes), row.customer_id) for row in rows]


def _check(client: Client, key_hash: str) -> None:
    text.name("name", client.name)
    text.optional("customer_id", client.customer_id)
    for scope in client.scopes:
        text.name("scope", scope)
    if not DIGEST.fullmatch(key_hash):
        raise InvalidInput("key_hash must be a SHA-256 in hex", [Problem("key_hash", "must be 64 hex digits")])
