"""Consents of a customer, by the purposes of the active policy: read, and stored when they change.

The ledger stores purposes. The policy says which it asks for: ``personalisation``, ``contact`` (a no means: no contact
at all), and those of its consent rules, one for each outbound channel. Personalisation and contact are permitted until
the customer refuses; all others are refused until the customer agrees. An unknown purpose is refused, because a
misspelt withdrawal that is stored and ignored would be the worst answer.
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
from service.store import ConsentWords, Store
from service.store.customers.consents import ConsentOnPurpose, Expect, whatever

UNLESS_REFUSED = (PERSONALISATION, CONTACT)


@dataclass(frozen=True, slots=True)
class Preferences:
    """One customer's consents under one policy."""

    policy: Policy
    revision: int
    said: Mapping[str, ConsentOnPurpose]

    @property
    def because(self) -> Mapping[str, str]:
        """Purposes that a statutory gate closes whatever the customer says -> the gate's name."""
        retired = self.said.get(RETIRED)
        return {CONTACT: RETIREMENT.id} if retired is not None and retired.granted else {}

    def granted(self, purpose: str) -> bool:
        """Whether the purpose is permitted now."""
        if purpose in self.because:
            return False
        word = self.said.get(purpose)
        return purpose in UNLESS_REFUSED if word is None else word.granted


class PreferenceService:
    """Reads and stores customers' consents under the policy that serves in this worker."""

    def __init__(self, store: Store, releases: ReleaseFollower, answers: AnswerCache, clock: Clock) -> None:
        self._consents, self._releases, self._answers, self._clock = store.consents, releases, answers, clock

    def read(self, customer_id: str) -> Preferences:
        """The customer's consents, and the policy that names their purposes.

        Raises:
            NotFound: no such customer is stored.
        """
        return Preferences(self._releases.serving.policy, *self._consents.read_current(customer_id))

    def say(self, customer_id: str, said: ConsentWords, expect: Expect = whatever) -> Preferences:
        """Store the customer's consents; the next call in any worker follows them.

        ``expect`` is called with the current revision, and raises if the caller has read another one.

        Raises:
            InvalidInput: the policy does not ask for such a purpose.
        """
        expect_known(self._releases.serving.policy, said.granted)
        now = self._clock()
        self._consents.say(customer_id, said, now, self._answers.forget, expect)
        return self.read(customer_id)

    def refuse_all(self) -> dict[str, bool]:
        """The words that withdraw every purpose of the policy that serves, personalisation and contact among them."""
        return dict.fromkeys(purposes_of(self._releases.serving.policy), False)


def purposes_of(policy: Policy) -> tuple[str, ...]:
    """Every purpose for which the policy asks."""
    named = [
        rule.purpose_for(channel.id)
        for rule in policy.contact.consents
        for channel in policy.channels
        if channel.direction == rule.direction
    ]
    return tuple(dict.fromkeys([*UNLESS_REFUSED, *named]))


def expect_known(policy: Policy, wanted: Iterable[str]) -> None:
    """Return if the policy asks for every purpose.

    Raises:
        InvalidInput: names each unknown purpose.
    """
    known = purposes_of(policy)
    strangers = islice((one for one in wanted if one not in known), MOST_PROBLEMS)
    problems = [Problem(f"consents.{one}", _unknown(one, known)) for one in strangers]
    if problems:
        raise InvalidInput("The preferences do not fit; nothing was changed.", problems)


def _unknown(purpose: str, known: tuple[str, ...]) -> str:
    meant = find_near(purpose, known)
    return f'is no purpose; did you mean "{meant}"?' if meant else f"is no purpose; expected one of {', '.join(known)}"
