"""The register of customers: read and stored one by one, by id or by the bank's external key, and erased for good.

What erasing takes out, and what stays under a pseudonym made by chance, is ``erasure``'s. That an id was erased is
remembered as a keyed digest only, so that the same request again is the same answer and a later import or training run
can leave the customer out.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, select
from sqlalchemy import text as text_of
from sqlalchemy.dialects.postgresql import insert

from service.core import customer_ids
from service.core.domain import Attributes, Lookback, Snapshot
from service.core.errors import Conflict, InvalidInput, NotFound, Problem, no_customer
from service.store.connection import encoding, statements, wire
from service.store.connection.database import PATIENCE_S, Ask, Database
from service.store.connection.wire import Row, Statement
from service.store.customers import erasure, tombstones, writes
from service.store.customers.erasure import Asked, Expect, Redact
from service.store.customers.listing import Listed, page
from service.store.customers.origins import Origin, Told, only
from service.store.customers.retiring import take_back
from service.store.customers.writes import Forget
from service.store.schema import customers as rows
from service.store.schema import (
    decisions,
)
from service.store.security import audit
from service.store.security.sealing import Seal

FIELDS = b"id, external_key, attributes, revision, (extract(epoch from updated_at) * 1000)::bigint, told"
BY_ID = Statement(b"entry", b"SELECT " + FIELDS + b" FROM customers WHERE id = $1")
BY_KEY = Statement(b"entry_by_key", b"SELECT " + FIELDS + b" FROM customers WHERE external_key = $1")
LOCK_ID = Statement(b"lock_entry", BY_ID.text + b" FOR UPDATE")
LOCK_KEY = Statement(b"lock_entry_by_key", BY_KEY.text + b" FOR UPDATE")
SALT = Statement(b"salt", b"SELECT encode(salt, 'hex') FROM pseudonyms")
COME_BACK = Statement(b"come_back", b"DELETE FROM erasures WHERE digest = $1 RETURNING revision", binary=0)
MANY = Statement(
    b"snapshots",
    f"""
    SELECT c.id, {statements.KNOWN} FROM customers AS c
    WHERE c.id = ANY (ARRAY(SELECT json_array_elements_text(CAST($1 AS json))))
    """.encode(),  # noqa: S608 - our own words
)


IDS_OF = text_of("SELECT id, external_key FROM customers WHERE external_key = ANY (:names)")
STORED = text_of("SELECT id FROM customers WHERE id = ANY (:names)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One customer as stored; ``updated_at`` in ms UTC; ``told``: who said each attribute last."""

    id: str
    external_key: str | None
    attributes: Attributes
    revision: int
    updated_at: int
    told: Told = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A customer to be stored: by ``id``, or by ``external_key`` alone, which finds the id or is given a new one.

    An attribute that is None is said to be unknown by ``origin``. One that is left out is, too, where the customer is
    stored whole and something was known or told of it.
    """

    id: str | None
    external_key: str | None
    attributes: Attributes
    origin: Origin | None = None
    unsaid: frozenset[str] = frozenset()
    """The attributes on which ``origin`` has no say: who said them, and when, stays."""

    @property
    def known(self) -> Attributes:
        """Without the attributes that are unknown: to a decision null and absent are the same."""
        return {name: value for name, value in self.attributes.items() if value is not None}

    def told(self, before: Entry | None = None) -> tuple[Told, int]:
        """Who says all of it, and when; of what was known ``before`` and is left out, that it is unknown."""
        left_out = {*before.attributes, *before.told} if before else set[str]()
        stays = {name: before.told[name] for name in self.unsaid.intersection(before.told)} if before else {}
        said = only(self.origin, left_out.union(self.attributes) - self.unsaid)
        return said | stays, self.origin.as_of if self.origin else 0


@dataclass(frozen=True, slots=True)
class Stored:
    """A customer as a write left them: the revision rises where something changed; ``new``: nobody was stored."""

    id: str
    revision: int
    new: bool


Allow = Callable[[Entry | None], None]
"""Told what is stored now (None: nobody), under a lock; raises where the caller may not write it."""
Amend = Callable[[Entry], Wanted]
"""What is stored now, under a lock, to what shall be: attributes (None: said to be unknown) and external key; raises
where the caller may not."""
Note = Callable[[Entry | None, Entry], audit.Row | None]
"""What was stored and what a write leaves, to its row on the audit log, in the same transaction; None: none."""


def unnoted(_before: Entry | None, _after: Entry) -> None:
    """For a write that leaves nothing on the audit log."""


class CustomerRepository:
    """The register of one database."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal
        self._salt: bytes | None = None

    def read(self, customer_id: str) -> Entry:
        """The customer of that id; NotFound."""
        found = self._database.ask(BY_ID, encoding.name("customer_id", customer_id))
        if not found:
            raise no_customer(customer_id)
        return _entry(found[0])

    def by_key(self, external_key: str) -> Entry:
        """The customer of that external key; NotFound."""
        found = self._database.ask(BY_KEY, encoding.name("external_key", external_key))
        if not found:
            raise no_customer_of(external_key)
        return _entry(found[0])

    def put(self, wanted: Wanted, allow: Allow, forget: Forget, note: Note = unnoted) -> Stored:
        """Store the attributes whole.

        Conflict for a taken key; InvalidInput for an id or key that is new and outside the alphabet.
        """
        try:
            return self._put(wanted, allow, forget, note)
        except Conflict:
            if wanted.id is not None:
                raise
            return self._put(wanted, allow, forget, note)  # somebody stored this key a moment before: it is found now

    def amend(self, customer_id: str, amend: Amend, forget: Forget, note: Note = unnoted) -> Stored:
        """Change what ``amend`` says, and keep the rest with who said it; NotFound, Conflict for a taken key."""
        with self._database.exchange() as ask:
            found = ask(LOCK_ID, encoding.name("customer_id", customer_id))
            if not found:
                raise no_customer(customer_id)
            entry = _entry(found[0])
            wanted = amend(entry)
            expect_names(wanted, entry)
            told, at = wanted.told()
            facts, said = Wanted(None, None, {**entry.attributes, **wanted.attributes}).known, {**entry.told, **told}
            revision = writes.patch(ask, entry.id, facts, wanted.external_key, said, at)
            _note(ask, note(entry, Entry(entry.id, wanted.external_key, facts, revision, at, said)))
            writes.tell(ask, entry.id, revision, forget)
            return Stored(entry.id, revision, new=False)

    def _put(self, wanted: Wanted, allow: Allow, forget: Forget, note: Note) -> Stored:
        with self._database.exchange() as ask:
            if wanted.id is not None:
                found = ask(LOCK_ID, encoding.name("customer_id", wanted.id))
            else:
                found = ask(LOCK_KEY, encoding.name("external_key", wanted.external_key or ""))
            entry = _entry(found[0]) if found else None
            allow(entry)
            expect_names(wanted, entry)
            name = wanted.id or (entry.id if entry else f"c-{uuid.uuid4()}")
            first = 1
            if entry is None:
                first += self._ended(ask, name)
            elif wanted.origin is not None and take_back(ask, name, wanted.origin.as_of, wanted.origin.source):
                writes.raise_revision(ask, name)
            told, at = wanted.told(entry)
            revision = writes.put(ask, name, wanted.known, wanted.external_key, told, at, first)
            key = wanted.external_key or (entry.external_key if entry else None)
            _note(ask, note(entry, Entry(name, key, wanted.known, revision, at, told)))
            writes.tell(ask, name, revision, forget)
            return Stored(name, revision, new=entry is None and revision == first)

    def _ended(self, ask: Ask, name: str) -> int:
        """The revision at which somebody of that id was erased, who is stored again now; 0 for nobody."""
        return sum(wire.whole(revision) for (revision,) in ask(COME_BACK, self._digest(name)))

    def listed(self, after: str, branch: str | None, limit: int) -> list[Listed]:
        """The roll of customers after that id."""
        with self._database.begin(PATIENCE_S) as connection:
            return page(connection, after, branch, limit)

    def snapshots(self, names: Sequence[str], back: Lookback) -> dict[str, Snapshot]:
        """Those of the customers that are stored, each whole, in one view of the database."""
        ids = orjson.dumps([encoding.name("customer_id", one).decode() for one in names])
        found = self._database.ask(MANY, ids, *statements.lookback(back))
        return {str(wire.word(row[0])): statements.snapshot_of(str(wire.word(row[0])), row[1:]) for row in found}

    def ids_of(self, external_keys: Sequence[str]) -> dict[str, str]:
        """External key -> customer id, of those keys that somebody has."""
        keys = [encoding.name("external_key", one).decode() for one in external_keys]
        with self._database.begin() as connection:
            found = connection.execute(IDS_OF, {"names": keys})
            return {row.external_key: row.id for row in found}

    def external_keys(self, names: Sequence[str]) -> dict[str, str]:
        """Customer id -> external key, of those that have one."""
        with self._database.begin() as connection:
            found = select(rows.c.id, rows.c.external_key).where(rows.c.id.in_(names), rows.c.external_key.is_not(None))
            return {row.id: row.external_key for row in connection.execute(found)}

    def remember(self, made: Iterable[Mapping[str, object]]) -> set[str]:
        """Keep the decisions of customers who are stored, all or none; whose they are. Durable when this returns."""
        with self._database.begin() as connection:
            return remember(connection, made)

    def alias(self, customer_id: str) -> str:
        """A name for the customer that only this database can make of the id: what the audit log calls them."""
        return tombstones.alias_of(self._digest(customer_id))

    def _digest(self, customer_id: str) -> bytes:
        if self._salt is None:
            ((salt,),) = self._database.ask(SALT)
            self._salt = bytes.fromhex((salt or b"").decode())
        return tombstones.digest_of(self._salt, customer_id)

    def erase(
        self,
        customer_id: str,
        redact: Redact,
        forget: Forget,
        actor: str,
        detail: Mapping[str, object],
        expect: Expect = lambda _: None,
    ) -> bool:
        """Erase a customer everywhere; False where they were erased before; NotFound for who was never stored.

        Asked again, it takes out whatever names them still.
        """
        encoding.name("customer_id", customer_id)
        with self._database.begin(PATIENCE_S) as connection:
            return erasure.erase(connection, self._seal, customer_id, Asked(redact, forget, actor, detail, expect))

    def erased(self, names: Iterable[str]) -> set[str]:
        """Those of the ids that were erased and not stored again since by their own wish."""
        with self._database.begin(PATIENCE_S) as connection:
            return tombstones.erased(connection, names)

    def stored(self, names: Iterable[str]) -> set[str]:
        """Those of the ids that are stored now."""
        with self._database.begin(PATIENCE_S) as connection:
            found = connection.execute(STORED, {"names": list(names)})
            return {str(one) for one in found.scalars()}


def expect_names(wanted: Wanted, entry: Entry | None) -> None:
    """Raise InvalidInput where the id or the external key is new and no path could name it; what is stored stays."""
    faults = {
        "id": customer_ids.fault(wanted.id) if entry is None and wanted.id is not None else None,
        "external_key": _key_fault(wanted.external_key, entry),
    }
    problems = [Problem(where, said) for where, said in faults.items() if said is not None]
    if problems:
        raise InvalidInput("The customer cannot be called that; nothing was stored.", problems)


def _note(ask: Ask, row: audit.Row | None) -> None:
    if row is not None:
        audit.append_by(ask, row)


def _key_fault(key: str | None, entry: Entry | None) -> str | None:
    known = key is None or (entry is not None and key == entry.external_key)
    return None if known else customer_ids.key_fault(str(key))


def no_customer_of(external_key: str) -> NotFound:
    """What to raise of a key that nobody has."""
    return NotFound(f'No customer has the external key "{external_key}".')


def remember(connection: Connection, made: Iterable[Mapping[str, object]]) -> set[str]:
    """Keep decisions (``id``, ``customer_id``, ``at``, ``release_id``, ``record``) in this transaction, each once.

    Only those of customers who are stored; returns whose. Nobody of them is erased before the transaction ends.
    """
    several = [dict(one) for one in made]
    stored = writes.hold(connection, {str(one["customer_id"]) for one in several}) if several else set()
    kept = [one for one in several if one["customer_id"] in stored]
    if kept:
        connection.execute(insert(decisions).on_conflict_do_nothing(), kept)
    return stored


def _entry(row: Row) -> Entry:
    name, key, attributes, revision, at, told = row
    facts, numbers = orjson.loads(attributes or b"{}"), (wire.whole(revision), wire.whole(at))
    return Entry(wire.word(name) or "", wire.word(key), facts, *numbers, orjson.loads(told or b"{}"))
