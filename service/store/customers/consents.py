"""What a customer permits: their words on each purpose, and contacts reserved before they are made.

A contact is asked for and counted in one transaction, so that no race passes a cap. The customer's row is locked
first: who comes second waits, and then reads a past that holds the first one's contact, so among any number of
processes the gates are asked one after another. A reservation is an event of kind ``contact``; it counts from that
moment on, whether or not the message then goes out, which errs on the customer's side. The same id asked again is the
same reservation, also when the cap is full by now.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from service.core.decision_ids import canonical_id
from service.core.domain import Event, EventKind, Lookback, Snapshot
from service.core.errors import Conflict, no_customer
from service.store.connection import encoding, wire
from service.store.connection.database import Ask, Database
from service.store.connection.wire import Statement
from service.store.customers import consent_file, snapshots, writes
from service.store.customers.consent_file import ConsentRow
from service.store.customers.writes import Forget, Words, nobody_told
from service.store.events import contacts, events
from service.store.events.contacts import Contact
from service.store.maintenance.copy import Progress, loading

REPORTED = Statement(
    b"reported",
    b"""
    SELECT events.customer_id, kind, offer, channel, decision_id, events.at FROM event_keys
    LEFT JOIN events ON events.id = event_keys.id AND events.at = event_keys.at AND events.customer_id = $2
    WHERE event_keys.id = $1
    """,
)
SAY = Statement(
    b"say",
    b"""
    INSERT INTO consents (customer_id, purpose, granted, source, version, at)
    SELECT $1, $2, $3::boolean, $4, $5, greatest($6::bigint,
        (SELECT max(at) FROM consents WHERE customer_id = $1 AND purpose = $2))
    """,
)
"""Never dated before a word that stands: what is said now holds, whoever's clock ran fast when the other was said."""

SAID = Statement(
    b"said",
    b"""
    SELECT revision, (SELECT json_object_agg(purpose, json_build_array(granted, at, source, version)) FROM (
        SELECT DISTINCT ON (purpose) purpose, granted, at, source, version FROM consents WHERE customer_id = $1
        ORDER BY purpose, at DESC, seq DESC) AS newest)
    FROM customers WHERE id = $1
    """,
)
Permit = Callable[[Snapshot], None]
"""Raises ContactRefused where a gate is closed to the contact."""


@dataclass(frozen=True, slots=True)
class Said:
    """The newest word on one purpose: yes or no, when (ms UTC), through whom, and to which wording."""

    granted: bool
    at: int
    source: str
    version: str


class CurrentConsents(NamedTuple):
    """A customer's revision, and the newest word on every purpose that was ever spoken of."""

    revision: int
    said: Mapping[str, Said]

    def says_all(self, words: Words) -> bool:
        """Whether each of them is the last word on its purpose, whenever it was said."""
        stands = {purpose: (one.granted, one.source, one.version) for purpose, one in self.said.items()}
        return all(
            stands.get(purpose) == (word, words.source, words.version) for purpose, word in words.granted.items()
        )


Expect = Callable[[int], None]
"""Told the revision that stands, under the customer's lock; raises where the caller expected another."""


def whatever(_: int) -> None:
    """Where nobody said what they had seen, it is as expected."""


class ConsentLedger:
    """The permissions desk of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, customer_id: str) -> CurrentConsents:
        """A customer's newest words on every purpose; raises NotFound."""
        return _current(self._database.ask, customer_id)

    def say(
        self, customer_id: str, said: Words, at: int, forget: Forget = nobody_told, expect: Expect = whatever
    ) -> int:
        """Add each purpose's word to the ledger as the newest; returns the customer's revision; NotFound.

        It rises unless all of it was the last word before: from the same source, on the same wording.
        """
        words, origin = said.checked()
        with self._database.exchange() as ask:
            contacts.lock(ask, customer_id)
            before = _current(ask, customer_id)
            expect(before.revision)
            for purpose, word in words.items():
                ask(SAY, customer_id.encode(), purpose, word, *origin, b"%d" % at)
            if before.says_all(said):
                return before.revision
            revision = writes.raise_revision(ask, customer_id)
            writes.tell(ask, customer_id, revision, forget)
            return revision

    def load(
        self,
        rows: Iterable[ConsentRow],
        source: str = consent_file.RECORD,
        version: str = "1",
        at: int | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Add the words of the record ``source`` to the ledger (``at``: now, ms), all or none; the number of rows.

        Raises:
            InvalidInput: names the rows that do not fit.
        """
        said_at = time.time_ns() // 1_000_000 if at is None else at
        with loading(self._database) as connection:
            return consent_file.load_consents(connection, rows, source, version, said_at, progress)[0]

    def reserve(
        self, contact: Event, back: Lookback, permit: Permit, forget: Forget, planned: bool = False
    ) -> tuple[Contact, bool]:
        """The contact as it stands reserved, and whether that is new; what ``permit`` raises leaves no trace.

        ``permit`` sees the past so far back. NotFound; Conflict for an id that was used for something else, or, where
        its time is ``planned``, for another time.
        """
        with self._database.exchange() as ask:
            contacts.lock(ask, contact.customer_id)
            before = _before(ask, contact, planned)
            if before is not None:
                return before, False
            (row,) = ask(snapshots.SNAPSHOT, contact.customer_id.encode(), *snapshots.lookback(back))
            permit(snapshots.snapshot_of(contact.customer_id, row))
            contacts.add(ask, contact)
            revision = events.record(ask, contact)
            if revision is not None:
                writes.tell(ask, contact.customer_id, revision, forget)
            made = contacts.held(ask, contact.id)
            assert made is not None, "it was added above"
            return made, True

    def end(self, contact_id: str, outcome: str, now: int, forget: Forget) -> Contact:
        """Say what became of a contact: the last word holds. Conflict where it was cancelled; NotFound.

        One that was reserved for later was made ``now`` at the latest, and counts from now.
        """
        with self._database.exchange() as ask:
            found = contacts.of(ask, contact_id)
            if found.state == contacts.CANCELLED:
                raise Conflict(f'Contact "{contact_id}" was cancelled: report it as made first, if it was.')
            if found.state != contacts.RESERVED or found.at <= now:
                return found if found.state == outcome else contacts.set_state(ask, found, outcome, found.at)
            revision = events.make(ask, found, _made(found, now), outcome)
            writes.tell(ask, found.customer_id, revision, forget)
            return contacts.of(ask, contact_id)


def _made(contact: Contact, at: int) -> Event:
    """The event of a contact that was made at another time than it was reserved for."""
    places = contact.offer, contact.channel, contact.decision_id
    return Event(contact.id, contact.customer_id, str(EventKind.CONTACT), at, *places)


def _current(ask: Ask, customer_id: str) -> CurrentConsents:
    for revision, found in ask(SAID, encoding.name("customer_id", customer_id)):
        said = {purpose: Said(*word) for purpose, word in orjson.loads(found or b"{}").items()}
        return CurrentConsents(wire.whole(revision), said)
    raise no_customer(customer_id)


def _before(ask: Ask, wanted: Event, planned: bool) -> Contact | None:
    """What stands under the contact's id, if anything, where it is the same contact; else Conflict."""
    found = contacts.held(ask, wanted.id) or _reported(ask, wanted)
    if found is None:
        return None
    found.expect_same(wanted)
    if found.state == contacts.CANCELLED:
        raise Conflict(f'Contact "{wanted.id}" was cancelled: give each contact its own id.')
    if planned and found.at != wanted.at:
        raise Conflict(f'Contact "{wanted.id}" stands for another time: cancel it, and reserve one with its own id.')
    return found


def _reported(ask: Ask, wanted: Event) -> Contact | None:
    """A contact of before they were kept as such, told by its event alone; Conflict for an id of something else."""
    for *said, at in ask(REPORTED, encoding.name("id", wanted.id), wanted.customer_id.encode()):
        customer, kind, offer, channel, decision = map(wire.word, said)
        if (customer, kind) != (wanted.customer_id, str(EventKind.CONTACT)):
            raise Conflict(f'The id "{wanted.id}" was used before for something else: give each contact its own id.')
        known = canonical_id(decision or "") or decision
        return Contact(wanted.id, wanted.customer_id, offer, channel, known, wire.whole(at), contacts.MADE, None)
    return None
