"""PostgreSQL: the truth about customers, consents, events, decisions, releases, clients, and the audit log.

``Store`` is the whole room: each method is one transaction or one prepared statement. A method either returns, and
then what it wrote is durable, or raises: ``Unavailable`` within the deadline when the server fails (the caller may try
again: every write can be repeated), ``NotFound``, ``Conflict``, ``InvalidInput``. Reconnects by itself; usable from
any thread; a fork opens its own connections.

Inside: ``database`` (connections, deadline, failures), ``wire`` (libpq), ``hot`` (statements of every request), one
module per noun, ``bulk`` (COPY), ``partitions``, ``migrate`` and its ``migrations``. Not here: the cache; what the
attributes mean.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from service.domain import Attributes, Client, Event, Release, Snapshot
from service.errors import NotFound, Unavailable
from service.store import (
    audit,
    bulk,
    clients,
    customers,
    decisions,
    events,
    experience,
    hot,
    migrate,
    outcomes,
    partitions,
    recent,
    releases,
    text,
)
from service.store.audit import Verdict
from service.store.bulk import ConsentRow, CustomerRow, Progress
from service.store.challengers import Challenger, Challengers
from service.store.changes import Changes
from service.store.clients import Key
from service.store.customers import Forget, nobody_told
from service.store.database import Database
from service.store.decisions import Record, new_decision_id
from service.store.experience import Life
from service.store.jobs import Jobs
from service.store.leads import Leads
from service.store.permissions import Permissions
from service.store.proposals import Proposal, Proposals
from service.store.register import Entry, Register, Wanted
from service.store.repeats import Repeats
from service.store.sample import snapshots
from service.store.signing import SigningKeys
from service.store.taken import Outcome, taken
from service.store.views import Views
from service.store.webhooks import Webhooks

__all__ = [
    "Challenger",
    "Challengers",
    "ConsentRow",
    "CustomerRow",
    "Entry",
    "Forget",
    "Key",
    "Outcome",
    "Proposal",
    "Proposals",
    "Record",
    "Register",
    "Repeats",
    "Store",
    "Verdict",
    "Views",
    "Wanted",
    "new_decision_id",
    "nobody_told",
]


class Store:
    """The store behind one PostgreSQL ``url``; ``deadline_ms`` bounds every wait for an answer.

    ``proposals`` is the release desk (propose, approve, roll back), ``permissions`` what customers permit,
    ``challengers`` what is on trial, ``views`` whom a branch's clients looked at, ``signing`` the keys of offer tokens,
    ``repeats`` the answers kept for requests that are sent again, ``register`` the customers one by one, ``jobs`` the
    queue, ``changes`` the feed, ``leads`` those of the advisers, ``webhooks`` who listens.
    """

    def __init__(self, url: str, deadline_ms: int = 500) -> None:
        self._database = Database(url, deadline_ms)
        self.proposals, self.permissions = Proposals(self._database), Permissions(self._database)
        self.challengers, self.views = Challengers(self._database), Views(self._database)
        self.signing, self.repeats = SigningKeys(self._database), Repeats(self._database)
        self.register, self.jobs = Register(self._database), Jobs(self._database)
        self.changes, self.leads = Changes(self._database), Leads(self._database)
        self.webhooks = Webhooks(self._database)

    # On every request ------------------------------------------------------------------------------------------------

    def check(self, customer_id: str) -> tuple[int | None, int, int]:
        """The customer's revision (None: no such customer), the active release's id (0: none), the cache generation."""
        row = self._database.ask(hot.CHECK, text.name("customer_id", customer_id))
        if not row:
            raise Unavailable("The database lacks its serving row: `fourcast serve` migrates it at start.")
        revision, release, generation = row[0]
        return None if revision is None else int(revision), hot.whole(release), hot.whole(generation)

    def snapshot(self, customer_id: str, since_ms: int) -> Snapshot | None:
        """Attributes, newest consents, events since then, and the revision they all belong to."""
        rows = self._database.ask(hot.SNAPSHOT, text.name("customer_id", customer_id), b"%d" % since_ms)
        return hot.snapshot_of(customer_id, rows[0]) if rows else None

    def remember(self, decision_id: str, customer_id: str, at: int, release_id: int, record: bytes) -> None:
        """Keep a decision's record, once; durable when this returns."""
        names = decisions.id_bytes(decision_id), text.name("customer_id", customer_id)
        self._database.ask(hot.REMEMBER, *names, b"%d" % at, b"%d" % release_id, record)

    def decision(self, decision_id: str) -> Record:
        """A decision as it was stored; raises NotFound."""
        known = decisions.is_decision_id(decision_id)
        record = decisions.record_of(self._database.ask(hot.DECISION, decision_id.encode())) if known else None
        if record is None:
            raise NotFound(f'No decision "{decision_id[:40]}".')
        return record

    def client(self, key_hash: str) -> Client | None:
        """The client whose live key has this SHA-256 (hex)."""
        return hot.client_of(self._database.ask(hot.CLIENT, text.name("key_hash", key_hash)))

    def active(self) -> Release | None:
        """The release that serves."""
        return hot.release_of(self._database.ask(hot.ACTIVE))

    def ready(self) -> bool:
        """Whether the database answers and has its tables."""
        try:
            self._database.ask(hot.ACTIVE)
        except Unavailable:
            return False
        return True

    # What changes customers ------------------------------------------------------------------------------------------

    def record_event(self, event: Event, forget: Forget = nobody_told) -> bool:
        """Store an event and raise the customer's revision; False when it was stored before; Conflict, NotFound."""
        with self._database.exchange() as ask:
            revision = events.record(ask, event)
            if revision is None:
                return False
            customers.tell(ask, event.customer_id, revision, forget)
            return True

    def put_customer(
        self, customer_id: str, attributes: Attributes, forget: Forget = nobody_told, external_key: str | None = None
    ) -> int:
        """Store a customer's attributes whole; returns the new revision; Conflict for another's external key."""
        with self._database.exchange() as ask:
            revision = customers.put(ask, customer_id, attributes, external_key)
            customers.tell(ask, customer_id, revision, forget)
            return revision

    def set_consents(
        self,
        customer_id: str,
        granted: Mapping[str, bool],
        source: str,
        version: str,
        at: int,
        forget: Forget = nobody_told,
    ) -> int:
        """Append each purpose's word to the ledger; returns the customer's new revision; NotFound."""
        with self._database.exchange() as ask:
            revision = customers.set_consents(ask, customer_id, granted, source, version, at)
            customers.tell(ask, customer_id, revision, forget)
            return revision

    def load_customers(self, rows: Iterable[CustomerRow], progress: Progress | None = None) -> int:
        """Store many customers by COPY, all or none; returns the number of rows."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return bulk.load_customers(connection, rows, progress)

    def load_consents(
        self,
        rows: Iterable[ConsentRow],
        source: str = "import",
        version: str = "1",
        at: int | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Append to the ledger by COPY what ``source`` says anew (``at``: now), all or none; the number of rows."""
        said_at = time.time_ns() // 1_000_000 if at is None else at
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return bulk.load_consents(connection, rows, source, version, said_at, progress)

    def sample_customers(self, count: int) -> list[str]:
        """The first ``count`` customer ids in order."""
        with self._database.begin() as connection:
            return customers.sample(connection, count)

    def population(self, count: int, since_ms: int) -> list[Snapshot]:
        """At most ``count`` customers, always the same fair sample, with consents and the events since then."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return snapshots(connection, count, since_ms)

    def count_customers(self) -> int:
        """How many customers are stored."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return customers.number(connection)

    def latest_decisions(self, since: int, until: int, customers: int) -> list[Record]:
        """The latest decision, from ``since`` to ``until`` (ms), of at most so many customers; latest first."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return recent.latest(connection, since, until, customers)

    def takings(self, customers: Iterable[str], since: int, until: int) -> Sequence[tuple[str, str, int]]:
        """(customer, offer, at) of every accept and purchase of these customers in that time (ms)."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return recent.takings(connection, customers, since, until)

    # Releases, clients, audit ----------------------------------------------------------------------------------------

    def put_policy(self, policy_hash: str, documents: Mapping[str, object]) -> None:
        """Keep a policy's documents under their hash."""
        with self._database.begin() as connection:
            releases.put_policy(connection, policy_hash, documents)

    def policy(self, policy_hash: str) -> dict[str, Any]:
        """The documents of one policy; NotFound."""
        with self._database.begin() as connection:
            return releases.policy(connection, policy_hash)

    def put_bundle(self, version: str, manifest: Mapping[str, object]) -> None:
        """Keep a bundle's manifest under its version; Conflict when it is stored with another."""
        with self._database.begin() as connection:
            releases.put_bundle(connection, version, manifest)

    def bundle(self, version: str) -> dict[str, Any]:
        """The manifest of one bundle; NotFound."""
        with self._database.begin() as connection:
            return releases.bundle(connection, version)

    def activate(
        self, policy: str, bundle: str | None, note: str, actor: str, prices: Mapping[str, float] | None = None
    ) -> Release:
        """Make policy and bundle serve as a new release, and say so in the audit log; NotFound."""
        with self._database.begin() as connection:
            return releases.activate(connection, policy, bundle, prices or {}, note, actor)

    def promote(self, bundle: str, note: str, actor: str) -> Release:
        """Make a bundle serve beside the policy and prices that serve; NotFound, Conflict where none do."""
        with self._database.begin() as connection:
            return releases.promote(connection, bundle, note, actor)

    def releases(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The newest releases first, all of them without ``limit``."""
        with self._database.begin() as connection:
            return releases.listed(connection, limit)

    def outcomes(
        self, policy: str, since: int, until: int, window_ms: int, release: int = 0
    ) -> dict[str, dict[str, float]]:
        """Arm -> what became of its customers, under releases from ``release`` on with this policy's experiments."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return outcomes.outcomes(connection, policy, since, until, window_ms, release)

    def credited(self, policy: str, since: int, until: int) -> dict[str, int]:
        """Strategy -> how many shown treatments are credited to it."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return outcomes.credited(connection, policy, since, until)

    def lives(self, since: int, until: int) -> Iterator[Life]:
        """Every stored customer with a decision from ``since`` to ``until``, their records and events; for training."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            yield from experience.lives(connection, since, until)

    def add_client(self, client: Client, key_hash: str, actor: str, expires_at: datetime | None = None) -> None:
        """Store a client under the SHA-256 (hex) of its key, useless from ``expires_at`` on; Conflict."""
        with self._database.begin() as connection:
            clients.add(connection, client, key_hash, actor, expires_at)

    def rotate_client(self, name: str, key_hash: str, actor: str, overlap_s: float = 0) -> Client:
        """Give a client a new key; those it held work ``overlap_s`` seconds longer; NotFound, Conflict."""
        with self._database.begin() as connection:
            return clients.rotate(connection, name, key_hash, actor, overlap_s)

    def revoke_client(self, name: str, actor: str) -> int:
        """End all live keys of a client; returns how many; NotFound."""
        with self._database.begin() as connection:
            return clients.revoke(connection, name, actor)

    def clients(self) -> list[Key]:
        """Every live key with its client, by name."""
        with self._database.begin() as connection:
            return clients.listed(connection)

    def audit(self, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> int:
        """Add a row to the audit log; returns its number."""
        with self._database.begin() as connection:
            return audit.append(connection, actor, action, subject, detail)

    def audit_log(self, limit: int) -> list[dict[str, Any]]:
        """The newest rows of the audit log, newest first."""
        with self._database.begin() as connection:
            return audit.listed(connection, limit)

    def taken(self, since: int, until: int, window_ms: int, count: int) -> list[Outcome]:
        """The first decision from ``since`` to ``until`` (ms) of at most ``count`` customers, with what they took."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return taken(connection, since, until, window_ms, count)

    def verify_audit(self) -> Verdict:
        """Whether the audit log's chain holds, and where it breaks."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return audit.verify(connection)

    # The database itself ---------------------------------------------------------------------------------------------

    def migrate(self, to: str = "head") -> None:
        """Bring the schema to this version (or ``to``) and make the partitions ahead; safe from several processes."""
        migrate.migrate(self._database, to)
        if to == "head":
            self.ensure_partitions()

    def ensure_partitions(self, months: int = 3) -> list[str]:
        """Make the partitions of the months ahead; returns the names of the new ones."""
        return partitions.ensure_partitions(self._database, time.time_ns() // 1_000_000, months)

    def close(self) -> None:
        """Close this thread's connections and the pool."""
        self._database.close()
