"""What is known of customers: stored one by one and by COPY, counted, sampled."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from service.core.domain import Attributes, Event, Lookback, Snapshot
from service.store.connection.database import PATIENCE_S, Database
from service.store.customers import consent_file, external_keys, writes
from service.store.customers.consent_file import ConsentRow
from service.store.customers.merging import CustomerFile
from service.store.customers.removals import Taken
from service.store.customers.writes import Forget, Words, nobody_told
from service.store.decisions.customer_sample import snapshots
from service.store.events import events
from service.store.maintenance import copy
from service.store.maintenance.copy import CustomerRow, Progress
from service.store.security import audit


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many ``customers`` a load stored, what it took away, how often it says yes and a no holds still.

    ``erased``: whom it left out, because they were erased after its file was read.
    """

    customers: int
    taken: Taken
    outvoted: int = 0
    erased: frozenset[str] = frozenset()


class Known:
    """The part of the store that keeps customers."""

    _database: Database

    def record_event(self, event: Event, forget: Forget = nobody_told) -> bool:
        """Store an event and raise the customer's revision; False when it was stored before; Conflict, NotFound."""
        with self._database.exchange() as ask:
            revision = events.report(ask, event)
            if revision is None:
                return False
            writes.tell(ask, event.customer_id, revision, forget)
            return True

    def has_event(self, event: Event) -> bool:
        """Whether this very event, with this content, was stored before."""
        return events.known(self._database.ask, event)

    def put_customer(
        self, customer_id: str, attributes: Attributes, forget: Forget = nobody_told, external_key: str | None = None
    ) -> int:
        """Store a customer's attributes whole; returns the new revision; Conflict for another's external key."""
        with self._database.exchange() as ask:
            revision = writes.put(ask, customer_id, attributes, external_key)
            writes.tell(ask, customer_id, revision, forget)
            return revision

    def set_consents(self, customer_id: str, said: Words, at: int, forget: Forget = nobody_told) -> int:
        """Append each purpose's word to the ledger; returns the customer's new revision; NotFound."""
        with self._database.exchange() as ask:
            revision = writes.set_consents(ask, customer_id, said, at)
            writes.tell(ask, customer_id, revision, forget)
            return revision

    def load_customers(
        self, rows: Iterable[CustomerRow], progress: Progress | None = None, file: CustomerFile | None = None
    ) -> int:
        """Store by COPY what a ``file`` (as of now) says of many customers, all or none; returns the number of rows."""
        file = file or CustomerFile(time.time_ns() // 1_000_000)
        with copy.loading(self._database) as connection:
            count, *_ = copy.load_customers(connection, rows, file, progress)
            external_keys.give(connection, file.external_keys)
            return count

    def load(
        self,
        people: Iterable[CustomerRow],
        consents: Iterable[ConsentRow] | None,
        progress: Progress | None = None,
        file: CustomerFile | None = None,
        source: str = consent_file.RECORD,
    ) -> Loaded:
        """Store a bank's customers and what they said (None: unknown), in one transaction: all of it or nothing.

        ``source`` is whose record of consents it is. What the file spoke of is on the audit log.
        """
        now = time.time_ns() // 1_000_000
        file, outvoted, silent = file or CustomerFile(now), 0, set[str]()
        with copy.loading(self._database) as connection:
            count, taken, gone = copy.load_customers(connection, people, file, progress)
            external_keys.give(connection, file.external_keys)
            if consents is not None:
                _, silent = consent_file.load_consents(connection, consents, source, "1", now, progress)
                outvoted = consent_file.outvoted(connection)
            stored = count - len(gone)
            audit.append(connection, "import", "customers.import", source, {"customers": stored, **file.summary})
        return Loaded(stored, taken, outvoted, frozenset(gone | silent))

    def load_consents(
        self,
        rows: Iterable[ConsentRow],
        source: str = consent_file.RECORD,
        version: str = "1",
        at: int | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Lay the words of the record ``source`` into the ledger (``at``: now), all or none; the number of rows."""
        said_at = time.time_ns() // 1_000_000 if at is None else at
        with copy.loading(self._database) as connection:
            return consent_file.load_consents(connection, rows, source, version, said_at, progress)[0]

    def sample_customers(self, count: int) -> list[str]:
        """The first ``count`` customer ids in order."""
        with self._database.begin() as connection:
            return writes.sample(connection, count)

    def population(self, count: int, back: Lookback) -> list[Snapshot]:
        """At most ``count`` customers, always the same fair sample, with consents and the past so far back."""
        with self._database.begin(PATIENCE_S) as connection:
            return snapshots(connection, count, back)

    def count_customers(self) -> int:
        """How many customers are stored."""
        with self._database.begin(PATIENCE_S) as connection:
            return writes.number(connection)
