"""What a lead says to the adviser: talking points, why, why not, and what would unlock more, in Chinese or English.

All of it is read from the explanation of the decision the lead came from, so it cannot differ from what was decided;
the wording is the policy's. After an override the points are those of the offer now proposed.
"""

from collections.abc import Mapping
from typing import Any

from service.crm.judging import adviser_channel
from service.decision import decode
from service.decision.positioning import positioned
from service.errors import NotFound
from service.explaining import Explaining
from service.rules.messages import render
from service.rules.policy import Policy
from service.serving import Releases
from service.store import Store
from service.store.leads import Lead

OTHERS = 5
"""How many of the other offers are told about."""


class Story:
    """Tells leads in words."""

    def __init__(self, store: Store, releases: Releases, explaining: Explaining) -> None:
        self._store, self._releases, self._explaining = store, releases, explaining

    def of(self, lead: Lead, language: str) -> dict[str, Any]:
        """The lead's words; empty where its decision or policy is not kept any more."""
        try:
            record = self._store.decision(lead.decision_id).record
            told = self._explaining.explained(record, language, False)
        except NotFound:
            return {"talking_points": [], "why": [], "why_not": [], "unlocks": []}
        policy = self._releases.serving.policy
        mine = next((one for one in told["offers"] if one["offer"] == lead.offer), None)
        return {
            "talking_points": talking_points(
                policy, lead.offer, adviser_channel(policy), language, variant_of(policy, record, lead.offer)
            ),
            "why": [] if mine is None else why(mine),
            "why_not": [
                {"offer": one["offer"], "name": one["name"], "text": one["text"]}
                for one in told["offers"]
                if one["outcome"] == "withheld" and one["offer"] != lead.offer
            ][:OTHERS],
            "unlocks": [one["text"] for one in told["unlocks"]],
        }


def variant_of(policy: Policy, record: bytes, offer: str) -> str | None:
    """Whose segment's words the offer is told in to the customer of a decision; None are the plain ones."""
    decision, snapshot, context, scores, _ = decode(record)
    return positioned(policy, decision, snapshot, context, scores, (offer,)).get(offer)


def talking_points(policy: Policy, offer: str, channel: str, language: str, variant: str | None = None) -> list[str]:
    """What to say of the offer: its words, then what must be disclosed; nothing of an offer the policy has not."""
    if offer not in {one.id for one in policy.offers}:
        return []
    message = render(policy, offer, channel, language, variant)
    return [message.title, message.body, *message.disclosures]


def why(offer: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rules that spoke for the offer, code and text, by C."""
    rules = (rule for concern in offer["factors"]["concerns"].values() for rule in concern["rules"])
    return [{"code": rule["code"], "text": rule["text"]} for rule in rules if rule["weight"] > 1]
