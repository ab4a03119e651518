"""What a customer permits, in the words of the active policy: told, and kept when they say something new.

The ledger knows purposes; a policy says which of them it asks after: ``personalisation``, ``contact`` (a no means: do
not contact me), and those of its consent rules, one per outbound channel. Two of them mean yes until somebody says no;
all others mean no until somebody says yes. A purpose nobody asks after is refused, because a misspelt withdrawal that
is stored and ignored would be the worst of answers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from service.core.clock import Clock
from service.core.domain import RETIRED
from service.core.errors import MOST_PROBLEMS, InvalidInput, Problem
from service.core.suggestions import find_near
from service.decision.privacy import PERSONALISATION
from service.engine.offers.answer_cache import AnswerCache
from service.engine.releases.active_release import ReleaseFollower
from service.rules.contact_gates import CONTACT
from service.rules.model.contact import RETIREMENT
from service.rules.policy import Policy
from service.store import Store, Words
from service.store.customers.consents import Expect, Said, whatever

UNLESS_REFUSED = (PERSONALISATION, CONTACT)


@dataclass(frozen=True, slots=True)
class Preferences:
    """One customer's words under one policy."""

    policy: Policy
    revision: int
    said: Mapping[str, Said]

    @property
    def because(self) -> Mapping[str, str]:
        """The purposes that a gate in code holds closed whatever the customer says, each with that gate's name."""
        retired = self.said.get(RETIRED)
        return {CONTACT: RETIREMENT.id} if retired is not None and retired.granted else {}

    def granted(self, purpose: str) -> bool:
        """Whether the purpose is permitted now."""
        if purpose in self.because:
            return False
        word = self.said.get(purpose)
        return purpose in UNLESS_REFUSED if word is None else word.granted


class PreferenceService:
    """What the customers permit, by the policy that serves in this worker."""

    def __init__(self, store: Store, releases: ReleaseFollower, answers: AnswerCache, clock: Clock) -> None:
        self._said, self._releases, self._answers, self._clock = store.consents, releases, answers, clock

    def read(self, customer_id: str) -> Preferences:
        """What the customer said on every purpose, and the policy that knows which one may speak of; NotFound."""
        return Preferences(self._releases.serving.policy, *self._said.read_current(customer_id))

    def say(self, customer_id: str, said: Words, expect: Expect = whatever) -> Preferences:
        """Keep what the customer says now; the next call in any worker follows it. InvalidInput for other purposes.

        ``expect`` is told the revision that stands, and raises where the caller has seen another.
        """
        expect_known(self._releases.serving.policy, said.granted)
        now = self._clock()
        self._said.say(customer_id, said, now, self._answers.forget, expect)
        return self.read(customer_id)


def purposes_of(policy: Policy) -> tuple[str, ...]:
    """Every purpose that the policy asks after."""
    named = [
        rule.purpose_for(channel.id)
        for rule in policy.contact.consents
        for channel in policy.channels
        if channel.direction == rule.direction
    ]
    return tuple(dict.fromkeys([*UNLESS_REFUSED, *named]))


def expect_known(policy: Policy, wanted: Iterable[str]) -> None:
    """Raise InvalidInput naming each purpose that the policy does not ask after."""
    known = purposes_of(policy)
    strangers = islice((one for one in wanted if one not in known), MOST_PROBLEMS)
    problems = [Problem(f"consents.{one}", _unknown(one, known)) for one in strangers]
    if problems:
        raise InvalidInput("The preferences do not fit; nothing was changed.", problems)


def _unknown(purpose: str, known: tuple[str, ...]) -> str:
    meant = find_near(purpose, known)
    return f'is no purpose; did you mean "{meant}"?' if meant else f"is no purpose; expected one of {', '.join(known)}"
