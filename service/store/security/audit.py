"""The audit log: a chain in which each row's hash covers the row and the hash before it.

A row that is changed or removed in the middle breaks the chain there; ``verify`` names the first broken row. Values of
one customer are stored beside the chain (``audit_values``), and are erased with the customer. The end of the chain has
nothing after it: a ``Head`` noted elsewhere proves later that nothing before it was changed or cut off, not even by
making the whole chain anew. PostgreSQL itself refuses UPDATE, DELETE and TRUNCATE on the table.

``crosscheck`` compares the log with the tables: every release is in it as it is, every release in it exists, and every
erasure is in it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select
from sqlalchemy import text as query

from service.core.clock import now_ms
from service.core.errors import InvalidInput, Problem
from service.store.connection import encoding
from service.store.connection.database import PATIENCE_S, Ask, Database
from service.store.connection.wire import Statement
from service.store.schema import audit
from service.store.schema import audit_values as values
from service.store.security import audit_values
from service.store.security.audit_values import Coverage, ValuesBeside
from service.store.security.pseudonyms import find_erased

LOCK = 0x4643_0003
GENESIS = bytes(32)
HEAD = re.compile(r"(?:(\d{1,18})\.)?([0-9a-f]{64})").fullmatch
UNTOLD = query("""
    WITH told AS (
        SELECT cast(subject AS bigint) AS id, actor, cast(detail AS jsonb) AS detail FROM audit
        WHERE action = 'release.activate'),
    here AS (
        SELECT id, actor, jsonb_build_object('policy', policy, 'bundle', bundle, 'note', note) AS detail FROM releases)
    SELECT coalesce(told.id, here.id) AS id, told.id IS NULL AS untold, here.id IS NULL AS gone
    FROM told FULL JOIN here ON told.id = here.id AND told.actor = here.actor AND told.detail @> here.detail
    WHERE told.id IS NULL OR here.id IS NULL ORDER BY 1, 2 LIMIT 20
""")
ERASED = query("""
    SELECT DISTINCT customer_id FROM decisions AS d WHERE customer_id >= 'erased-' AND customer_id < 'erased.'
        AND NOT EXISTS (SELECT 1 FROM audit WHERE action = 'customer.erase' AND subject = d.customer_id) LIMIT 20
""")
ERASURES = query("""
    SELECT (SELECT count(*) FROM erasures) AS digests,
        (SELECT count(*) FROM audit WHERE action = 'customer.erase') AS told
""")

NOBODYS = query("""
    SELECT DISTINCT customer_id FROM audit_values WHERE NOT EXISTS (SELECT FROM customers WHERE id = customer_id)
""")
CHANGED = "it is not the row whose head was noted: it, or one before it, was changed and the chain made anew"
CUT = "the row whose head was noted is not there: rows were cut off, or the chain made anew"
ROWS = select(audit, values.c.salt, values.c.content).outerjoin(values, values.c.seq == audit.c.seq)
"""The chain, each row with the values beside it."""

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
class ChainVerdict:
    """The number of ``rows`` that hold, the chain's ``head`` in hex, and the first broken row (``broken_at``) with the
    reason.
    """

    rows: int
    head: str
    broken_at: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some time: its number of rows then (None: not noted), and the last row's hash in hex."""

    rows: int | None
    hash: str

    def __str__(self) -> str:
        """As it is noted, and read again.

        >>> str(Head.parse(f"3.{'ab' * 32}"))[:6], Head.parse("ab" * 32).rows
        ('3.abab', None)
        """
        return self.hash if self.rows is None else f"{self.rows}.{self.hash}"

    @classmethod
    def parse(cls, noted: str) -> "Head":
        """The head as it was noted.

        Raises: InvalidInput: when it is none.
        """
        found = HEAD(noted.strip())
        if found is None:
            words = "must be what `fourcast audit head` printed: a number, a full stop and 64 hex digits"
            raise InvalidInput("This is no head of an audit log.", [Problem("since", words)])
        return cls(None if found[1] is None else int(found[1]), found[2])


def link(previous: bytes, seq: int, at: int, actor: str, action: str, subject: str, detail: str) -> bytes:
    """SHA-256 over the previous hash and the row's canonical JSON."""
    return hashlib.sha256(previous + orjson.dumps([seq, at, actor, action, subject, detail])).digest()


def append(
    connection: Connection,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
    beside: ValuesBeside | None = None,
) -> int:
    """Add a row in this transaction; transactions that append wait for each other, so that the chain has one order."""
    sealed = None if beside is None else audit_values.seal(beside)
    detail = {**detail, **sealed.chained} if sealed else detail
    for field, value in (("actor", actor), ("action", action), ("subject", subject)):
        encoding.name(field, value)
    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, bytes(last.hash)) if last is not None else (1, GENESIS)
    row = (seq, now_ms(), actor, action, subject, encoding.document("detail", detail).decode())
    cells = dict(zip(("seq", "at", "actor", "action", "subject", "detail"), row, strict=True))
    connection.execute(insert(audit).values(cells | {"previous_hash": previous, "hash": link(previous, *row)}))
    if sealed is not None:
        audit_values.keep(connection, seq, sealed)
    return seq


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row to be added: actor, action, subject, detail, and values of one customer."""

    actor: str
    action: str
    subject: str
    detail: Mapping[str, object]
    beside: ValuesBeside | None = None


def append_by(ask: Ask, row: AuditRow) -> int:
    """As ``append``, in a transaction of prepared statements; after the customer's lock, before what serves."""
    names = [encoding.name(field, getattr(row, field)) for field in ("actor", "action", "subject")]
    sealed = None if row.beside is None else audit_values.seal(row.beside)
    detail = encoding.document("detail", {**row.detail, **(sealed.chained if sealed else {})})
    ask(WAIT)
    last = ask(LAST)
    seq, previous = (int(last[0][0] or 0) + 1, bytes.fromhex((last[0][1] or b"").decode())) if last else (1, GENESIS)
    at = now_ms()
    digest = link(previous, seq, at, row.actor, row.action, row.subject, detail.decode())
    ask(ADD, b"%d" % seq, b"%d" % at, *names, detail, previous.hex().encode(), digest.hex().encode())
    if sealed is not None:
        audit_values.keep_by(ask, seq, sealed)
    return seq


class AuditLog:
    """The audit log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> int:
        """Add a row; returns its number."""
        with self._database.begin() as connection:
            return append(connection, actor, action, subject, detail)

    def append_about(
        self, actor: str, action: str, customer_id: str, detail: Mapping[str, object], values: Mapping[str, object]
    ) -> int:
        """Add a row about a customer, by the customer's alias, with ``values`` beside the chain; returns its number."""
        with self._database.begin() as connection:
            beside = audit_values.values_beside(connection, customer_id, values)
            return append(connection, actor, action, beside.alias, detail, beside)

    def append_once(self, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> bool:
        """Add a row unless the log has one of this action and subject; true where it was added."""
        same = select(audit.c.seq).where(audit.c.action == action, audit.c.subject == subject).limit(1)
        with self._database.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
            if connection.execute(same).first() is not None:
                return False
            append(connection, actor, action, subject, detail)
            return True

    def list_rows(self, limit: int) -> list[dict[str, Any]]:
        """The newest rows first, each with its hash in hex, its detail read, and the erasable values beside it."""
        with self._database.begin() as connection:
            rows = connection.execute(ROWS.order_by(audit.c.seq.desc()).limit(limit))
            return [_document(row) for row in rows]

    def read_head(self) -> Head:
        """The end of the chain now, to be noted elsewhere."""
        newest = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
        with self._database.begin() as connection:
            last = connection.execute(newest).first()
            return Head(0, GENESIS.hex()) if last is None else Head(last.seq, bytes(last.hash).hex())

    def list_action(self, action: str) -> list[dict[str, Any]]:
        """Every row of one action, oldest first."""
        with self._database.begin(PATIENCE_S) as connection:
            rows = connection.execute(ROWS.where(audit.c.action == action).order_by(audit.c.seq))
            return [_document(row) for row in rows]

    def verify(self, noted: Sequence[Head] = ()) -> ChainVerdict:
        """Walk the whole chain from its first row; past every row whose head was noted."""
        with self._database.begin(PATIENCE_S) as connection:
            return _verify(connection, noted)

    def crosscheck(self) -> list[str]:
        """In words, where the log differs from releases and erasures; at most 20 of a kind."""
        with self._database.begin(PATIENCE_S) as connection:
            return [*_releases(connection), *_erasures(connection)]


def _verify(connection: Connection, noted: Sequence[Head]) -> ChainVerdict:
    previous, holds, waiting = GENESIS, 0, Waiting(noted)
    coverage = Coverage(connection)
    waiting.changed(0, GENESIS)
    for row in connection.execute(ROWS.order_by(audit.c.seq), execution_options={"yield_per": 1000}):
        reason = _fault(row, previous, holds + 1) or coverage.fault(row)
        if reason is not None:
            return ChainVerdict(holds, previous.hex(), row.seq, reason)
        previous, holds = bytes(row.hash), holds + 1
        if waiting.changed(holds, previous):
            return ChainVerdict(holds, previous.hex(), holds, CHANGED)
    if waiting:
        return ChainVerdict(holds, previous.hex(), holds + 1, CUT)
    uncovered = coverage.uncovered()
    return ChainVerdict(holds, previous.hex(), uncovered, None if uncovered is None else audit_values.GONE)


class Waiting:
    """The noted heads that a walk over the chain has not passed yet."""

    def __init__(self, noted: Sequence[Head]) -> None:
        self._by_rows: dict[int, set[str]] = {}
        for head in noted:
            if head.rows is not None:
                self._by_rows.setdefault(head.rows, set()).add(head.hash)
        self._anywhere = {head.hash for head in noted if head.rows is None}

    def __bool__(self) -> bool:
        """Whether a head was not passed."""
        return bool(self._by_rows or self._anywhere)

    def changed(self, rows: int, last: bytes) -> bool:
        """Pass the end of the chain after so many rows; whether another head was noted there."""
        self._anywhere.discard(last.hex())
        return bool(self._by_rows.pop(rows, {last.hex()}) - {last.hex()})


def _releases(connection: Connection) -> Iterator[str]:
    for row in connection.execute(UNTOLD):
        if row.untold:
            yield f"release {row.id} is not in the log, or stands there with another actor, policy, bundle or note"
        else:
            yield f"the log tells of release {row.id}, which is not there, or not as it was told"


def _erasures(connection: Connection) -> Iterator[str]:
    for one in connection.execute(ERASED).scalars():
        yield f"decisions bear the pseudonym {one}, of whose erasure the log does not tell"
    counted = connection.execute(ERASURES).one()
    if counted.digests > counted.told:
        yield f"{counted.digests} customers were erased, and the log tells of {counted.told} erasures"
    if back := find_erased(connection, connection.execute(NOBODYS).scalars()):
        yield f"what the log said of {len(back)} customers stands there although they were erased"


def _document(row: Any) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": row.at,
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "detail": audit_values.merge_values(orjson.loads(row.detail), row.content),
        "hash": bytes(row.hash).hex(),
    }


def _fault(row: Any, previous: bytes, seq: int) -> str | None:
    if row.seq != seq:
        return f"row {seq} is missing"
    if bytes(row.previous_hash) != previous:
        return "its previous hash is not the hash of the row before"
    if link(previous, row.seq, row.at, row.actor, row.action, row.subject, row.detail) != bytes(row.hash):
        return "its content does not fit its hash"
    return None
