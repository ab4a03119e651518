"""Customers as the CRM keeps them: stored whole, every fault of their attributes named, read back, erased.

What is stored is judged by the attribute table of the policy that serves. An upsert says all that is known: what it
leaves out is unknown from then on; an amendment says what changes. Erasing is ``store.customers.repository``'s; here
the record's
own room says what a decision record may keep (``decision.redact_record``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.core.clock import Clock
from service.core.domain import Attributes, Client
from service.core.errors import InvalidInput, NotFound, Problem, no_customer
from service.core.grid import day_at
from service.decision import redact_record
from service.engine.auth.branch_scope import expect_own, expect_reach, reaches
from service.engine.crm import assessments
from service.engine.offers.answer_cache import AnswerCache
from service.engine.releases.active_release import ReleaseFollower
from service.store import CustomerChange, Store, StoredCustomer, WriteResult
from service.store.customers.attribute_sources import of_client
from service.store.customers.listing import Listed
from service.store.customers.repository import Note, no_customer_of
from service.store.security.audit import Row
from service.store.security.audit_values import Beside

SENTENCE = "The customer does not fit; nothing was stored."
Expect = Callable[[int | None], None]
"""Told the revision that stands, under a lock (None: nobody is stored); raises where the caller expected another."""
Patch = Mapping[str, Any]
"""A merge patch (RFC 7396): ``attributes`` and ``external_key``, each only where it is to change."""


def anything(_: int | None) -> None:
    """Whatever stands is as good as expected."""


class Customers:
    """The customers' desk of one worker."""

    def __init__(self, store: Store, releases: ReleaseFollower, answers: AnswerCache, clock: Clock) -> None:
        self._store, self._releases, self._answers, self._clock = store, releases, answers, clock

    def read(self, customer_id: str) -> StoredCustomer:
        """The customer as stored; NotFound."""
        return self._store.customers.read(customer_id)

    def by_key(self, external_key: str) -> StoredCustomer:
        """The customer of an external key; NotFound."""
        return self._store.customers.read_by_key(external_key)

    def ids_of(self, external_keys: Sequence[str]) -> dict[str, str]:
        """External key -> customer id, of those keys that somebody has."""
        return self._store.customers.ids_of(external_keys) if external_keys else {}

    def key_of(self, customer_id: str) -> str | None:
        """The external key of a customer, where they have one."""
        return self._store.customers.keys_of([customer_id]).get(customer_id)

    def keys_of(self, names: Sequence[str]) -> dict[str, str]:
        """Customer id -> external key, of those that have one."""
        return self._store.customers.keys_of(names)

    def list_customers(self, after: str, branch: str | None, limit: int) -> list[Listed]:
        """The roll of customers after that id, of one branch or (None) of all."""
        return self._store.customers.list_customers(after, branch, limit)

    def put(
        self, wanted: CustomerChange, client: Client, expect: Expect = anything, behalf: str | None = None
    ) -> WriteResult:
        """Store a customer whole. InvalidInput, Conflict, Forbidden; what ``expect`` raises of what is stored.

        NotFound where somebody of that name is stored whom the client does not reach: its own customer needs another.
        """
        self.expect_fit(wanted.attributes)
        expect_own(client.branch, wanted.attributes)

        def allow(entry: StoredCustomer | None) -> None:
            theirs = entry is not None and not reaches(client.branch, entry.attributes)
            expect(None if entry is None or theirs else entry.revision)
            if theirs:
                raise _nobody(wanted)
            assessments.expect_allowed(client, entry.attributes if entry else {}, wanted.known)

        said = replace(wanted, origin=of_client(client.name, self._clock()), unsaid=assessments.protected_from(client))
        return self._store.customers.put(said, allow, self._answers.forget, self._noted("customer.put", client, behalf))

    def amend(
        self, customer_id: str, patch: Patch, client: Client, expect: Expect = anything, behalf: str | None = None
    ) -> WriteResult:
        """Merge a patch into a customer: null makes unknown, what is left out stays. NotFound, and as ``put``."""
        changes = {str(name): value for name, value in patch.get("attributes", {}).items()}
        self.expect_fit(changes)
        origin = of_client(client.name, self._clock())

        def amended(entry: StoredCustomer) -> CustomerChange:
            after = {**entry.attributes, **changes}
            expect_reach(client.branch, entry.attributes, no_customer(customer_id))
            expect_own(client.branch, after)
            expect(entry.revision)
            assessments.expect_allowed(client, entry.attributes, after)
            key = patch.get("external_key", entry.external_key)
            return CustomerChange(entry.id, key, changes, origin, assessments.protected_from(client))

        note = self._noted("customer.update", client, behalf)
        return self._store.customers.amend(customer_id, amended, self._answers.forget, note)

    def _noted(self, action: str, client: Client, behalf: str | None) -> Note:
        """What a write by the client leaves on the audit log; a branch's client also where nothing changed."""

        def note(before: StoredCustomer | None, after: StoredCustomer) -> Row | None:
            changed = before is None or (before.attributes, before.external_key) != (
                after.attributes,
                after.external_key,
            )
            if not changed and client.branch is None:
                return None
            who = {"branch": client.branch, "on_behalf_of": behalf}
            table = self._releases.serving.policy.attributes
            told = assessments.audit_detail(table, before.attributes if before else {}, after.attributes)
            about = {name: word for name, word in who.items() if word is not None} | {"revision": after.revision}
            alias = self._store.customers.alias_of(after.id)
            return Row(client.name, action, alias, about, Beside(after.id, alias, told))

        return note

    def expect_fit(self, attributes: Attributes) -> None:
        """Raise InvalidInput naming every attribute that the serving policy's table does not take on the bank's day."""
        policy = self._releases.serving.policy
        today = day_at(self._clock(), policy.contact.timezone)
        faults = policy.attributes.check(attributes) + policy.attributes.check_days(attributes, today)
        if faults:
            problems = [Problem(f"attributes.{fault.where[:64]}", fault.message) for fault in faults]
            raise InvalidInput(SENTENCE, problems)

    def erase(self, customer_id: str, actor: str, detail: Mapping[str, object], expect: Expect = anything) -> bool:
        """Erase everywhere; False where that was done before; NotFound for who was never stored; as ``expect``."""
        return self._store.customers.erase(customer_id, redact_record, self._answers.forget, actor, detail, expect)


def _nobody(wanted: CustomerChange) -> NotFound:
    """What to raise where nobody is there by the name that was said."""
    return no_customer_of(str(wanted.external_key)) if wanted.id is None else no_customer(wanted.id)
