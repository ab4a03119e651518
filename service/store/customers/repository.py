"""Customers by id or by the bank's external key: read, stored, sampled, loaded from files, erased.

Erasure: see ``erasure``. Only a keyed digest of an erased id stays, so that the same request again has the same answer,
and a later import or training run can leave the customer out.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, func, select
from sqlalchemy import text as text_of

from service.core import customer_ids
from service.core.domain import Attributes, Lookback, Snapshot
from service.core.errors import Conflict, InvalidInput, NotFound, Problem, Unavailable, no_customer
from service.store import revisions
from service.store.connection import encoding, wire
from service.store.connection.bulk_copy import Progress
from service.store.connection.database import PATIENCE_S, Ask, Database, ask_within
from service.store.connection.wire import Row, Statement
from service.store.customers import erasure, snapshots
from service.store.customers.attribute_sources import Origin, Told, only
from service.store.customers.erasure import ErasureRequest, Expect, Redact
from service.store.customers.file_import import external_keys, load
from service.store.customers.file_import.consents import RECORD, ConsentRow, count_outvoted, load_consents
from service.store.customers.file_import.load import CustomerRow
from service.store.customers.file_import.losses import FileLosses
from service.store.customers.file_import.merge import CustomerFile
from service.store.customers.file_import.retirement import take_back
from service.store.customers.listing import ListedCustomer, page
from service.store.revisions import Forget
from service.store.schema import customers as rows
from service.store.security import audit
from service.store.security.pseudonyms import alias_of, digest_of, find_erased
from service.store.security.sealing import Seal

FIELDS = b"id, external_key, attributes, revision, (extract(epoch from updated_at) * 1000)::bigint, told"
BY_ID = Statement(b"entry", b"SELECT " + FIELDS + b" FROM customers WHERE id = $1")
BY_KEY = Statement(b"entry_by_key", b"SELECT " + FIELDS + b" FROM customers WHERE external_key = $1")
LOCK_ID = Statement(b"lock_entry", BY_ID.text + b" FOR UPDATE")
LOCK_KEY = Statement(b"lock_entry_by_key", BY_KEY.text + b" FOR UPDATE")
SALT = Statement(b"salt", b"SELECT encode(salt, 'hex') FROM pseudonyms")
COME_BACK = Statement(b"come_back", b"DELETE FROM erasures WHERE digest = $1 RETURNING revision", binary=0)
PUT = Statement(
    b"put_customer",
    b"""
    INSERT INTO customers (id, attributes, external_key, told, told_at, revision)
    VALUES ($1, $2::jsonb, $3, $4::jsonb, $5::bigint, $6::bigint)
    ON CONFLICT (id) DO UPDATE SET attributes = excluded.attributes, told = excluded.told, told_at = excluded.told_at,
        external_key = coalesce(excluded.external_key, customers.external_key),
        revision = customers.revision + CASE WHEN %(changed)b THEN 1 ELSE 0 END,
        updated_at = CASE WHEN %(changed)b THEN now() ELSE customers.updated_at END
    RETURNING revision
    """
    % {
        b"changed": b"customers.attributes <> excluded.attributes OR customers.external_key <> excluded.external_key"
        b" OR (customers.external_key IS NULL AND excluded.external_key IS NOT NULL)"
    },
)
PATCH = Statement(
    b"patch_customer",
    b"""
    UPDATE customers SET attributes = $2::jsonb, external_key = $3, told = $4::jsonb,
        told_at = greatest(told_at, $5::bigint),
        revision = revision + CASE WHEN %(changed)b THEN 1 ELSE 0 END,
        updated_at = CASE WHEN %(changed)b THEN now() ELSE updated_at END
    WHERE id = $1 RETURNING revision
    """
    % {b"changed": b"attributes <> $2::jsonb OR external_key IS DISTINCT FROM $3"},
)


IDS_OF = text_of("SELECT id, external_key FROM customers WHERE external_key = ANY (:names)")
STORED = text_of("SELECT id FROM customers WHERE id = ANY (:names)")


@dataclass(frozen=True, slots=True)
class StoredCustomer:
    """One customer as stored; ``updated_at`` in ms UTC; ``told``: the source of each attribute."""

    id: str
    external_key: str | None
    attributes: Attributes
    revision: int
    updated_at: int
    told: Told = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """A customer to be stored: by ``id``, or by ``external_key`` alone, which finds the id or is given a new one.

    An attribute that is None is unknown, says ``origin``. So is an attribute that is left out, where the customer is
    stored whole and a value or a source of it was stored.
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

    def told(self, before: StoredCustomer | None = None) -> tuple[Told, int]:
        """The source of each attribute, and the newest instant; attributes known ``before`` and left out become
        unknown.
        """
        left_out = {*before.attributes, *before.told} if before else set[str]()
        stays = {name: before.told[name] for name in self.unsaid.intersection(before.told)} if before else {}
        said = only(self.origin, left_out.union(self.attributes) - self.unsaid)
        return said | stays, self.origin.as_of if self.origin else 0


@dataclass(frozen=True, slots=True)
class WriteResult:
    """A customer after a write: the revision rises where something changed; ``new``: there was none before."""

    id: str
    revision: int
    new: bool


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of a load: how many ``customers`` it stored, what it took away, and how often a no outvoted its yes.

    ``erased``: customers whom it left out, because they were erased after its file was read.
    """

    customers: int
    taken: FileLosses
    outvoted: int = 0
    erased: frozenset[str] = frozenset()


Allow = Callable[[StoredCustomer | None], None]
"""Called with the stored customer (None: there is none), under a lock; raises where the caller may not write it."""
Amend = Callable[[StoredCustomer], CustomerChange]
"""The stored customer, under a lock -> the change: attributes (None: unknown) and external key; raises where the caller
may not write it."""
Note = Callable[[StoredCustomer | None, StoredCustomer], audit.AuditRow | None]
"""The customer before and after a write -> the row for the audit log, in the same transaction; None: no row."""


def unnoted(_before: StoredCustomer | None, _after: StoredCustomer) -> None:
    """A ``Note`` for writes without a row on the audit log."""


class CustomerRepository:
    """The customers of one database."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal
        self._salt: bytes | None = None

    def read(self, customer_id: str) -> StoredCustomer:
        """The customer of that id.

        Raises: NotFound: when there is none.
        """
        found = self._database.ask(BY_ID, encoding.name("customer_id", customer_id))
        if not found:
            raise no_customer(customer_id)
        return _entry(found[0])

    def read_within(self, connection: Connection, customer_id: str) -> StoredCustomer:
        """The customer of that id, as a transaction sees them.

        Raises: NotFound: when there is none.
        """
        found = ask_within(connection)(BY_ID, encoding.name("customer_id", customer_id))
        if not found:
            raise no_customer(customer_id)
        return _entry(found[0])

    def read_by_key(self, external_key: str) -> StoredCustomer:
        """The customer of that external key.

        Raises: NotFound: when there is none.
        """
        found = self._database.ask(BY_KEY, encoding.name("external_key", external_key))
        if not found:
            raise no_customer_of(external_key)
        return _entry(found[0])

    def put(self, wanted: CustomerChange, allow: Allow, forget: Forget, note: Note = unnoted) -> WriteResult:
        """Store the attributes whole.

        Raises:
            Conflict: the external key belongs to another customer.
            InvalidInput: an id or key is new and outside the alphabet.
        """
        try:
            return self._put(wanted, allow, forget, note)
        except Conflict:
            if wanted.id is not None:
                raise
            return self._put(wanted, allow, forget, note)  # somebody stored this key a moment before: it is found now

    def amend(self, customer_id: str, amend: Amend, forget: Forget, note: Note = unnoted) -> WriteResult:
        """Store the attributes that ``amend`` returns, and keep the others with their sources.

        Raises:
            NotFound: the customer is not stored.
            Conflict: the external key belongs to another customer.
        """
        with self._database.exchange() as ask:
            found = ask(LOCK_ID, encoding.name("customer_id", customer_id))
            if not found:
                raise no_customer(customer_id)
            entry = _entry(found[0])
            wanted = amend(entry)
            expect_names(wanted, entry)
            told, at = wanted.told()
            facts, said = (
                CustomerChange(None, None, {**entry.attributes, **wanted.attributes}).known,
                {**entry.told, **told},
            )
            revision = _patch(ask, entry.id, facts, wanted.external_key, said, at)
            _note(ask, note(entry, StoredCustomer(entry.id, wanted.external_key, facts, revision, at, said)))
            revisions.invalidate(ask, entry.id, revision, forget)
            return WriteResult(entry.id, revision, new=False)

    def _put(self, wanted: CustomerChange, allow: Allow, forget: Forget, note: Note) -> WriteResult:
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
                revisions.raise_revision(ask, name)
            told, at = wanted.told(entry)
            revision = _store(ask, name, wanted.known, wanted.external_key, told, at, first)
            key = wanted.external_key or (entry.external_key if entry else None)
            _note(ask, note(entry, StoredCustomer(name, key, wanted.known, revision, at, told)))
            revisions.invalidate(ask, name, revision, forget)
            return WriteResult(name, revision, new=entry is None and revision == first)

    def _ended(self, ask: Ask, name: str) -> int:
        """The revision at which a customer of that id was erased, who is stored again now; 0 where none was."""
        return sum(wire.whole(revision) for (revision,) in ask(COME_BACK, self._digest(name)))

    def list_customers(self, after: str, branch: str | None, limit: int) -> list[ListedCustomer]:
        """At most ``limit`` customers after that id, of one branch or (None) of all."""
        with self._database.begin(PATIENCE_S) as connection:
            return page(connection, after, branch, limit)

    def read_revision(self, customer_id: str) -> tuple[int | None, int, int]:
        """The customer's revision (None: no such customer), the active release's id (0: none), the cache generation.

        Raises:
            Unavailable: the database was never migrated.
        """
        rows = self._database.ask(snapshots.REVISION, encoding.name("customer_id", customer_id))
        if not rows:
            raise Unavailable("The database lacks its serving row: `fourcast serve` migrates it at start.")
        revision, release, generation = rows[0]
        return None if revision is None else int(revision), wire.whole(release), wire.whole(generation)

    def snapshot(self, customer_id: str, back: Lookback) -> Snapshot | None:
        """Attributes, newest consents, the past so far back, and the revision they all belong to; None for nobody."""
        keyed = self.keyed_snapshot(customer_id, back)
        return None if keyed is None else keyed[0]

    def keyed_snapshot(self, customer_id: str, back: Lookback) -> tuple[Snapshot, str | None] | None:
        """As ``snapshot``, with the external key, which answers name and decisions do not read."""
        name = encoding.name("customer_id", customer_id)
        rows = self._database.ask(snapshots.SNAPSHOT, name, *snapshots.lookback(back))
        return (snapshots.snapshot_of(customer_id, rows[0]), wire.word(rows[0][5])) if rows else None

    def snapshots(self, names: Sequence[str], back: Lookback) -> dict[str, Snapshot]:
        """Those of the customers that are stored, each whole, in one view of the database."""
        return snapshots.find_snapshots(self._database.ask, names, back)

    def sample_snapshots(self, count: int, back: Lookback) -> list[Snapshot]:
        """At most ``count`` customers, always the same fair sample, with consents and the past so far back."""
        with self._database.begin(PATIENCE_S) as connection:
            return snapshots.sample(connection, count, back)

    def sample_ids(self, count: int) -> list[str]:
        """The first ``count`` customer ids in order."""
        with self._database.begin() as connection:
            return list(connection.execute(select(rows.c.id).order_by(rows.c.id).limit(count)).scalars())

    def count(self) -> int:
        """How many customers are stored."""
        with self._database.begin(PATIENCE_S) as connection:
            return int(connection.execute(select(func.count()).select_from(rows)).scalar_one())

    def load(
        self, people: Iterable[CustomerRow], progress: Progress | None = None, file: CustomerFile | None = None
    ) -> int:
        """Store by COPY the customers of a ``file`` (None: as of now), all or none; returns the number of rows.

        Raises:
            InvalidInput: names the rows that do not fit.
            Unconfirmed: the file takes something away to which nobody agreed.
        """
        file = file or CustomerFile(self._database.clock())
        with load.loading(self._database) as connection:
            count, *_ = load.load_customers(connection, people, file, progress)
            external_keys.give(connection, file.external_keys)
            return count

    def load_files(
        self,
        people: Iterable[CustomerRow],
        consents: Iterable[ConsentRow] | None,
        progress: Progress | None = None,
        file: CustomerFile | None = None,
        source: str = RECORD,
        actor: str = "import",
    ) -> Loaded:
        """Store a bank's customers and their consents (None: unknown), in one transaction: all of it or nothing.

        ``source`` is whose record of consents it is, ``actor`` who stores. The audit log has both, and which attributes
        the file had.

        Raises:
            InvalidInput: names the rows that do not fit.
            Unconfirmed: the file takes something away to which nobody agreed.
        """
        now = self._database.clock()
        file, outvoted, silent = file or CustomerFile(now), 0, set[str]()
        with load.loading(self._database) as connection:
            count, taken, gone = load.load_customers(connection, people, file, progress)
            external_keys.give(connection, file.external_keys)
            if consents is not None:
                _, silent = load_consents(connection, consents, source, "1", now, progress)
                outvoted = count_outvoted(connection)
            stored = count - len(gone)
            audit.append(connection, actor, "customers.import", source, {"customers": stored, **file.summary})
        return Loaded(stored, taken, outvoted, frozenset(gone | silent))

    def ids_of(self, external_keys: Sequence[str]) -> dict[str, str]:
        """External key -> customer id, of those keys that a customer has."""
        keys = [encoding.name("external_key", one).decode() for one in external_keys]
        with self._database.begin() as connection:
            found = connection.execute(IDS_OF, {"names": keys})
            return {row.external_key: row.id for row in found}

    def keys_of(self, names: Sequence[str]) -> dict[str, str]:
        """Customer id -> external key, of those that have one."""
        with self._database.begin() as connection:
            found = select(rows.c.id, rows.c.external_key).where(rows.c.id.in_(names), rows.c.external_key.is_not(None))
            return {row.id: row.external_key for row in connection.execute(found)}

    def alias_of(self, customer_id: str) -> str:
        """The customer's name on the audit log: only this database can make it of the id."""
        return alias_of(self._digest(customer_id))

    def _digest(self, customer_id: str) -> bytes:
        if self._salt is None:
            ((salt,),) = self._database.ask(SALT)
            self._salt = bytes.fromhex((salt or b"").decode())
        return digest_of(self._salt, customer_id)

    def erase(
        self,
        customer_id: str,
        redact: Redact,
        forget: Forget,
        actor: str,
        detail: Mapping[str, object],
        expect: Expect = lambda _: None,
    ) -> bool:
        """Erase a customer everywhere; False where they were erased before. Again, it deletes whatever still names
        them.

        Raises:
            NotFound: no such customer was ever stored.
        """
        encoding.name("customer_id", customer_id)
        with self._database.begin(PATIENCE_S) as connection:
            return erasure.erase(
                connection, self._seal, customer_id, ErasureRequest(redact, forget, actor, detail, expect)
            )

    def find_erased(self, names: Iterable[str]) -> set[str]:
        """Those of the ids that were erased and not stored again since over the API."""
        with self._database.begin(PATIENCE_S) as connection:
            return find_erased(connection, names)

    def find_stored(self, names: Iterable[str]) -> set[str]:
        """Those of the ids that are stored now."""
        with self._database.begin(PATIENCE_S) as connection:
            found = connection.execute(STORED, {"names": list(names)})
            return {str(one) for one in found.scalars()}


def _store(
    ask: Ask,
    customer_id: str,
    attributes: Attributes,
    external_key: str | None,
    told: Told | None = None,
    at: int = 0,
    first: int = 1,
) -> int:
    """Store the customer's attributes whole; returns the revision, raised if they differ.

    ``told``: the source of each attribute, the newest as of ``at``. A new customer begins at the revision ``first``.
    """
    return _write(ask, PUT, (customer_id, attributes, external_key), told or {}, at, b"%d" % first)


def _patch(ask: Ask, customer_id: str, attributes: Attributes, external_key: str | None, told: Told, at: int) -> int:
    """As ``_store``, of a stored customer; the external key is replaced too."""
    return _write(ask, PATCH, (customer_id, attributes, external_key), told, at)


def _write(ask: Ask, by: Statement, row: tuple[str, Attributes, str | None], told: Told, at: int, *more: bytes) -> int:
    customer_id, attributes, external_key = row
    names = encoding.name("customer_id", customer_id), encoding.document("attributes", attributes)
    key = encoding.optional("external_key", external_key)
    try:
        ((revision,),) = ask(by, *names, key, encoding.document("told", told), b"%d" % at, *more)
    except Conflict as taken:
        raise Conflict(f'external_key "{external_key}" belongs to another customer.') from taken
    return int(revision or 0)


def expect_names(wanted: CustomerChange, entry: StoredCustomer | None) -> None:
    """Raise InvalidInput where a new id or external key could not be named in a path; stored names stay."""
    faults = {
        "id": customer_ids.fault(wanted.id) if entry is None and wanted.id is not None else None,
        "external_key": _key_fault(wanted.external_key, entry),
    }
    problems = [Problem(where, said) for where, said in faults.items() if said is not None]
    if problems:
        raise InvalidInput("The customer cannot be called that; nothing was stored.", problems)


def _note(ask: Ask, row: audit.AuditRow | None) -> None:
    if row is not None:
        audit.append_by(ask, row)


def _key_fault(key: str | None, entry: StoredCustomer | None) -> str | None:
    known = key is None or (entry is not None and key == entry.external_key)
    return None if known else customer_ids.key_fault(str(key))


def no_customer_of(external_key: str) -> NotFound:
    """The error for an external key that no customer has."""
    return NotFound(f'No customer has the external key "{external_key}".')


def _entry(row: Row) -> StoredCustomer:
    name, key, attributes, revision, at, told = row
    facts, numbers = orjson.loads(attributes or b"{}"), (wire.whole(revision), wire.whole(at))
    return StoredCustomer(wire.word(name) or "", wire.word(key), facts, *numbers, orjson.loads(told or b"{}"))
