"""What an event claims, held against what the bank has: its offer, channel, question, and the decision that led to it.

A name is known where a policy that serves bears it, or one that served or was on trial before, for an event may come
late. The names of what serves are at hand in memory. Only a name that is not among them asks PostgreSQL which release
is active, and reads anew what all releases name where that changed: so a worker that follows a new release a moment
later refuses nothing that another worker has shown.

A decision must be that customer's own and have shown the offer. One of somebody else's and one that never was get the
same words. Of months that were archived nothing can be looked up: an id older than the oldest decision on record is
taken from the bank's programs, and refused to a customer's own key. Nothing that came of a decision is older than it,
but for a small skew of the sender's clock: what is accepted rests from the instant that its event bears.
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
    """The event with its decision's id in the form that is stored; what is no id at all stays, to be refused."""
    known = None if event.decision_id is None else canonical_id(event.decision_id)
    return event if known in (None, event.decision_id) else replace(event, decision_id=known)


class KnownNames:
    """The names of every release, as one worker read them last."""

    def __init__(self, store: Store, releases: ReleaseFollower) -> None:
        self._store, self._releases = store, releases
        self._ever: tuple[int, PolicyNames] | None = None

    @property
    def now(self) -> PolicyNames:
        """What serves here names."""
        return self._releases.serving.names

    @property
    def timezone(self) -> tzinfo:
        """Where the bank is."""
        return self._releases.serving.phrases.timezone

    def ever(self) -> PolicyNames:
        """What the active release and all before it name; Unavailable."""
        release = self._store.releases.active()
        number = 0 if release is None else release.id
        if self._ever is None or self._ever[0] != number:
            self._ever = number, self._store.releases.policy_names()
        return self._ever[1]


class Claims:
    """The claims of one request's events, each name and each decision looked up once.

    ``trusted``: the sender is a program of the bank's, not a customer.
    """

    def __init__(self, store: Store, known: KnownNames, trusted: bool) -> None:
        self._store, self._known, self._trusted = store, known, trusted
        self._ever: PolicyNames | None = None
        self._decisions: dict[str, tuple[str | None, dict[str, str] | None]] = {}

    def expect(self, event: Event, proven: bool = False) -> None:
        """Raise InvalidInput naming each field that claims what is not so; ``proven``: a token vouches for the rest."""
        claimed = () if proven else self._decided(event)
        if problems := [*self._names(event), *(tuple(claimed) or self._dated(event))]:
            raise InvalidInput(SENTENCE, problems)

    def expect_decision(self, event: Event) -> None:
        """As ``expect``, of the decision alone."""
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
            told = f"it showed {', '.join(offers)}" if offers else "it showed nothing"
            yield Problem("offer", f'was not shown by this decision: {told}; got "{event.offer}"')

    def _dated(self, event: Event) -> Iterator[Problem]:
        """What is older than the decision that led to it."""
        made = None if event.decision_id is None else made_at(event.decision_id)
        if made is not None and event.at < made - CLOCK_SKEW_MS:
            decided, got = (iso(instant, self._known.timezone) for instant in (made, event.at))
            yield Problem("at", f"must not be before its decision, {decided}, got {got}; check the sender's clock")

    def _decision(self, decision_id: str) -> tuple[str | None, dict[str, str] | None]:
        """Whose it is, and what it showed; None of both where no such is on record."""
        if decision_id not in self._decisions:
            self._decisions[decision_id] = self._read(decision_id)
        return self._decisions[decision_id]

    def _read(self, decision_id: str) -> tuple[str | None, dict[str, str] | None]:
        """As it is stored; of a record that somebody altered it cannot be told what it showed."""
        try:
            stored = self._store.decisions.read(decision_id)
            return stored.customer_id, shown(stored.record)
        except NotFound:
            return None, None
        except UNREADABLE:
            return stored.customer_id, None

    def _archived(self, decision_id: str) -> bool:
        """Whether the id is older than all that is on record."""
        oldest = self._store.decisions.oldest_id()
        return oldest is not None and made_at(decision_id) is not None and decision_id < oldest
