"""What a customer permits, in the words of the active policy. Pure.

The ledger knows purposes; a policy says which of them it asks after: ``personalisation``, ``contact`` (a no means: do
not contact me), and those of its consent rules, one per outbound channel. Two of them mean yes until somebody says no;
all others mean no until somebody says yes. A purpose nobody asks after is refused, because a misspelt withdrawal that
is stored and ignored would be the worst of answers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from service.decision.subject import PERSONALISATION
from service.errors import InvalidInput, Problem
from service.rules.contact import CONTACT
from service.rules.policy import Policy
from service.store.permissions import Said

UNLESS_REFUSED = (PERSONALISATION, CONTACT)


@dataclass(frozen=True, slots=True)
class Preferences:
    """One customer's words under one policy."""

    policy: Policy
    said: Mapping[str, Said]

    def granted(self, purpose: str) -> bool:
        """Whether the purpose is permitted now."""
        word = self.said.get(purpose)
        return purpose in UNLESS_REFUSED if word is None else word.granted


def purposes(policy: Policy) -> tuple[str, ...]:
    """Every purpose that the policy asks after."""
    named = [
        rule.purpose.replace("<channel>", channel.id)
        for rule in policy.contact.consents
        for channel in policy.channels
        if channel.direction == rule.direction
    ]
    return tuple(dict.fromkeys([*UNLESS_REFUSED, *named]))


def expect_known(policy: Policy, wanted: Iterable[str]) -> None:
    """Raise InvalidInput naming each purpose that the policy does not ask after."""
    known = purposes(policy)
    problems = [Problem(f"consents.{one}", _unknown(one, known)) for one in wanted if one not in known]
    if problems:
        raise InvalidInput("The preferences do not fit; nothing was changed.", problems)


def _unknown(purpose: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(purpose, known, n=1)
    return f'is no purpose; did you mean "{near[0]}"?' if near else f"is no purpose; expected one of {', '.join(known)}"
