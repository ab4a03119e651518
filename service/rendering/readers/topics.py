"""What a gate is about, by its kind and by what it reads. No rule's id is named, so every bank's rules fall in place.

private     which products are for qualified investors only: not to be spoken of
assessment  the risk assessment and its result
consent     the customer's word on being contacted
hours       when contact is allowed
often       what was shown, closed, refused or bought lately
worth       what is not worth its cost
others      the gate's stage
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.core.domain import Text
from service.rules.model.contact import Cap, ConsentRule, CoolOff, QuietHours
from service.rules.model.rules import GateRule, Rule
from service.rules.policy import Policy
from service.rules.statutory import STATUTORY, read_expressions

STRUCTURAL: Mapping[str, Mapping[str, str]] = {
    "no-positive-value": {
        "zh": "目前不作推荐",
        "en": "Not promoted at present",
    },
}
"""Reasons from arbitration itself, not from a rule of the policy."""
PRIVATE, ASSESSMENT, CONSENT, HOURS, OFTEN, WORTH = "private", "assessment", "consent", "hours", "often", "worth"
UNJUDGED = "unjudged"
"""What gates are about that ask for facts of a customer of whom nothing personal was used."""
_KINDS = {ConsentRule: CONSENT, QuietHours: HOURS, Cap: OFTEN, CoolOff: OFTEN}
_PRIVATE = frozenset({"offer.qualified_only", "customer.qualified_investor"})
_ASSESSED = frozenset({"customer.risk_tolerance", "customer.risk_assessed_on"})
_CONSENT = frozenset({"history.consent", "consent.contact", "consent.personal", "customer.do_not_contact"})
_RISK = _PRIVATE | _ASSESSED | {"offer.risk"}


@dataclass(frozen=True, slots=True)
class Topic:
    """A gate as its readers meet it: what it is about, why it closes, and the article it rests on.

    ``hushed``: it concerns risk-rated products; how it opens is told to no customer, since that is a prompt.
    ``judges``: it closes by what is known of the customer, so that without personalisation it has judged nobody.
    """

    about: str
    stage: str
    reason: Text
    ground: str | None
    hushed: bool = False
    judges: bool = False


def list_topics(policy: Policy) -> dict[str, Topic]:
    """Every gate of the policy and of the law by its id, and the structural one."""
    worth = {gate: Topic(WORTH, WORTH, reason, None) for gate, reason in STRUCTURAL.items()}
    laws = {}
    for one in STATUTORY:
        applies, require = read_expressions(one)
        names = require.names | (frozenset() if applies is None else applies.names)
        about, hushed = _about(names, one.stage), bool(names & _RISK)
        laws[one.id] = Topic(about, one.stage, one.reason, one.ground, hushed, _judges(names) and not one.everybody)
    rules = {one.id: _topic(one) for one in policy.rules}
    return worth | laws | rules


def _topic(rule: Rule) -> Topic:
    names = _names_read(rule)
    about = _KINDS.get(type(rule)) or _about(names, rule.stage)
    return Topic(about, rule.stage, rule.reason, rule.ground, bool(names & _RISK), _judges(names))


def _judges(names: frozenset[str]) -> bool:
    """Whether a gate asks for facts of the customer other than their word on being contacted."""
    return any(name.startswith("customer.") for name in names - _CONSENT)


def _about(names: frozenset[str], stage: str) -> str:
    if names & _PRIVATE:
        return PRIVATE
    if names & _ASSESSED and stage == "suitability":
        return ASSESSMENT
    return CONSENT if names & _CONSENT else stage


def _names_read(rule: Rule) -> frozenset[str]:
    if not isinstance(rule, GateRule):
        return frozenset()
    return rule.require.names if rule.applies is None else rule.require.names | rule.applies.names
