"""The explanation of one decision, as a document: what was chosen, the funnel, every gate, every factor, and unlocks.

In order: the subject is traced once; funnel, sensitivity and unlocks read that trace; this module puts the sentences
next to the figures. ``offer_explanation`` describes each offer, ``unlocks`` what would unlock more. Figures are those
of the trace, unrounded.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from service.decision import compile_policy, find_unlocks, trace_cells
from service.decision.trace.drop_one import Dropped, drop_each_factor
from service.decision.trace.funnel import Step, trace_funnel
from service.decision.trace.shortfall import Shortfalls
from service.rendering.answer import iso
from service.rendering.explanation_subject import Names, Subject
from service.rendering.offer_explanation import OfferStory
from service.rendering.readers.naming import is_shut
from service.rendering.unlocks import UnlockStory
from service.rendering.wording import Wording, rule_text
from service.scoring.arbitration import priorities

Contributions = Mapping[str, Mapping[str, Any]]
"""Family -> what each feature added to the model's score; see ``scoring.models.shap``."""
Document = dict[str, Any]


def write_explanation(subject: Subject, language: str, contributions: Contributions | None = None) -> Document:
    """The explanation of a decision; ``contributions`` are added where they were requested."""
    document = _Story(subject, Wording(language)).document()
    return document if contributions is None else document | {"contributions": contributions}


class _Story:
    """The explanation of one subject in one language."""

    def __init__(self, subject: Subject, wording: Wording) -> None:
        self._subject, self._policy, self._say = subject, subject.policy, wording
        self._names = Names(subject.policy, wording)
        self._cells = trace_cells(self._policy, subject.snapshot, subject.context, subject.scores, subject.release)
        self._asked = [cell for cell in self._cells if cell.asked]
        self._steps = trace_funnel(self._policy, self._cells)
        decision = subject.decision
        self._by_priority = compile_policy(self._policy).arm_policies[decision.arm].ordering is priorities
        short = Shortfalls(self._policy, subject.snapshot, subject.context, decision.arm)
        self._offers = OfferStory(subject, self._names, self._asked, self._steps, short)
        self._unlocking = UnlockStory(self._names, self._asked, short)

    def document(self) -> Document:
        """The whole document."""
        decision, release = self._subject.decision, self._subject.release
        return {
            "customer_id": decision.customer_id,
            "decision_id": decision.id or None,
            "language": self._names.language,
            "decided_at": iso(decision.at, ZoneInfo(self._policy.contact.timezone)),
            "arm": decision.arm,
            "personalised": decision.personalised,
            "explored": decision.explored,
            "release": {"id": release.id, "policy": release.policy, "bundle": release.bundle},
            "summary": self._summary(),
            "funnel": [self._step(step) for step in self._steps],
            "unlocks": self._unlocks(),
            "sensitivity": [self._dropped(one) for one in self._sensitivity()],
            "offers": [self._offers.describe(offer.id) for offer in self._policy.offers],
            "gates": [self._gate(gate) for gate in (self._cells[0].gates if self._cells else ())],
        }

    def _unlocks(self) -> list[Document]:
        """Nothing opens where the law closes every offer to the customer whatever they do."""
        if is_shut(self._policy, self._subject.snapshot, self._subject.context):
            return []
        return list(self._unlocking.describe(find_unlocks(self._cells)))

    def _sensitivity(self) -> tuple[Dropped, ...]:
        """Empty where a standing test orders otherwise than by priority: there is no product to drop a factor from."""
        return drop_each_factor(self._policy, self._cells) if self._by_priority else ()

    def _summary(self) -> str:
        treatments, every, left = self._subject.decision.treatments, len(self._policy.offers), self._steps[-1].left
        if not treatments:
            return self._say.say("nothing", all=every, reason=self._reasons_of_all())
        first = treatments[0]
        return self._say.say(
            self._manner(),
            arm=self._subject.decision.arm,
            all=every,
            left=len(left),
            offer=self._names.offer(first.offer),
            channel=self._names.channel(first.channel),
            priority=self._say.yuan(first.priority),
        )

    def _manner(self) -> str:
        if self._subject.decision.explored:
            return "explored"
        return "offered" if self._by_priority else "tested"

    def _reasons_of_all(self) -> str:
        gates = dict.fromkeys(gate for step in self._steps for gate in step.taken)
        return self._say.join_clauses([self._names.reason(gate) for gate in gates])

    def _step(self, step: Step) -> Document:
        taken = "".join(
            self._say.say("taken", text=self._names.reason(gate), count=len(offers))
            for gate, offers in step.taken.items()
        )
        words = {"stage": self._say.stage(step.stage), "left": len(step.left)}
        return {
            "stage": step.stage,
            "left": len(step.left),
            "text": self._say.say("stage", **words, taken=taken or self._say.say("all-held")),
            "taken": [
                {"code": gate, "text": self._names.reason(gate), "offers": list(offers)}
                for gate, offers in step.taken.items()
            ],
        }

    def _gate(self, gate: str) -> Document:
        """A gate with its rule, and the offers for which it closes every channel, or only some."""
        rule = self._names.rules[gate]
        closed: dict[str, list[bool]] = {}
        for cell in self._asked:
            closed.setdefault(cell.offer, []).append(not cell.gates[gate])
        return {
            "code": gate,
            "stage": rule.stage,
            "concern": rule.concern,
            "strategy": rule.strategy,
            "text": self._names.in_language(rule.reason),
            "unlock": self._names.in_language(rule.unlock) if rule.unlock else None,
            "rule": rule_text(rule, self._names.language),
            "ground": rule.ground,
            "held": not any(any(cells) for cells in closed.values()),
            "closes": [offer for offer, cells in closed.items() if all(cells)],
            "closes_in_some_channel": [offer for offer, cells in closed.items() if any(cells) and not all(cells)],
        }

    def _dropped(self, one: Dropped) -> Document:
        offer, channel = one.winner or (None, None)
        key = "none" if offer is None else "other" if one.changes else "same"
        words = {"factor": self._say.factor(one.factor)}
        if offer is not None and channel is not None:
            words |= {"offer": self._names.offer(offer), "channel": self._names.channel(channel)}
        return {
            "factor": one.factor,
            "offer": offer,
            "channel": channel,
            "priority_yuan": one.priority,
            "changes": one.changes,
            "text": self._say.say(key, **words),
        }
