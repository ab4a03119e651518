"""The customer's explanation (PIPL art. 24): what was used and from where, what was not, why, what they can change.

Their own words; no margin, no score, no priority. A product that they may not hold has no name here (``naming``), a
private one does not exist for them. What they can change is only what they may freely do: agree to be contacted, switch
personalisation off, or take a risk assessment where none is valid, without a word on what for.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from service.core.attributes import Attribute
from service.core.domain import Treatment
from service.core.grid import day_at
from service.decision import trace_cells
from service.decision.privacy import is_withdrawn
from service.decision.trace.funnel import trace_funnel
from service.rendering.answer import iso
from service.rendering.explanation_subject import Names, Subject
from service.rendering.readers.assessment import Assessment, assessment_of
from service.rendering.readers.naming import offers_to_name
from service.rendering.readers.next_contact import find_next_contact
from service.rendering.readers.sources import ORIGINS, Known, find_known
from service.rendering.readers.topics import ASSESSMENT, CONSENT, HOURS, PRIVATE, UNJUDGED, WORTH, list_topics
from service.rendering.readers.words import CUSTOMER, EVENTS, WITHHELD, is_chinese
from service.rendering.wording import Wording
from service.rules.model.rules import FitRule
from service.scoring.propensity import PRIOR

Document = dict[str, Any]
QUALIFIED = "qualified_investor"
"""To a customer who is not confirmed as one, its very name would hint at private products."""


def write_customer_explanation(
    subject: Subject, language: str, read_by_models: frozenset[str] | None = frozenset()
) -> Document:
    """The explanation in ``zh`` or ``en``; ``read_by_models`` are the raw attributes that the models read.

    None: the models are not here any more, and all that the record holds may have been read.
    """
    return _Story(subject, language, read_by_models).document()


class _Story:
    """The customer's explanation of one decision in one language."""

    def __init__(self, subject: Subject, language: str, read_by_models: frozenset[str] | None) -> None:
        self._subject, self._policy, self._language = subject, subject.policy, language
        self._words = Wording(language)
        self._names = Names(subject.policy, self._words)
        cells = trace_cells(subject.policy, subject.snapshot, subject.context, subject.scores, subject.release)
        self._asked = [cell for cell in cells if cell.asked]
        self._taken = {
            gate: offers for step in trace_funnel(self._policy, cells) for gate, offers in step.taken.items()
        }
        self._topics = list_topics(self._policy)
        self._named = offers_to_name(self._policy, self._asked, subject.snapshot, subject.context)
        self._personal, zone = subject.decision.personalised, self._policy.contact.timezone
        self._known = find_known(self._policy, subject.snapshot, read_by_models)
        self._assessed = assessment_of(subject.snapshot, subject.decision.at, zone) if self._personal else None

    def document(self) -> Document:
        """The whole document."""
        decision, zone = self._subject.decision, self._policy.contact.timezone
        count, on = len(decision.treatments), day_at(decision.at, zone).isoformat()
        return {
            "customer_id": decision.customer_id,
            "decision_id": decision.id or None,
            "language": self._language,
            "decided_at": iso(decision.at, ZoneInfo(zone)),
            "summary": self._say("summary" if count else "summary-none", on=on, count=self._words.offers(count)),
            "method": self._method(),
            "personalised": self._personal,
            "personalisation": self._say(self._manner()),
            "used": list(self._used(self._known)),
            "not_used": self._unused(self._known.unused),
            "offers": [self._offer(one) for one in decision.treatments],
            "withheld": list(self._withheld()),
            "can_change": list(self._changes(self._assessed)),
            "rights": self._say("rights"),
        }

    def _say(self, key: str, **words: object) -> str:
        return CUSTOMER[key][self._language].format(**words)

    def _method(self) -> str:
        scored = any(one.propensity_source != PRIOR for one in self._subject.decision.treatments)
        explored = [self._say("explored")] if self._subject.decision.explored else []
        said = [self._say("method" if scored else "method-rules"), *explored]
        return self._words.join_sentences(said)

    def _manner(self) -> str:
        if self._personal:
            return "personal"
        return "withdrawn" if is_withdrawn(self._subject.snapshot.consents) else "stranger"

    # What was used ---------------------------------------------------------------------------------------------------

    def _used(self, known: Known) -> Iterator[Document]:
        """Each source with what came from it; events and consents count for everybody's contact rules."""
        for origin in ORIGINS:
            if self._personal and known.used[origin]:
                yield self._source(origin, self._items(known.used[origin]))
        if known.events:
            yield self._source("events", [_item(kind, EVENTS[kind][self._language]) for kind in known.events])
        if self._subject.snapshot.consents:
            yield self._source("consents", [])

    def _source(self, origin: str, items: Sequence[Document]) -> Document:
        return {"source": origin, "text": self._say(origin), "items": list(items)}

    def _unused(self, unused: Sequence[Attribute]) -> Document:
        if not self._personal or not unused:
            return {"text": self._say("all-used"), "items": []}
        return {"text": self._say("unused"), "items": self._items(unused)}

    def _items(self, attributes: Sequence[Attribute]) -> list[Document]:
        """The attributes by name; those without a name in this language are counted together."""
        named = [_item(one.name, name) for one in attributes if (name := self._name(one)) is not None]
        others = len(attributes) - len(named)
        return [*named, *([_item("others", self._say("others", count=others))] if others else [])]

    def _name(self, one: Attribute) -> str | None:
        if one.name == QUALIFIED and self._subject.snapshot.attributes[QUALIFIED] is not True:
            return None
        name = one.words[self._language] if one.words else one.meaning if self._language == "en" else None
        if name is None or one.source is None:
            return name or None
        source = one.source if isinstance(one.source, str) else one.source[self._language]
        return self._say("from", name=name, source=source) if self._language == "en" or is_chinese(source) else name

    # What was chosen, and what was not -------------------------------------------------------------------------------

    def _offer(self, shown: Treatment) -> Document:
        channel = self._names.channel(shown.channel)
        if shown.offer not in self._named:
            return {"offer": None, "name": None, "channel": shown.channel, "reasons": [],
                    "text": self._say("offer-unnamed", channel=channel)}  # fmt: skip
        name, reasons = self._names.offer(shown.offer), self._reasons(shown)
        why = self._say("reasons", reasons=self._words.join_clauses(reasons)) if reasons else self._say("no-reason")
        text = self._say("offer", channel=channel, name=name, reasons=why)
        return {"offer": shown.offer, "name": name, "channel": shown.channel, "reasons": reasons, "text": text}

    def _reasons(self, shown: Treatment) -> list[str]:
        """The texts of the rules that raised the offer."""
        rules = (self._names.rules.get(rule) for rule in shown.reasons)
        return [one.reason[self._language] for one in rules if isinstance(one, FitRule) and one.weight > 1]

    def _withheld(self) -> Iterator[Document]:
        """Why other products are not shown, each reason once; of private products nothing is said."""
        topics = [self._topics[gate] for gate in self._taken]
        about = dict.fromkeys(
            UNJUDGED if one.judges and not self._personal else one.about for one in topics if one.about != PRIVATE
        )
        for one in about:
            yield {"topic": one, "text": self._reason(one)}

    def _reason(self, about: str) -> str:
        if about == ASSESSMENT and not (self._assessed and self._assessed.valid):
            return WITHHELD["unassessed"][self._language]
        if about == WORTH and not self._personal:
            return WITHHELD["worth-all"][self._language]
        contact = find_next_contact(self._subject, self._topics, self._asked) if about == HOURS else None
        if contact is not None:
            return WITHHELD["hours-until"][self._language].format(at=self._words.instant(contact))
        return WITHHELD[about][self._language]

    # What they can change --------------------------------------------------------------------------------------------

    def _changes(self, assessed: Assessment | None) -> Iterator[Document]:
        """What the customer may freely do; a valid assessment is not among it."""
        if self._personal:
            yield {"action": "personalisation", "text": self._say("switch-off")}
        elif is_withdrawn(self._subject.snapshot.consents):
            yield {"action": "personalisation", "text": self._say("switch-on")}
        if assessed is not None and not assessed.valid:
            yield {"action": ASSESSMENT, "text": self._say("assessment")}
        elif assessed is not None and assessed.ends is not None:
            yield {"action": ASSESSMENT, "text": self._say("assessment-ends", on=assessed.ends.isoformat())}
        if self._never_asked():
            yield {"action": CONSENT, "text": self._say("consent")}

    def _never_asked(self) -> bool:
        """Whether the customer never answered for any channel; a refusal is not to be talked round."""
        consents = self._subject.snapshot.consents
        closed = {self._topics[gate].about for cell in self._asked for gate in cell.closed_by}
        return CONSENT in closed and not any(name == "contact" or name.startswith("marketing") for name in consents)


def _item(name: str, text: str) -> Document:
    return {"id": name, "text": text}
