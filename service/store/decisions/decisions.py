"""Decisions by their id, a UUIDv7: its first 48 bits are the time, so ids sort by time and name their partition."""

import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from service.core.decision_ids import canonical_id
from service.core.domain import UNKNOWN_CUSTOMER
from service.core.errors import InvalidInput, NotFound, Problem, no_customer
from service.store import revisions
from service.store.connection import encoding
from service.store.connection.database import PATIENCE_S, Database
from service.store.connection.wire import Row, Statement, whole, word
from service.store.schema import decisions

VERSION_7, VARIANT = 0x7 << 76, 0b10 << 62

INSERT = Statement(
    b"remember",
    b"""
    WITH held AS MATERIALIZED (SELECT id FROM customers WHERE id = $1 FOR KEY SHARE),
    kept AS (
        INSERT INTO decisions (id, customer_id, at, release_id, record)
        SELECT $2::uuid, id, $3::bigint, $4::bigint, $5 FROM held ON CONFLICT (id) DO NOTHING)
    SELECT FROM held
    """,
    binary=4,
)
"""A row where the customer is stored. Their lock is the weakest there is: events and other decisions do not wait for
it; an erasure does, and finds the record; a decision that comes during an erasure waits, and finds no customer."""

INSERT_VISITOR = Statement(
    b"remember_visitor",
    b"""
    INSERT INTO decisions (id, customer_id, at, release_id, record)
    VALUES ($1, '', $2::bigint, $3::bigint, $4) ON CONFLICT (id) DO NOTHING
    """,
    binary=3,
)
READ = Statement(b"decision", b"SELECT id, customer_id, at, release_id, record FROM decisions WHERE id = $1")
OLDEST = Statement(b"oldest_decision", b"SELECT id FROM decisions ORDER BY id LIMIT 1")
ROWS_PER_CUSTOMER = 4
"""Decisions read for each customer wanted: a customer asks more than once."""

LATEST = text(
    """
    SELECT * FROM (
        SELECT DISTINCT ON (customer_id) id, customer_id, at, release_id, record FROM (
            SELECT * FROM decisions WHERE id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid)
                AND NOT starts_with(customer_id, 'erased-')
            ORDER BY id DESC LIMIT :rows
        ) AS latest ORDER BY customer_id, id DESC
    ) AS one_each ORDER BY id DESC LIMIT :customers
    """
)


@dataclass(frozen=True, slots=True)
class Record:
    """A decision as it was stored: ``record`` are the bytes that replay must make again."""

    id: str
    customer_id: str
    at: int
    release_id: int
    record: bytes


class DecisionRepository:
    """The decisions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, decision_id: str, customer_id: str, at: int, release_id: int, record: bytes) -> None:
        """Store a decision's record, once; durable when this returns. A visitor's decision names no customer.

        Raises:
            NotFound: the customer is not stored; nothing is stored of an erased customer.
        """
        name, made = id_bytes(decision_id), (b"%d" % at, b"%d" % release_id, record)
        if customer_id == UNKNOWN_CUSTOMER:
            self._database.ask(INSERT_VISITOR, name, *made)
        elif not self._database.ask(INSERT, encoding.name("customer_id", customer_id), name, *made):
            raise no_customer(customer_id)

    def insert_many(self, rows: Iterable[Mapping[str, object]]) -> set[str]:
        """Store the decisions of stored customers, all or none; returns those customers' ids. Durable at return."""
        with self._database.begin() as connection:
            return insert_many(connection, rows)

    def read(self, decision_id: str) -> Record:
        """A decision as it was stored, by any spelling of its id.

        Raises:
            NotFound: no decision has the id.
        """
        known = canonical_id(decision_id)
        record = record_of(self._database.ask(READ, known.encode())) if known else None
        if record is None:
            raise NotFound(f'No decision "{decision_id[:40]}".')
        return record

    def oldest_id(self) -> str | None:
        """The id of the oldest decision; ids sort by their time. None before the first decision."""
        return next((word(row[0]) for row in self._database.ask(OLDEST)), None)

    def latest_per_customer(self, since: int, until: int, customers: int) -> list[Record]:
        """The latest decision, from ``since`` to ``until`` (ms), of at most so many customers; latest first."""
        span = {"first": first_id(since), "last": first_id(until), "rows": customers * ROWS_PER_CUSTOMER}
        with self._database.begin(PATIENCE_S) as connection:
            rows = connection.execute(LATEST, {**span, "customers": customers})
            return [_record(row) for row in rows]


def insert_many(connection: Connection, rows: Iterable[Mapping[str, object]]) -> set[str]:
    """Store decisions (``id``, ``customer_id``, ``at``, ``release_id``, ``record``) in this transaction, each once.

    Only decisions of stored customers; returns these customers' ids. None is erased before the transaction ends.
    """
    every = [dict(row) for row in rows]
    stored = revisions.hold_customers(connection, {str(row["customer_id"]) for row in every}) if every else set()
    wanted = [row for row in every if row["customer_id"] in stored]
    if wanted:
        connection.execute(insert(decisions).on_conflict_do_nothing(), wanted)
    return stored


def _record(row: Any) -> Record:
    return Record(str(row.id), row.customer_id, int(row.at), int(row.release_id), bytes(row.record))


def new_decision_id(now_ms: int) -> str:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then 74 bits of chance."""
    chance = secrets.randbits(74)
    high, low = chance >> 62, chance & (1 << 62) - 1
    return str(uuid.UUID(int=now_ms << 80 | VERSION_7 | high << 64 | VARIANT | low))


def first_id(at: int) -> str:
    """The lowest id of a millisecond: where a partition begins."""
    return str(uuid.UUID(int=at << 80))


def id_bytes(decision_id: str) -> bytes:
    """The id as PostgreSQL reads it.

    Raises:
        InvalidInput: it is no UUID.
    """
    known = canonical_id(decision_id)
    if known is None:
        problem = Problem("decision_id", "must be a UUID")
        raise InvalidInput(f"decision_id must be a UUID, got {decision_id[:40]!r}", [problem])
    return known.encode()


def record_of(rows: Iterable[Row]) -> Record | None:
    """The row of ``READ``; None where there is none. bytea comes as ``\\\\x`` and hex."""
    for number, customer_id, at, release_id, record in rows:
        stored = bytes.fromhex((record or b"\\x")[2:].decode())
        return Record(word(number) or "", word(customer_id) or "", whole(at), whole(release_id), stored)
    return None
