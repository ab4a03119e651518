"""The feed of changes: no change is missed and none is read twice, however many transactions write at once.

A row carries the id of the transaction that wrote it (by triggers, in the change's own transaction). Sequence numbers
are drawn before a commit, so a late commit would appear behind a reader who had passed its number. So the feed is read
in the order (transaction id, number) and only below the oldest transaction still running: whatever appears later has a
higher transaction id than anything read so far. A long transaction delays the feed and loses nothing. A token is the
last place read. It is valid until the rows behind it are pruned (``Gone``), and for this database cluster only.

In a copy restored from a dump transaction ids begin anew, far below those of its rows. There an older token is ``Gone``
as well, and ``resettle`` puts the rows below everything that the copy writes itself: first those that every webhook
received, then the others.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, text

from service.core.errors import Gone, InvalidInput, Problem
from service.core.grid import DAY_MS
from service.store.connection.database import PATIENCE_S, Database
from service.store.security import audit

ALL = ("*",)
ON_REQUEST = ("contact.*", "decision.*")
"""Types with many changes: read only by callers who ask for them by name."""
KEEP_DAYS = 30
LAST = 2**63 - 1
TOLD, UNTOLD = 1, 2
"""Instead of a transaction's id, for rows that came with a dump: no transaction has one below 3."""
PLACE = re.compile(r"(\d{1,19})\.(\d{1,19})")

NOTE = text("""
    INSERT INTO changes (type, subject, customer_id, branch, body)
    VALUES (:type, :subject, :customer_id, :branch, cast(:body AS jsonb))
""")
STANDS = text("""
    SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint AS safe,
        (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint AS next, floor_xid, told_xid, told_seq FROM feed
""")
NEWEST = text("SELECT coalesce(max(xid), 0) FROM changes")
RENUMBER = text("""
    UPDATE changes SET xid = CASE WHEN (xid, seq) <= (:told_xid, :told_seq) THEN :told ELSE :untold END
    WHERE xid >= :next OR (:told_xid < :next AND (xid, seq) <= (:told_xid, :told_seq))
""")
BEGIN_ANEW = text("UPDATE feed SET floor_xid = 0, told_xid = :told, told_seq = :last")
SINCE = text("""
    SELECT xid, seq, changes.at, type, subject, branch, body, customers.id IS NOT NULL AS stands,
        external_key, attributes ->> 'branch_id' AS home
    FROM changes LEFT JOIN customers ON customers.id = changes.customer_id
    WHERE (xid, seq) > (:xid, :seq) AND xid < :safe AND (cast(:branch AS text) IS NULL OR branch = :branch)
        AND type LIKE ANY (cast(:types AS text[])) AND type NOT LIKE ALL (cast(:untold AS text[]))
    ORDER BY xid, seq LIMIT :limit
""")
TELLS = text(
    "SELECT tgenabled <> 'D' FROM pg_trigger WHERE tgrelid = 'decisions'::regclass AND tgname = 'decisions_made'"
)
TELL = {word: text(f"ALTER TABLE decisions {word} TRIGGER decisions_made") for word in ("ENABLE", "DISABLE")}
PRUNE = text("""
    WITH old AS (DELETE FROM changes WHERE at < now_ms() - :keep_ms AND (xid, seq) <= (
        SELECT told_xid, told_seq FROM feed) RETURNING xid)
    UPDATE feed SET floor_xid = greatest(floor_xid, (SELECT max(xid) FROM old)) WHERE EXISTS (SELECT FROM old)
""")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the feed."""

    xid: int = 0
    seq: int = 0

    @property
    def token(self) -> str:
        """The place as an opaque token.

        >>> Place(7, 9).token, Place.parse(Place(7, 9).token)
        ('Ny45', Place(xid=7, seq=9))
        """
        return base64.urlsafe_b64encode(f"{self.xid}.{self.seq}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, token: str) -> "Place":
        """The place of a token.

        Raises: InvalidInput: when it is none.
        """
        try:
            plain = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
        except ValueError:
            plain = ""
        found = PLACE.fullmatch(plain)
        if found is None or max(map(int, found.groups())) > LAST:
            raise InvalidInput("The query does not fit.", [Problem("since", "is no token that this feed gave")])
        return cls(*map(int, found.groups()))


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what happened (``type``), to what (``subject``), in which branch; ``at`` in ms UTC.

    ``now`` is the external key of its customer, and ``home`` the customer's branch, as they are when it is read.
    """

    place: Place
    at: int
    type: str
    subject: str
    branch: str | None
    body: Mapping[str, Any]
    now: Mapping[str, str | None] = field(default_factory=dict)
    home: str | None = None

    def told_to(self, branch: str | None) -> Mapping[str, Any]:
        """The document for a branch or the bank (None); a branch gets the external key only of its own customers."""
        return {**self.body, **self.now} if branch in (None, self.home) else self.body


class ChangeFeed:
    """The feed of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(
        self, place: Place, branch: str | None, limit: int, types: Sequence[str] = ()
    ) -> tuple[list[Change], Place]:
        """At most ``limit`` changes after a place, and the place to go on from.

        ``types``: only these, ``lead.*`` for all of a kind; without any, all types but those ``ON_REQUEST``.

        Raises:
            Gone: the changes after the place were pruned.
        """
        with self._database.begin() as connection:
            stands = connection.execute(STANDS).one()
            if Place() < place < Place(stands.floor_xid, 0):
                raise Gone("This token is too old: read everything anew, then follow from a new token.")
            if place.xid >= stands.next:
                raise Gone("This token is of before the database was restored: read everything anew, then follow from "
                           "a new token.")  # fmt: skip
            found = read(connection, place, branch, limit, stands.safe, types)
        full = len(found) == limit
        return found, found[-1].place if full else max(place, Place(stands.safe - 1, LAST))

    def latest(self) -> Place:
        """The place after the newest change."""
        with self._database.begin() as connection:
            return Place(connection.execute(STANDS).one().safe - 1, LAST)

    def tells_decisions(self) -> bool:
        """Whether decisions are written to the feed; each costs a row, so the bank switches it on or off."""
        with self._database.begin() as connection:
            return bool(connection.execute(TELLS).scalar_one())

    def tell_decisions(self, wanted: bool, actor: str) -> None:
        """Write decisions to the feed from now on, or no more."""
        with self._database.begin(PATIENCE_S) as connection:
            connection.execute(TELL["ENABLE" if wanted else "DISABLE"])
            audit.append(connection, actor, "feed.decisions", "decision.made", {"told": wanted})

    def prune(self) -> int:
        """Delete changes that are older than ``KEEP_DAYS`` and that every webhook received; returns how many."""
        with self._database.begin(PATIENCE_S) as connection:
            return int(connection.execute(PRUNE, {"keep_ms": KEEP_DAYS * DAY_MS}).rowcount)


def resettle(connection: Connection) -> None:
    """Number the rows that came with a dump anew, where this is a copy; the caller holds the feed's lock.

    Changes that were sent stay sent, and those that were not are sent before all new ones.
    """
    stands = connection.execute(STANDS).one()
    if max(stands.told_xid, stands.floor_xid, int(connection.execute(NEWEST).scalar_one())) < stands.next:
        return
    words = {"next": stands.next, "told_xid": stands.told_xid, "told_seq": stands.told_seq}
    connection.execute(RENUMBER, words | {"told": TOLD, "untold": UNTOLD})
    connection.execute(BEGIN_ANEW, {"told": TOLD, "last": LAST})


def read(
    connection: Connection, place: Place, branch: str | None, limit: int, safe: int, types: Sequence[str] = ()
) -> list[Change]:
    """The changes after a place, below the transaction id ``safe``, each with its customer's present external key."""
    kinds = {"types": list(map(_like, types)) or ["%"], "untold": [""] if types else list(map(_like, ON_REQUEST))}
    words = {"xid": place.xid, "seq": place.seq, "branch": branch, "limit": limit, "safe": safe} | kinds
    return [_change(row) for row in connection.execute(SINCE, words)]


def _change(row: Any) -> Change:
    now = {"external_key": row.external_key} if row.stands else {}
    return Change(Place(row.xid, row.seq), row.at, row.type, row.subject, row.branch, row.body, now, row.home)


def _like(kind: str) -> str:
    return kind.removesuffix("*") + "%" if kind.endswith("*") else kind


def note(connection: Connection, kind: str, subject: str, body: Mapping[str, object], **of: str | None) -> None:
    """Write a change in this transaction; ``of``: ``customer_id`` and ``branch`` where it has them."""
    words = {"type": kind, "subject": subject, "customer_id": of.get("customer_id"), "branch": of.get("branch")}
    connection.execute(NOTE, words | {"body": orjson.dumps(body).decode()})
