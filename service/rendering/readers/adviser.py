"""The adviser's explanation: the rules of conduct and their grounds, what may be said of which product, and what not.

It names only what the customer may hold (``naming``), tells no result that an assessment would have to have, and asks
nobody to take a valid one again. What opens by itself, or by the customer's free word on contact, is told for those
products alone. A lead shows the same, so a lead cannot say what the explanation may not.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from service.core.domain import Context, Snapshot
from service.decision import TracedTreatment, find_unlocks, trace_cells
from service.decision.privacy import is_withdrawn
from service.decision.trace.funnel import trace_funnel
from service.decision.trace.shortfall import Shortfall, Shortfalls
from service.rendering.answer import iso
from service.rendering.explanation_subject import Names, Subject
from service.rendering.readers.assessment import assessment_of
from service.rendering.readers.conduct import VERSION, list_rules
from service.rendering.readers.naming import HELD, is_shut, lawful_offers, offers_to_name
from service.rendering.readers.next_contact import find_next_contact
from service.rendering.readers.topics import PRIVATE, list_topics
from service.rendering.readers.words import ADVISER, ground_in
from service.rendering.unlocks import UnlockStory
from service.rendering.wording import Wording
from service.rules.model.rules import FitRule

Document = dict[str, Any]
ELDERLY, HIGH_RISK = 65, 4
"""From this age on, offers of this risk need a second confirmation."""


def write_adviser_explanation(subject: Subject, language: str) -> Document:
    """The explanation in ``zh`` or ``en``."""
    return AdviserStory(subject, language).document()


class AdviserStory:
    """The adviser's explanation of one decision in one language.

    ``today`` is the customer as they are now, where that is later than the decision: what they may not hold by now is
    not named either.
    """

    def __init__(self, subject: Subject, language: str, today: tuple[Snapshot, Context] | None = None) -> None:
        self._subject, self._policy, self._language = subject, subject.policy, language
        self._words = Wording(language)
        self._names = Names(subject.policy, self._words)
        self._cells = trace_cells(subject.policy, subject.snapshot, subject.context, subject.scores, subject.release)
        self._asked = [cell for cell in self._cells if cell.asked]
        self._topics = list_topics(subject.policy)
        self._named = offers_to_name(subject.policy, self._asked, subject.snapshot, subject.context)
        if today is not None:
            self._named &= lawful_offers(subject.policy, *today)
        self._offers = {offer.id: offer for offer in subject.policy.offers}

    def document(self) -> Document:
        """The whole document."""
        decision, zone = self._subject.decision, ZoneInfo(self._policy.contact.timezone)
        offers = list(self.offers())
        key = "summary" if offers else "summary-none"
        return {
            "customer_id": decision.customer_id,
            "decision_id": decision.id or None,
            "language": self._language,
            "decided_at": iso(decision.at, zone),
            "personalised": decision.personalised,
            "summary": self._say(key, count=self._words.offers(len(offers))),
            "conduct": {"version": VERSION, "rules": list_rules(self._language)},
            "notes": self.notes(),
            "offers": offers,
            "not_offered": list(self._not_offered()),
            "unlocks": self.unlocks(),
        }

    def _say(self, key: str, **words: object) -> str:
        return ADVISER[key][self._language].format(**words)

    def notes(self) -> list[str]:
        """What to mind with this customer: the assessment, their age, personalisation, and what is not named."""
        said = [self._assessment()] if self._subject.decision.personalised else []
        said += [self._say("second")] if self._is_elderly() else []
        contact = find_next_contact(self._subject, self._topics, self._asked)
        said += [] if contact is None else [self._say("next-contact", at=self._words.instant(contact))]
        said += [self._say("withdrawn")] if is_withdrawn(self._subject.snapshot.consents) else []
        return [*said, self._say("held-back")]

    def _assessment(self) -> str:
        subject, zone = self._subject, self._policy.contact.timezone
        valid = assessment_of(subject.snapshot, subject.decision.at, zone).valid
        return self._say("assessed" if valid else "unassessed")

    def _is_elderly(self) -> bool:
        age = self._subject.snapshot.attributes.get("age")
        return isinstance(age, int | float) and age >= ELDERLY

    # Offers ----------------------------------------------------------------------------------------------------------

    def offers(self) -> Iterator[Document]:
        """The offers that may be spoken of: first those shown, by rank, then those that could be."""
        shown = {one.offer: one for one in self._subject.decision.treatments}
        open_now = {cell.offer: cell for cell in self._asked if cell.candidate and cell.offer not in shown}
        for treatment in sorted(shown.values(), key=lambda one: one.rank):
            if treatment.offer in self._named:
                yield self._offer(treatment.offer, treatment.channel, treatment.rank, treatment.reasons)
        for offer, cell in open_now.items():
            if offer in self._named:
                yield self._offer(offer, cell.channel, None, [rule for rule, fired in cell.fits.items() if fired])

    def _offer(self, offer: str, channel: str, rank: int | None, fired: Sequence[str]) -> Document:
        message = self._policy.message(offer, self._spoken(channel), self._language)
        return {
            "offer": offer,
            "name": self._names.offer(offer),
            "channel": channel,
            "rank": rank,
            "reasons": self._reasons(fired),
            "say": [message.body, *message.disclosures],
            "second_confirmation": self._is_elderly() and self._risk(offer) >= HIGH_RISK,
        }

    def _spoken(self, channel: str) -> str:
        """The channel in whose words the adviser speaks: their own, whichever the offer is best made in."""
        return next((one.id for one in self._policy.channels if one.terms.get("adviser") is True), channel)

    def _risk(self, offer: str) -> float:
        risk = self._offers[offer].terms.get("risk")
        return float(risk) if isinstance(risk, int | float) else 0.0

    def _reasons(self, fired: Sequence[str]) -> list[str]:
        return [one["text"] for one in self._favouring(fired)]

    def _favouring(self, fired: Sequence[str]) -> list[dict[str, str]]:
        rules = (self._names.rules.get(rule) for rule in fired)
        return [
            {"code": one.id, "text": one.reason[self._language]}
            for one in rules
            if isinstance(one, FitRule) and one.weight > 1
        ]

    def why(self, offer: str) -> list[dict[str, str]]:
        """The rules that favour an offer in its best cell, code and text; none where it may not be named."""
        cells = [cell for cell in self._asked if cell.offer == offer and offer in self._named]
        best = max(cells, key=lambda cell: (cell.candidate, not cell.closed_by, cell.priority or 0.0), default=None)
        return [] if best is None else self._favouring([rule for rule, fired in best.fits.items() if fired])

    def why_not(self) -> list[dict[str, str]]:
        """The offers that may be named and are not made now, each with the reason; none whose reason speaks of risk."""
        taken = [(gate, one) for step in trace_funnel(self._policy, self._cells) for gate in step.taken
                 for one in step.taken[gate]]  # fmt: skip
        return [
            {"offer": one, "name": self._names.offer(one), "text": self._withheld(gate)}
            for gate, one in taken
            if one in self._named and not self._topics[gate].hushed
        ]

    def _withheld(self, gate: str) -> str:
        return self._words.say("withheld", reason=self._reason(gate).rstrip("。."))

    def _reason(self, gate: str) -> str:
        """Why a gate closed; of a customer of whom nothing personal was used, it judged nothing."""
        topic = self._topics[gate]
        unjudged = topic.judges and not self._subject.decision.personalised
        return self._say("unjudged") if unjudged else topic.reason[self._language]

    def reminders(self, offer: str) -> list[str]:
        """What must not be forgotten when this offer is spoken of: from 65, high risk needs a second confirmation."""
        known = offer in self._offers
        return [self._say("second")] if known and self._is_elderly() and self._risk(offer) >= HIGH_RISK else []

    def _not_offered(self) -> Iterator[Document]:
        """Each gate that takes products away, its ground and how many; no name, and no private product's gate."""
        for step in trace_funnel(self._policy, self._cells):
            for gate, offers in step.taken.items():
                topic = self._topics[gate]
                if topic.about != PRIVATE:
                    ground = ground_in(topic.ground, self._language)
                    text = self._reason(gate)
                    yield {"code": gate, "text": text, "ground": ground, "offers": len(offers)}

    # What would open more --------------------------------------------------------------------------------------------

    def unlocks(self) -> list[str]:
        """What time or the customer's own word opens, of products that may be named; nothing that speaks of risk."""
        subject = self._subject
        if is_shut(self._policy, subject.snapshot, subject.context):
            return []
        short = SpokenShortfalls(self._policy, subject.snapshot, subject.context, subject.decision.arm)
        story = UnlockStory(self._names, self._asked, short)
        return [one["text"] for one in story.describe(find_unlocks([one for one in self._asked if self._opens(one)]))]

    def _opens(self, cell: TracedTreatment) -> bool:
        """Whether what closes the cell may be spoken of."""
        closed = [self._topics[gate] for gate in cell.closed_by]
        return cell.offer in self._named and all(one.stage not in HELD and not one.hushed for one in closed)


class SpokenShortfalls(Shortfalls):
    """Shortfalls that are told to advisers: days to wait, and sums; no figure of the customer beside its bound."""

    def of(self, gate: str, cell: TracedTreatment) -> Shortfall | None:
        """The shortfall of a gate in a cell that it closed; None where only the rule's text can say it."""
        found = super().of(gate, cell)
        return found if found is not None and found.kind in ("wait", "money") else None
