"""The brief of a lead for its adviser: talking points, reasons, what would unlock more, in Chinese or English.

All of it comes from the adviser's explanation of the lead's decision (``rendering.readers.adviser``), so it cannot
differ from what was decided, and keeps to the rules of conduct: no product that the customer may not hold, then or now,
no result of an assessment, no prompt to take one. The wording is the policy's. After an override, the points are those
of the offer now proposed.

Talking points begin with the customer: money that matures, why this offer fits, the last reason they gave. Then follow
the offer's message and its disclosures, and the second confirmation where one is due. Of a customer who has dropped a
label since, no reason of the decision is told and the message is the plain one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.core.clock import Clock
from service.core.domain import Lookback
from service.core.errors import NotFound
from service.decision import decode
from service.decision.positioning import choose_variants
from service.engine.crm.leads.customer_facts import NOTHING, LeadFacts
from service.engine.crm.leads.judging import adviser_channel
from service.engine.explain import ExplanationService
from service.engine.releases.active_release import ReleaseFollower
from service.rendering.readers.adviser import AdviserStory
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

    def __init__(self, store: Store, releases: ReleaseFollower, explanations: ExplanationService, clock: Clock) -> None:
        self._store, self._releases, self._explanations, self._clock = store, releases, explanations, clock

    def write(self, lead: Lead, language: str, facts: LeadFacts = NOTHING) -> dict[str, Any]:
        """The lead's brief, with its customer's facts; empty lists if its decision or customer is no longer stored."""
        now = self._clock()
        stored = self._store.customers.keyed_snapshot(lead.customer_id, Lookback(now))
        try:
            record = self._store.decisions.read(lead.decision_id).record
            subject = self._explanations.subject_of(record)
        except NotFound:
            stored = None
        if stored is None:
            return {"talking_points": [], "why": [], "why_not": [], "unlocks": []}
        today = stored[0]
        story = AdviserStory(subject, language, (today, replace(subject.context, now=now)))
        dropped = not dropped_by_one(today.consents).keys() <= dropped_by_one(subject.snapshot.consents).keys()
        reasons = [] if dropped else story.why(lead.offer)
        return {
            "talking_points": [
                *about(facts, reasons, language),
                *self._offer(lead.offer, language, None if dropped else variant_of(self._policy, record, lead.offer)),
                *story.reminders(lead.offer),
            ],
            "why": reasons,
            "why_not": [one for one in story.why_not() if one["offer"] != lead.offer][:OTHERS],
            "unlocks": story.unlocks(),
        }

    @property
    def _policy(self) -> Policy:
        return self._releases.serving.policy

    def _offer(self, offer: str, language: str, variant: str | None) -> list[str]:
        return talking_points(self._policy, offer, adviser_channel(self._policy), language, variant)


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
