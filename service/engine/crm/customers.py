"""Customers: stored, amended, read, erased; every fault of their attributes is named.

The attribute table of the serving policy checks what is stored. A put replaces: what it leaves out is unknown from then
on. An amendment changes only what it names. ``store.customers.repository`` erases; ``redact_record`` removes
personal facts from decision records.
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
from service.store.customers.repository import Note, no_customer_of
from service.store.security.audit import AuditRow
from service.store.security.audit_values import ValuesBeside

SENTENCE = "The customer does not fit; nothing was stored."
Expect = Callable[[int | None], None]
"""Called with the stored revision under a lock (None: not stored); raises if the caller expected another one."""
Patch = Mapping[str, Any]
"""A merge patch (RFC 7396): ``attributes`` and ``external_key``, each only if it changes."""


def anything(_: int | None) -> None:
    """Accept any stored revision."""


class Customers:
    """The customers of the bank, as clients may read and write them."""

    def __init__(self, store: Store, releases: ReleaseFollower, answers: AnswerCache, clock: Clock) -> None:
        self._store, self._releases, self._answers, self._clock = store, releases, answers, clock

    def by_key(self, external_key: str) -> StoredCustomer:
        """The customer of an external key.

        Raises:
            NotFound: no customer has it.
        """
        return self._store.customers.read_by_key(external_key)

    def ids_of(self, external_keys: Sequence[str]) -> dict[str, str]:
        """External key -> customer id, for keys that a customer has."""
        return self._store.customers.ids_of(external_keys) if external_keys else {}

    def key_of(self, customer_id: str) -> str | None:
        """The customer's external key; None without one."""
        return self._store.customers.keys_of([customer_id]).get(customer_id)

    def put(
        self, wanted: CustomerChange, client: Client, expect: Expect = anything, behalf: str | None = None
    ) -> WriteResult:
        """Store a customer, replacing all attributes; ``expect`` may raise for the stored revision.

        Raises:
            InvalidInput: names every attribute that does not fit.
            Conflict: the external key is another customer's.
            Forbidden: the client may not store this customer or change the assessment.
            NotFound: the client does not reach the stored customer of that id.
        """
        self.expect_fit(wanted.attributes)
        expect_own(client.branch, wanted.attributes)

        def allow(entry: StoredCustomer | None) -> None:
            theirs = entry is not None and not reaches(client.branch, entry.attributes)
            expect(None if entry is None or theirs else entry.revision)
            if theirs:
                raise _nobody(wanted)
            assessments.expect_allowed(client, entry.attributes if entry else {}, wanted.known)

        change = replace(
            wanted, origin=of_client(client.name, self._clock()), unsaid=assessments.protected_from(client)
        )
        return self._store.customers.put(
            change, allow, self._answers.forget, self._noted("customer.put", client, behalf)
        )

    def amend(
        self, customer_id: str, patch: Patch, client: Client, expect: Expect = anything, behalf: str | None = None
    ) -> WriteResult:
        """Merge a patch into a customer: null makes unknown, what is left out stays.

        Raises:
            NotFound: no such customer is stored, or the client does not reach it.
            InvalidInput, Conflict, Forbidden: as for ``put``.
        """
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
        """A function for the audit row of a write; a branch's client leaves one even where nothing changed."""

        def note(before: StoredCustomer | None, after: StoredCustomer) -> AuditRow | None:
            changed = before is None or (before.attributes, before.external_key) != (
                after.attributes,
                after.external_key,
            )
            if not changed and client.branch is None:
                return None
            who = {"branch": client.branch, "on_behalf_of": behalf}
            table = self._releases.serving.policy.attributes
            detail = assessments.audit_detail(table, before.attributes if before else {}, after.attributes)
            about = {name: word for name, word in who.items() if word is not None} | {"revision": after.revision}
            alias = self._store.customers.alias_of(after.id)
            return AuditRow(client.name, action, alias, about, ValuesBeside(after.id, alias, detail))

        return note

    def expect_fit(self, attributes: Attributes) -> None:
        """Return if the serving policy's attribute table accepts the attributes today.

        Raises:
            InvalidInput: names every attribute that does not fit.
        """
        policy = self._releases.serving.policy
        today = day_at(self._clock(), policy.contact.timezone)
        faults = policy.attributes.check(attributes) + policy.attributes.check_days(attributes, today)
        if faults:
            problems = [Problem(f"attributes.{fault.where[:64]}", fault.message) for fault in faults]
            raise InvalidInput(SENTENCE, problems)

    def erase(self, customer_id: str, actor: str, detail: Mapping[str, object], expect: Expect = anything) -> bool:
        """Erase the customer everywhere; False if that was done before; ``expect`` may raise.

        Raises:
            NotFound: no such customer was ever stored.
        """
        return self._store.customers.erase(customer_id, redact_record, self._answers.forget, actor, detail, expect)


def _nobody(wanted: CustomerChange) -> NotFound:
    """The error where no customer has the given id or external key."""
    return no_customer_of(str(wanted.external_key)) if wanted.id is None else no_customer(wanted.id)
