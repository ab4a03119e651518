"""Contacts: reserved before they are made, cancelled, and what became of them.

A contact is asked for and counted in one transaction, so that no race passes a cap. The customer's row is locked
first: the second caller waits, and then reads a past that holds the first one's contact, so among any number of
processes the gates are asked one after another. A reservation is an event of kind ``contact``; it counts from that
moment on, whether or not the message then goes out, which errs on the customer's side. The same id asked again is the
same reservation, also when the cap is full by now.
"""

from collections.abc import Callable

from sqlalchemy import text as text_of

from service.core.decision_ids import canonical_id
from service.core.domain import Event, EventKind, Lookback, Snapshot
from service.core.errors import Conflict
from service.store import revisions
from service.store.connection import encoding, wire
from service.store.connection.database import Ask, Database
from service.store.connection.wire import Statement
from service.store.customers import snapshots
from service.store.events import contact_rows, events
from service.store.events.contact_rows import Contact
from service.store.revisions import Forget

LISTED = text_of("""
    SELECT id, customer_id, offer, channel, decision_id, at, state, reserved_at FROM contacts
    WHERE customer_id = :customer AND (at, id) < (:at, :id)
    UNION ALL
    SELECT id, customer_id, offer, channel, decision_id, at, 'made', NULL FROM events
    WHERE customer_id = :customer AND kind = 'contact' AND (at, id) < (:at, :id)
        AND NOT EXISTS (SELECT FROM contacts WHERE contacts.id = events.id)
    ORDER BY at DESC, id DESC LIMIT :limit
""")
REPORTED = Statement(
    b"reported",
    b"""
    SELECT events.customer_id, kind, offer, channel, decision_id, events.at FROM event_keys
    LEFT JOIN events ON events.id = event_keys.id AND events.at = event_keys.at AND events.customer_id = $2
    WHERE event_keys.id = $1
    """,
)
LATEST = 2**62

Permit = Callable[[Snapshot], None]
"""Raises ContactRefused where a gate is closed to the contact."""


class ContactRepository:
    """The contacts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, contact_id: str) -> Contact:
        """One contact.

        Raises: NotFound: when there is none.
        """
        for row in self._database.ask(contact_rows.OF, encoding.name("id", contact_id)):
            return contact_rows.contact_of(row)
        raise contact_rows.no_contact(contact_id)

    def list_contacts(self, customer_id: str, after: tuple[int, str] | None, limit: int) -> list[Contact]:
        """A customer's contacts, the newest first."""
        at, name = after or (LATEST, "")
        words = {"customer": customer_id, "at": at, "id": name, "limit": limit}
        with self._database.begin() as connection:
            return [Contact(*row) for row in connection.execute(LISTED, words)]

    def cancel(self, contact_id: str, forget: Forget) -> Contact:
        """Cancel a reservation, so that it counts no more; cancelling again changes nothing.

        Raises:
            NotFound: there is no such contact.
            Conflict: it was made already.
        """
        with self._database.exchange() as ask:
            found = contact_rows.find_locked(ask, contact_id)
            if found.state == contact_rows.CANCELLED:
                return found
            if found.state != contact_rows.RESERVED:
                raise Conflict(f'Contact "{contact_id}" is {found.state}: only what is reserved can be cancelled.')
            contact_rows.take_back(ask, found)
            now = contact_rows.set_state(ask, found, contact_rows.CANCELLED, found.at)
            revisions.invalidate(ask, found.customer_id, revisions.raise_revision(ask, found.customer_id), forget)
            return now

    def reserve(
        self, contact: Event, back: Lookback, permit: Permit, forget: Forget, planned: bool = False
    ) -> tuple[Contact, bool]:
        """Reserve a contact where ``permit`` allows it; returns the contact, and whether it is new.

        ``permit`` gets the snapshot with the past so far back; an error of it rolls everything back.

        Raises:
            NotFound: the customer is not stored.
            Conflict: the id was used for something else, or, where its time is ``planned``, for another time.
        """
        with self._database.exchange() as ask:
            revisions.lock_customer(ask, contact.customer_id)
            before = _before(ask, contact, planned)
            if before is not None:
                return before, False
            (row,) = ask(snapshots.SNAPSHOT, contact.customer_id.encode(), *snapshots.lookback(back))
            permit(snapshots.snapshot_of(contact.customer_id, row))
            contact_rows.add(ask, contact)
            revision = events.record(ask, contact)
            if revision is not None:
                revisions.invalidate(ask, contact.customer_id, revision, forget)
            made = contact_rows.find_held(ask, contact.id)
            assert made is not None, "it was added above"
            return made, True

    def end(self, contact_id: str, outcome: str, now: int, forget: Forget) -> Contact:
        """Store what became of a contact: the last outcome holds. One reserved for later counts from ``now``.

        Raises:
            NotFound: there is no such contact.
            Conflict: it was cancelled.
        """
        with self._database.exchange() as ask:
            found = contact_rows.find_locked(ask, contact_id)
            if found.state == contact_rows.CANCELLED:
                raise Conflict(f'Contact "{contact_id}" was cancelled: report it as made first, if it was.')
            if found.state != contact_rows.RESERVED or found.at <= now:
                return found if found.state == outcome else contact_rows.set_state(ask, found, outcome, found.at)
            revision = events.make(ask, found, _made(found, now), outcome)
            revisions.invalidate(ask, found.customer_id, revision, forget)
            return contact_rows.find_locked(ask, contact_id)


def _made(contact: Contact, at: int) -> Event:
    """The event of a contact that was made at another time than it was reserved for."""
    places = contact.offer, contact.channel, contact.decision_id
    return Event(contact.id, contact.customer_id, str(EventKind.CONTACT), at, *places)


def _before(ask: Ask, wanted: Event, planned: bool) -> Contact | None:
    """The contact of that id; None where there is none.

    Raises:
        Conflict: when the id was used for something else, or its contact is another one, cancelled, or planned for
            another time.
    """
    found = contact_rows.find_held(ask, wanted.id) or _reported(ask, wanted)
    if found is None:
        return None
    found.expect_same(wanted)
    if found.state == contact_rows.CANCELLED:
        raise Conflict(f'Contact "{wanted.id}" was cancelled: give each contact its own id.')
    if planned and found.at != wanted.at:
        raise Conflict(f'Contact "{wanted.id}" stands for another time: cancel it, and reserve one with its own id.')
    return found


def _reported(ask: Ask, wanted: Event) -> Contact | None:
    """A contact of before contacts had rows, by its event alone.

    Raises:
        Conflict: when the id is of something else.
    """
    for *said, at in ask(REPORTED, encoding.name("id", wanted.id), wanted.customer_id.encode()):
        customer, kind, offer, channel, decision = map(wire.word, said)
        if (customer, kind) != (wanted.customer_id, str(EventKind.CONTACT)):
            raise Conflict(f'The id "{wanted.id}" was used before for something else: give each contact its own id.')
        known = canonical_id(decision or "") or decision
        return Contact(wanted.id, wanted.customer_id, offer, channel, known, wire.whole(at), contact_rows.MADE, None)
    return None
