"""The audit log: a chain in which each row's hash covers the row and the hash before it.

Who changes or removes a row in the middle breaks the chain there; ``verify`` names the first broken row. The end of
the chain has nothing after it: note ``head`` elsewhere to prove that no rows were cut off. PostgreSQL itself refuses
UPDATE, DELETE and TRUNCATE on the table.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select

from service.store import text
from service.store.database import Ask
from service.store.schema import audit
from service.store.wire import Statement

LOCK = 0x4643_0003
GENESIS = bytes(32)

WAIT = Statement(b"audit_wait", f"SELECT pg_advisory_xact_lock({LOCK})".encode())
LAST = Statement(b"audit_last", b"SELECT seq, encode(hash, 'hex') FROM audit ORDER BY seq DESC LIMIT 1")
ADD = Statement(
    b"audit_add",
    b"""
    INSERT INTO audit (seq, at, actor, action, subject, detail, previous_hash, hash)
    VALUES ($1::bigint, $2::bigint, $3, $4, $5, $6, decode($7, 'hex'), decode($8, 'hex'))
    """,
)


@dataclass(frozen=True)
class Verdict:
    """``rows`` that hold, the chain's ``head`` in hex, and the first row (``broken_at``) that does not, with why."""

    rows: int
    head: str
    broken_at: int | None = None
    reason: str | None = None


def link(previous: bytes, seq: int, at: int, actor: str, action: str, subject: str, detail: str) -> bytes:
    """SHA-256 over the previous hash and the row's canonical JSON."""
    return hashlib.sha256(previous + orjson.dumps([seq, at, actor, action, subject, detail])).digest()


def append(connection: Connection, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> int:
    """Add a row in this transaction; appenders wait for each other, so that the chain has one order."""
    for field, value in (("actor", actor), ("action", action), ("subject", subject)):
        text.name(field, value)
    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, bytes(last.hash)) if last is not None else (1, GENESIS)
    row = (seq, time.time_ns() // 1_000_000, actor, action, subject, text.document("detail", detail).decode())
    values = dict(zip(("seq", "at", "actor", "action", "subject", "detail"), row, strict=True))
    connection.execute(insert(audit).values(values | {"previous_hash": previous, "hash": link(previous, *row)}))
    return seq


@dataclass(frozen=True, slots=True)
class Row:
    """What shall stand on the log: who did what to whom, and what is to be said of it."""

    actor: str
    action: str
    subject: str
    detail: Mapping[str, object]


def append_by(ask: Ask, row: Row) -> int:
    """As ``append``, in a transaction of hot statements; after the customer's lock, before what serves."""
    names = [text.name(field, getattr(row, field)) for field in ("actor", "action", "subject")]
    detail = text.document("detail", row.detail)
    ask(WAIT)
    last = ask(LAST)
    seq, previous = (int(last[0][0] or 0) + 1, bytes.fromhex((last[0][1] or b"").decode())) if last else (1, GENESIS)
    at = time.time_ns() // 1_000_000
    digest = link(previous, seq, at, row.actor, row.action, row.subject, detail.decode())
    ask(ADD, b"%d" % seq, b"%d" % at, *names, detail, previous.hex().encode(), digest.hex().encode())
    return seq


def verify(connection: Connection) -> Verdict:
    """Walk the whole chain from its first row."""
    previous, holds = GENESIS, 0
    for row in connection.execute(select(audit).order_by(audit.c.seq), execution_options={"yield_per": 1000}):
        reason = _fault(row, previous, holds + 1)
        if reason is not None:
            return Verdict(holds, previous.hex(), row.seq, reason)
        previous, holds = bytes(row.hash), holds + 1
    return Verdict(holds, previous.hex())


def listed(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The newest rows first, each with its hash in hex and its detail read."""
    rows = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(limit))
    return [
        {
            "seq": row.seq,
            "at": row.at,
            "actor": row.actor,
            "action": row.action,
            "subject": row.subject,
            "detail": orjson.loads(row.detail),
            "hash": bytes(row.hash).hex(),
        }
        for row in rows
    ]


def _fault(row: Any, previous: bytes, seq: int) -> str | None:
    if row.seq != seq:
        return f"row {seq} is missing"
    if bytes(row.previous_hash) != previous:
        return "its previous hash is not the hash of the row before"
    if link(previous, row.seq, row.at, row.actor, row.action, row.subject, row.detail) != bytes(row.hash):
        return "its content does not fit its hash"
    return None
