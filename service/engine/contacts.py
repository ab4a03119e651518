"""Contacts: reserved before they are made; every gate is evaluated at the time of sending, and the contact counts.

The store locks the customer's row while the gates are evaluated, so no race exceeds a cap. The gates are those of the
policy that serves the customer.
"""

from dataclasses import replace

from service.core.clock import Clock
from service.core.domain import Event, Snapshot
from service.decision.contact_permission import refusal_of
from service.engine.offers.answer_cache import AnswerCache
from service.engine.releases.active_release import ReleaseFollower
from service.store import Store
from service.store.events.contact_rows import Contact


class ContactService:
    """Reserves contacts and records their outcome."""

    def __init__(self, store: Store, releases: ReleaseFollower, answers: AnswerCache, clock: Clock) -> None:
        self._store, self._releases, self._answers, self._clock = store, releases, answers, clock

    def reserve(self, wanted: Event, language: str, planned_at: int | None = None) -> tuple[Contact, bool]:
        """The contact, dated now or as planned, and whether it is new.

        Raises:
            ContactRefused: a gate is closed at that time.
            NotFound: no such customer is stored.
            Conflict: the id was used for another contact.
        """
        at = self._clock() if planned_at is None else planned_at
        serving, contact = self._releases.serving, replace(wanted, at=at)

        def ask(snapshot: Snapshot) -> None:
            mine = serving.for_customer(snapshot)
            gate = mine.closed_gate(snapshot, contact)
            if gate is not None:
                raise refusal_of(mine.policy, gate, language)

        back = serving.expiry.lookback(contact.at)
        return self._store.contacts.reserve(contact, back, ask, self._answers.forget, planned_at is not None)

    def cancel(self, contact_id: str) -> Contact:
        """Cancel a reservation, so that it no longer counts.

        Raises:
            NotFound: no such contact.
            Conflict: the contact was made.
        """
        return self._store.contacts.cancel(contact_id, self._answers.forget)

    def end(self, contact_id: str, outcome: str) -> Contact:
        """Record the outcome of a contact, which was made by now.

        Raises:
            NotFound: no such contact.
            Conflict: it was cancelled.
        """
        now = self._clock()
        return self._store.contacts.end(contact_id, outcome, now, self._answers.forget)
