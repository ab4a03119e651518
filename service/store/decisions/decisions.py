"""Decisions by their id, a UUIDv7: its first 48 bits are the time, so ids sort by time and name their partition."""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from service.core.decision_ids import canonical_id
from service.core.errors import InvalidInput, Problem
from service.store.connection.wire import Row, whole, word

VERSION_7, VARIANT = 0x7 << 76, 0b10 << 62


@dataclass(frozen=True, slots=True)
class Record:
    """A decision as it was stored: ``record`` are the bytes that replay must make again."""

    id: str
    customer_id: str
    at: int
    release_id: int
    record: bytes


def new_decision_id(now_ms: int) -> str:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then 74 bits of chance."""
    chance = secrets.randbits(74)
    high, low = chance >> 62, chance & (1 << 62) - 1
    return str(uuid.UUID(int=now_ms << 80 | VERSION_7 | high << 64 | VARIANT | low))


def first_id(at: int) -> str:
    """The lowest id of a millisecond: where a partition begins."""
    return str(uuid.UUID(int=at << 80))


def id_bytes(decision_id: str) -> bytes:
    """The id as PostgreSQL reads it; raises InvalidInput."""
    known = canonical_id(decision_id)
    if known is None:
        problem = Problem("decision_id", "must be a UUID")
        raise InvalidInput(f"decision_id must be a UUID, got {decision_id[:40]!r}", [problem])
    return known.encode()


def record_of(rows: Iterable[Row]) -> Record | None:
    """The row of ``hot.DECISION``, if there is one; bytea comes as ``\\\\x`` and hex."""
    for number, customer_id, at, release_id, record in rows:
        stored = bytes.fromhex((record or b"\\x")[2:].decode())
        return Record(word(number) or "", word(customer_id) or "", whole(at), whole(release_id), stored)
    return None
