"""Events checked against what the bank has: offer, channel, question, and the decision that the event names.

A name is known if the release that serves has it, or any release or trial before, because an event may arrive late. The
names of the serving release are in memory. Only an unknown name costs a query: which release is active, and, if that
changed, the names of all releases. So a worker that follows a new release a moment later refuses no event that another
worker's answer led to.

A decision must be the customer's own and must have shown the offer. A decision of another customer and one that does
not exist get the same error. Decisions of archived months cannot be looked up: an id older than the oldest stored
decision is accepted from the bank's programs and refused from a customer's own key. An event may not be older than its
decision, except for a small clock skew of the sender, because cool-offs count from the event's instant.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo

from service.core.decision_ids import canonical_id, made_at
from service.core.domain import CLOCK_SKEW_MS, Event
from service.core.errors import InvalidInput, NotFound, Problem
from service.core.suggestions import explain_unknown
from service.decision.record import UNREADABLE, shown
from service.engine.releases.active_release import ReleaseFollower
from service.rendering.answer import iso
from service.store import PolicyNames, Store

SENTENCE = "The event names what this bank does not have."
NOUNS = {"offer": "offers", "channel": "channels", "question": "questions"}


def with_canonical_decision_id(event: Event) -> Event:
    """The event with its decision's id in the stored form. An id in no known form is left as it is, to be refused."""
    known = None if event.decision_id is None else canonical_id(event.decision_id)
    return event if known in (None, event.decision_id) else replace(event, decision_id=known)


class KnownNames:
    """The names of every release, as one worker read them last."""

    def __init__(self, store: Store, releases: ReleaseFollower) -> None:
        self._store, self._releases = store, releases
        self._ever: tuple[int, PolicyNames] | None = None

    @property
    def now(self) -> PolicyNames:
        """The names of the release that serves in this worker."""
        return self._releases.serving.names

    @property
    def timezone(self) -> tzinfo:
        """The time zone of the policy that serves."""
        return self._releases.serving.phrases.timezone

    def ever(self) -> PolicyNames:
        """The names of the active release and of all releases before.

        Raises:
            Unavailable: PostgreSQL does not answer.
        """
        release = self._store.releases.active()
        number = 0 if release is None else release.id
        if self._ever is None or self._ever[0] != number:
            self._ever = number, self._store.releases.policy_names()
        return self._ever[1]


class Claims:
    """The claims of one request's events; each unknown name and each decision is looked up once.

    ``trusted``: the sender is a program of the bank, not a customer.
    """

    def __init__(self, store: Store, known: KnownNames, trusted: bool) -> None:
        self._store, self._known, self._trusted = store, known, trusted
        self._ever: PolicyNames | None = None
        self._decisions: dict[str, tuple[str | None, dict[str, str] | None]] = {}

    def expect(self, event: Event, proven: bool = False) -> None:
        """Return if every claim holds; ``proven``: a token already proves the decision.

        Raises:
            InvalidInput: names each field whose claim does not hold.
        """
        claimed = () if proven else self._decided(event)
        if problems := [*self._names(event), *(tuple(claimed) or self._dated(event))]:
            raise InvalidInput(SENTENCE, problems)

    def expect_decision(self, event: Event) -> None:
        """As ``expect``, for the decision alone.

        Raises:
            InvalidInput: the decision is not this customer's, or did not show the offer.
        """
        if problems := [*self._decided(event)]:
            raise InvalidInput(SENTENCE, problems)

    def _names(self, event: Event) -> Iterator[Problem]:
        for field, nouns in NOUNS.items():
            word = getattr(event, field)
            if word is not None and not self._has(nouns, word):
                yield Problem(field, explain_unknown(word, getattr(self._known.now, nouns)))

    def _has(self, nouns: str, word: str) -> bool:
        if word in getattr(self._known.now, nouns):
            return True
        if self._ever is None:
            self._ever = self._known.ever()
        return word in getattr(self._ever, nouns)

    def _decided(self, event: Event) -> Iterator[Problem]:
        if event.decision_id is None:
            return
        owner, offers = self._decision(event.decision_id)
        if owner is None and self._trusted and self._archived(event.decision_id):
            return
        if owner != event.customer_id:
            yield Problem("decision_id", "is no decision of this customer")
        elif event.offer is not None and offers is not None and event.offer not in offers:
            showed = f"it showed {', '.join(offers)}" if offers else "it showed nothing"
            yield Problem("offer", f'was not shown by this decision: {showed}; got "{event.offer}"')

    def _dated(self, event: Event) -> Iterator[Problem]:
        """A problem where the event is older than its decision."""
        made = None if event.decision_id is None else made_at(event.decision_id)
        if made is not None and event.at < made - CLOCK_SKEW_MS:
            decided, got = (iso(instant, self._known.timezone) for instant in (made, event.at))
            yield Problem("at", f"must not be before its decision, {decided}, got {got}; check the sender's clock")

    def _decision(self, decision_id: str) -> tuple[str | None, dict[str, str] | None]:
        """The decision's customer and the offers it showed; None for both where no such decision is stored."""
        if decision_id not in self._decisions:
            self._decisions[decision_id] = self._read(decision_id)
        return self._decisions[decision_id]

    def _read(self, decision_id: str) -> tuple[str | None, dict[str, str] | None]:
        """As ``_decision``, from PostgreSQL; None for the offers of a record that was altered and cannot be read."""
        try:
            stored = self._store.decisions.read(decision_id)
            return stored.customer_id, shown(stored.record)
        except NotFound:
            return None, None
        except UNREADABLE:
            return stored.customer_id, None

    def _archived(self, decision_id: str) -> bool:
        """Whether the id is older than every stored decision."""
        oldest = self._store.decisions.oldest_id()
        return oldest is not None and made_at(decision_id) is not None and decision_id < oldest
