"""The brief of a lead for its adviser: talking points, reasons, what would unlock more, in Chinese or English.

All of it comes from the explanation of the lead's decision, so it cannot differ from what was decided; the wording is
the policy's. After an override, the points are those of the offer now proposed.

Talking points begin with the customer: money that matures, why this offer fits, the last reason they gave. Then follow
the offer's message and its disclosures. Of a customer who has dropped a label since, no reason of the decision is told
and the message is the plain one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from service.core.errors import NotFound
from service.decision import decode
from service.decision.positioning import choose_variants
from service.engine.crm.leads.customer_facts import NOTHING, LeadFacts
from service.engine.crm.leads.judging import adviser_channel
from service.engine.explain import ExplanationService
from service.engine.releases.active_release import ReleaseFollower
from service.rules.model.labels import dropped_by_one
from service.rules.policy import Policy
from service.store import Store
from service.store.leads import Lead

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "matures": "客户有资金将于{on}到期",
        "matures-yuan": "客户有{yuan:,.0f}元将于{on}到期",
        "said": "客户上次的原因：{said}",
    },
    "en": {
        "matures": "Money of theirs matures on {on}",
        "matures-yuan": "{yuan:,.0f} yuan of theirs mature on {on}",
        "said": "Their reason last time: {said}",
    },
}
OTHERS = 5
"""How many other offers the brief lists."""


class AdviserBrief:
    """Writes briefs of leads."""

    def __init__(self, store: Store, releases: ReleaseFollower, explanations: ExplanationService) -> None:
        self._store, self._releases, self._explanations = store, releases, explanations

    def write(self, lead: Lead, language: str, facts: LeadFacts = NOTHING) -> dict[str, Any]:
        """The lead's brief, with its customer's facts; empty lists if its decision is no longer stored."""
        try:
            record = self._store.decisions.read(lead.decision_id).record
            explanation = self._explanations.explain_record(record, language, False)
        except NotFound:
            return {"talking_points": [], "why": [], "why_not": [], "unlocks": []}
        policy = self._releases.serving.policy
        mine = next((one for one in explanation["offers"] if one["offer"] == lead.offer), None)
        dropped = self._drops_since(lead.customer_id, record)
        reasons = [] if mine is None or dropped else why(mine)
        variant = None if dropped else variant_of(policy, record, lead.offer)
        words = (policy, lead.offer, adviser_channel(policy), language, variant)
        return {
            "talking_points": [*about(facts, reasons, language), *talking_points(*words)],
            "why": reasons,
            "why_not": [
                {"offer": one["offer"], "name": one["name"], "text": one["text"]}
                for one in explanation["offers"]
                if one["outcome"] == "withheld" and one["offer"] != lead.offer
            ][:OTHERS],
            "unlocks": [one["text"] for one in explanation["unlocks"]],
        }

    def _drops_since(self, customer_id: str, record: bytes) -> bool:
        """Whether the customer dropped a label after the decision: then none of its reasons may be told any more."""
        try:
            said = self._store.consents.read_current(customer_id).said
        except NotFound:
            return True
        _, snapshot, *_ = decode(record)
        now = {purpose: word.granted for purpose, word in said.items()}
        return not dropped_by_one(now).keys() <= dropped_by_one(snapshot.consents).keys()


def variant_of(policy: Policy, record: bytes, offer: str) -> str | None:
    """The segment whose message variant the offer has in this decision; None for the plain message."""
    decision, snapshot, context, scores, _ = decode(record)
    return choose_variants(policy, decision, snapshot, context, scores, (offer,)).get(offer)


def about(facts: LeadFacts, reasons: Sequence[Mapping[str, str]], language: str) -> list[str]:
    """What to say of the customer, the most important first."""
    say, points = SENTENCES[language], list[str]()
    if facts.maturity is not None:
        on, yuan = facts.maturity
        points.append(say["matures"].format(on=on) if yuan is None else say["matures-yuan"].format(on=on, yuan=yuan))
    points += [one["text"] for one in reasons]
    if facts.said is not None:
        points.append(say["said"].format(said=facts.said))
    return points


def talking_points(policy: Policy, offer: str, channel: str, language: str, variant: str | None = None) -> list[str]:
    """What to say of the offer: its message, then its disclosures; empty for an offer that the policy lacks."""
    if offer not in {one.id for one in policy.offers}:
        return []
    message = policy.message(offer, channel, language, variant)
    return [message.body, *message.disclosures]


def why(offer: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rules that favour the offer, code and text, by C."""
    rules = (rule for concern in offer["factors"]["concerns"].values() for rule in concern["rules"])
    return [{"code": rule["code"], "text": rule["text"]} for rule in rules if rule["weight"] > 1]
