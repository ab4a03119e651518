"""Idempotency: a request with an Idempotency-Key is carried out once, and its answer is stored for a day.

The column ``client`` holds the digest of a whole principal (``Client.principal``), because several may have one name.

In order: ``begin`` takes the key in a transaction of its own (a second request finds it taken); every transaction that
the request then commits also marks the key ``done``, in that same transaction; ``keep`` stores the answer. So a crash
leaves one of three states: taken and not done (nothing was written; after ``STALE_S`` the same request is carried out
anew), done without an answer (it was written, and never is again: ``AnswerLost``), or done with its answer.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection
from sqlalchemy import text as text_of

from service.core.errors import AnswerLost, InProgress, KeyReused
from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.connection.wire import Statement
from service.store.security.sealing import PREFIX, Seal, Sealed

KEEP_S = 24 * 3600
STALE_S = 60
"""Longer than any request may run: gunicorn ends a worker that has been silent for half of it."""

BEGIN = Statement(
    b"repeat_begin",
    b"""
    INSERT INTO repeats (client, key, at, fingerprint) VALUES ($1, $2, $3::bigint, $4)
    ON CONFLICT (client, key) DO UPDATE
    SET at = excluded.at, fingerprint = excluded.fingerprint, done = false, status = NULL, headers = NULL, body = NULL
    WHERE repeats.at < $3::bigint - $5::bigint OR (NOT repeats.done AND repeats.status IS NULL
        AND repeats.at < $3::bigint - $6::bigint AND repeats.fingerprint = excluded.fingerprint)
    RETURNING client
    """,
    repeatable=False,
    binary=3,
)
FIND = Statement(
    b"repeat_find",
    b"""
    SELECT fingerprint = $3, at < $4::bigint, status, headers, encode(body, 'hex')
    FROM repeats WHERE client = $1 AND key = $2
    """,
    binary=2,
)
KEEP = Statement(
    b"repeat_keep",
    b"""
    UPDATE repeats SET done = true, status = $3::integer, headers = $4::json, body = $5::bytea
    WHERE client = $1 AND key = $2 AND (headers IS NULL OR octet_length($5::bytea) = 0)
    """,
    binary=4,
)
"""Not where a customer was erased meanwhile, whom it may name: ``forget_answers`` marks the row by its headers."""
RELEASE = Statement(b"repeat_release", b"DELETE FROM repeats WHERE client = $1 AND key = $2 AND NOT done")
PURGE = Statement(b"repeat_purge", b"DELETE FROM repeats WHERE at < $1::bigint")
DONE = Statement(
    b"repeat_done",
    b"""
    UPDATE repeats SET done = true
    WHERE client = $1 AND key = $2 AND NOT done AND pg_current_xact_id_if_assigned() IS NOT NULL
    """,
)
"""Marks only where the transaction has written something itself: reading may happen twice."""

EMPTY = "UPDATE repeats SET done = true, status = NULL, headers = NULL, body = NULL WHERE"
"""Not deleted: a key set free would let a repeated request store the customer anew."""
NAMING = text_of(f"""
    {EMPTY} position(convert_to(:id, 'UTF8') IN body) > 0 OR position(convert_to(:quoted, 'UTF8') IN body) > 0
        OR position(convert_to(cast(:key AS text), 'UTF8') IN body) > 0
        OR status >= 400 OR position(convert_to('"errors"', 'UTF8') IN body) > 0
""")
"""Answers that name the customer, by id as it is or as JSON writes it, or by external key; and all that refuse, in part
or in whole: what they quote of a request may be the customer's, though they name nobody."""
SEALED = text_of("SELECT client, key, body FROM repeats WHERE substring(body FOR :length) = :prefix")
THESE = text_of(f"""
    {EMPTY} (client, key) IN (SELECT * FROM unnest(cast(:clients AS text[]), cast(:keys AS text[])))
""")  # noqa: S608 - our own words
UNANSWERED = text_of("UPDATE repeats SET headers = '[]' WHERE status IS NULL AND headers IS NULL")
"""It is not known yet which customers the answers under way name: no body is stored for them.

The last of all locks, as in every transaction that marks a key as done.
"""
AT_ONCE = 1_000

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was sent the first time."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


class IdempotencyStore:
    """The stored answers of one database."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal

    def begin(self, principal: str, key: str, fingerprint: bytes) -> KeptAnswer | None:
        """Take the key; None: carry the request out now. Else the answer of the first time.

        Raises:
            KeyReused: the key was used for another request.
            InProgress: the first request is still being answered.
            AnswerLost: it may have been carried out, and its answer was not stored.
        """
        words, now = _names(principal, key), self._database.clock()
        limits = b"%d" % (KEEP_S * 1000), b"%d" % (STALE_S * 1000)
        if self._database.ask(BEGIN, *words, b"%d" % now, fingerprint, *limits):
            return None
        for same, stale, status, headers, body in self._database.ask(
            FIND, *words, fingerprint, b"%d" % (now - STALE_S * 1000)
        ):
            if same != b"t":
                raise KeyReused("This Idempotency-Key was used for another request. Give each request its own.")
            if status is not None:
                pairs = tuple((str(name), str(value)) for name, value in orjson.loads(headers or b"[]"))
                return KeptAnswer(int(status), pairs, self._seal.open(bytes.fromhex((body or b"").decode())))
            if stale == b"t":
                raise AnswerLost("This request was begun and may have been carried out; its answer was not kept.")
        raise InProgress("The first request with this Idempotency-Key is still being answered.")

    @contextlib.contextmanager
    def noting(self, principal: str, key: str) -> Iterator[None]:
        """Within, every transaction of this thread that writes also marks the key as done."""
        with self._database.beside(DONE, *_names(principal, key)):
            yield

    def keep(
        self, principal: str, key: str, status: int, headers: Sequence[Header], body: bytes, secret: bool = False
    ) -> None:
        """Store the answer; sealed where it holds a ``secret`` that is shown this once."""
        kept = self._seal.close(body) if secret else body
        self._database.ask(KEEP, *_names(principal, key), b"%d" % status, orjson.dumps(list(headers)), kept)

    def release(self, principal: str, key: str) -> None:
        """Set the key free, unless something was written under it."""
        self._database.ask(RELEASE, *_names(principal, key))

    def purge(self) -> None:
        """Delete answers of more than a day ago."""
        self._database.ask(PURGE, b"%d" % (self._database.clock() - KEEP_S * 1000))


def forget_answers(connection: Connection, seal: Seal, customer_id: str, external_key: str | None = None) -> None:
    """Empty the stored answers that name the customer, sealed or not, and store none that may."""
    key = None if external_key is None else orjson.dumps(external_key).decode()
    names = {"id": customer_id, "quoted": orjson.dumps(customer_id)[1:-1].decode(), "key": key}
    connection.execute(NAMING, names)
    told = [name.encode() for name in names.values() if name is not None]
    words = {"prefix": PREFIX, "length": len(PREFIX)}
    kept = connection.execute(SEALED, words, execution_options={"yield_per": AT_ONCE})
    mine = [(row.client, row.key) for row in kept if _names_any(seal, bytes(row.body), told)]
    if mine:
        clients, keys = zip(*mine, strict=True)
        connection.execute(THESE, {"clients": list(clients), "keys": list(keys)})
    connection.execute(UNANSWERED)


def _names_any(seal: Seal, kept: bytes, names: Iterable[bytes]) -> bool:
    """Whether a sealed answer holds one of the names; True where no key opens it, because it might."""
    try:
        body = seal.open(kept)
    except Sealed:
        return True
    return any(name in body for name in names)


def _names(principal: str, key: str) -> tuple[bytes, bytes]:
    return encoding.name("principal", principal), encoding.name("key", key)
