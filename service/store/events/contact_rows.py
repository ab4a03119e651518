"""Rows of contacts: reserved, cancelled, made, and their outcome. Caps count the event of each.

    reserved -> made -> delivered | bounced          cancelled ends what is reserved

A contact that is reserved or made has its event, at its planned or its real instant; a cancelled one has none, so it
counts no more. Reporting a contact under its reservation's id moves that one event to the real instant: it counts once.
A contact delivered or bounced before its planned time was made by then, and counts from that moment. A bounce still
counts, which errs on the customer's side.

The customer's row is locked before the contact's, as in every transaction that writes of a customer.
"""

from dataclasses import dataclass

from service.core.domain import Event
from service.core.errors import Conflict, NotFound
from service.store.connection import encoding, wire
from service.store.connection.database import Ask
from service.store.connection.wire import Row, Statement
from service.store.events import trails
from service.store.revisions import lock_customer

RESERVED, CANCELLED, MADE, DELIVERED, BOUNCED = "reserved", "cancelled", "made", "delivered", "bounced"
STATES = (RESERVED, CANCELLED, MADE, DELIVERED, BOUNCED)
OUTCOMES = (DELIVERED, BOUNCED)
FIELDS = b"id, customer_id, offer, channel, decision_id, at, state, reserved_at"
OF = Statement(b"contact", b"SELECT " + FIELDS + b" FROM contacts WHERE id = $1")
HELD = Statement(b"held_contact", OF.text + b" FOR UPDATE")
NEW = Statement(
    b"reserve_contact",
    b"""
    INSERT INTO contacts (id, customer_id, offer, channel, decision_id, at, state, reserved_at)
    VALUES ($1, $2, $3, $4, $5, $6::bigint, 'reserved', now_ms())
    """,
)
SET = Statement(
    b"set_contact",
    b"UPDATE contacts SET state = $2, at = $3::bigint, changed_at = now_ms() WHERE id = $1 RETURNING " + FIELDS,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as stored; ``at`` is when it counts, ``reserved_at`` None where it was reported alone. ms UTC."""

    id: str
    customer_id: str
    offer: str | None
    channel: str | None
    decision_id: str | None
    at: int
    state: str
    reserved_at: int | None

    def expect_same(self, wanted: Event) -> None:
        """Raise Conflict where ``wanted`` is another contact; a field that either leaves open agrees."""
        pairs = ((self.offer, wanted.offer), (self.channel, wanted.channel), (self.decision_id, wanted.decision_id))
        agree = all(None in pair or pair[0] == pair[1] for pair in pairs)
        if self.customer_id != wanted.customer_id or not agree:
            raise Conflict(f'The id "{wanted.id}" was used before for something else: give each contact its own id.')


def find_locked(ask: Ask, contact_id: str) -> Contact:
    """The contact, it and its customer locked until the transaction ends.

    Raises: NotFound: when there is none.
    """
    for row in ask(OF, encoding.name("id", contact_id)):
        lock_customer(ask, contact_of(row).customer_id)
    found = find_held(ask, contact_id)
    if found is None:
        raise no_contact(contact_id)
    return found


def find_held(ask: Ask, contact_id: str) -> Contact | None:
    """The contact, locked until the transaction ends; None where there is none."""
    return next((contact_of(row) for row in ask(HELD, encoding.name("id", contact_id))), None)


def add(ask: Ask, contact: Event) -> None:
    """Store a reservation, before its event."""
    names = (contact.offer, contact.channel, contact.decision_id)
    places = [encoding.optional("name", one) for one in names]
    ask(
        NEW,
        encoding.name("id", contact.id),
        encoding.name("customer_id", contact.customer_id),
        *places,
        b"%d" % contact.at,
    )


def take_back(ask: Ask, contact: Contact) -> None:
    """Delete the contact's event: it counts no more."""
    ask(trails.TAKE_BACK, contact.customer_id.encode(), contact.id.encode(), b"%d" % contact.at)
    ask(trails.EMPTY, contact.customer_id.encode())


def set_state(ask: Ask, contact: Contact, state: str, at: int) -> Contact:
    """Store state and instant; returns the changed contact."""
    (row,) = ask(SET, contact.id.encode(), state.encode(), b"%d" % at)
    return contact_of(row)


def contact_of(row: Row) -> Contact:
    """A row of ``FIELDS``."""
    name, customer, offer, channel, decision, at, state, reserved = row
    places = (wire.word(offer), wire.word(channel), wire.word(decision))
    since = None if reserved is None else wire.whole(reserved)
    return Contact(
        str(wire.word(name)),
        str(wire.word(customer)),
        *places,
        wire.whole(at),
        str(wire.word(state)),
        since,
    )


def no_contact(contact_id: str) -> NotFound:
    """The error for an id that no contact has."""
    return NotFound(f'No contact "{contact_id[:64]}".')
