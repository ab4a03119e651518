"""What every request asks, by prepared statements: one round trip each."""

from service.core.decision_ids import canonical_id
from service.core.domain import UNKNOWN_CUSTOMER, Client, Event, Lookback, Release, Snapshot
from service.core.errors import NotFound, Unavailable, no_customer
from service.store.connection import encoding, statements, wire
from service.store.connection.database import Database
from service.store.decisions import decisions
from service.store.decisions.decisions import Record


class Asked:
    """The part of the store on every request's road."""

    _database: Database

    def check(self, customer_id: str) -> tuple[int | None, int, int]:
        """The customer's revision (None: no such customer), the active release's id (0: none), the cache generation."""
        row = self._database.ask(statements.CHECK, encoding.name("customer_id", customer_id))
        if not row:
            raise Unavailable("The database lacks its serving row: `fourcast serve` migrates it at start.")
        revision, release, generation = row[0]
        return None if revision is None else int(revision), wire.whole(release), wire.whole(generation)

    def snapshot(self, customer_id: str, back: Lookback) -> Snapshot | None:
        """Attributes, newest consents, the past so far back, and the revision they all belong to."""
        found = self.keyed_snapshot(customer_id, back)
        return None if found is None else found[0]

    def keyed_snapshot(self, customer_id: str, back: Lookback) -> tuple[Snapshot, str | None] | None:
        """As ``snapshot``, with the external key, which answers name and decisions do not read."""
        rows = self._database.ask(
            statements.SNAPSHOT, encoding.name("customer_id", customer_id), *statements.lookback(back)
        )
        return (statements.snapshot_of(customer_id, rows[0]), wire.word(rows[0][5])) if rows else None

    def events(self, customer_id: str, since_ms: int) -> tuple[Event, ...]:
        """Every event since then, oldest first: for who tells what happened; decisions read trails."""
        return statements.events_of(
            self._database.ask(statements.EVENTS, encoding.name("customer_id", customer_id), b"%d" % since_ms)
        )

    def remember(self, decision_id: str, customer_id: str, at: int, release_id: int, record: bytes) -> None:
        """Keep a decision's record, once; durable when this returns. Of a visitor it names nobody.

        NotFound for who is stored no more: of an erased customer nothing is kept.
        """
        name, made = decisions.id_bytes(decision_id), (b"%d" % at, b"%d" % release_id, record)
        if customer_id == UNKNOWN_CUSTOMER:
            self._database.ask(statements.REMEMBER_VISITOR, name, *made)
        elif not self._database.ask(statements.REMEMBER, encoding.name("customer_id", customer_id), name, *made):
            raise no_customer(customer_id)

    def decision(self, decision_id: str) -> Record:
        """A decision as it was stored, by any spelling of its id; raises NotFound."""
        known = canonical_id(decision_id)
        record = decisions.record_of(self._database.ask(statements.DECISION, known.encode())) if known else None
        if record is None:
            raise NotFound(f'No decision "{decision_id[:40]}".')
        return record

    def oldest_decision(self) -> str | None:
        """The id of the oldest decision on record; ids sort by their time."""
        return next((wire.word(row[0]) for row in self._database.ask(statements.OLDEST)), None)

    def client(self, key_hash: str) -> Client | None:
        """The client whose live key has this SHA-256 (hex)."""
        return statements.client_of(self._database.ask(statements.CLIENT, encoding.name("key_hash", key_hash)))

    def active(self) -> Release | None:
        """The release that serves."""
        return statements.release_of(self._database.ask(statements.ACTIVE))

    def ready(self) -> bool:
        """Whether the database answers and has its tables."""
        try:
            self._database.ask(statements.ACTIVE)
        except Unavailable:
            return False
        return True
