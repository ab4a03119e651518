"""One decision as a document: what was chosen, the funnel to it, every gate, every factor, and what would change it.

In order: the subject is traced once; funnel, sensitivity and unlocks read that trace; this module names the rules by
their texts and puts the sentences beside the figures. Figures are those of the trace, unrounded.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from service.answer import STRUCTURAL, iso
from service.decision import Scores, TracedTreatment, Unlock, prepared, trace, unlocks
from service.decision.funnel import Step, funnel
from service.decision.sensitivity import Dropped, sensitivity
from service.decision.shortfall import Shortfall, Shortfalls
from service.domain import Context, Decision, Release, Snapshot
from service.explanation.wording import Wording, iso_day, written
from service.rules.policy import Policy
from service.scoring.arbitration import priorities

Contributions = Mapping[str, Mapping[str, Any]]
"""Family -> what each feature added to the model's score; see ``scoring.models.contributions``."""
Document = dict[str, Any]
Gaps = tuple[tuple[str, Shortfall | None], ...]
"""Gates that are closed, each with how far it is from opening, where that can be told."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A decision with everything it was made from."""

    policy: Policy
    decision: Decision
    snapshot: Snapshot
    context: Context
    scores: Scores
    release: Release


def explanation(subject: Subject, language: str, contributions: Contributions | None = None) -> Document:
    """The document; ``contributions`` are put in where they were asked for."""
    document = _Story(subject, Wording(language)).document()
    return document if contributions is None else document | {"contributions": contributions}


class _Story:
    """One subject in one language."""

    def __init__(self, subject: Subject, wording: Wording) -> None:
        self._subject, self._say = subject, wording
        self._policy, self._language = subject.policy, wording.language
        self._rules = {rule.id: rule for rule in self._policy.rules}
        self._offers = {offer.id: offer for offer in self._policy.offers}
        self._channels = {channel.id: channel for channel in self._policy.channels}
        self._cells = trace(self._policy, subject.snapshot, subject.context, subject.scores, subject.release)
        self._asked = [cell for cell in self._cells if cell.asked]
        decision = subject.decision
        self._by_priority = prepared(self._policy).ways[decision.arm].ordering is priorities
        self._short = Shortfalls(self._policy, subject.snapshot, subject.context, decision.arm)
        self._shown = {treatment.offer: treatment for treatment in decision.treatments}

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        return funnel(self._policy, self._cells)

    def document(self) -> Document:
        """Everything."""
        decision, release = self._subject.decision, self._subject.release
        return {
            "customer_id": decision.customer_id,
            "decision_id": decision.id or None,
            "language": self._language,
            "decided_at": iso(decision.at, ZoneInfo(self._policy.contact.timezone)),
            "arm": decision.arm,
            "personalised": decision.personalised,
            "explored": decision.explored,
            "release": {"id": release.id, "policy": release.policy, "bundle": release.bundle},
            "summary": self._summary(),
            "funnel": [self._step(step) for step in self._steps],
            "unlocks": list(self._unlocks()),
            "sensitivity": [self._dropped(one) for one in self._sensitivity()],
            "offers": [self._offer(offer) for offer in self._offers],
            "gates": [self._gate(gate) for gate in (self._cells[0].gates if self._cells else ())],
        }

    def _sensitivity(self) -> tuple[Dropped, ...]:
        """None where a standing test orders otherwise than by priority: there is no product to take a factor from."""
        return sensitivity(self._policy, self._cells) if self._by_priority else ()

    def _summary(self) -> str:
        every, left = len(self._offers), len(self._steps[-1].left)
        if not self._shown:
            return self._say.say("nothing", all=every, reason=self._reasons_of_all())
        first = self._subject.decision.treatments[0]
        return self._say.say(
            self._manner(),
            arm=self._subject.decision.arm,
            all=every,
            left=left,
            offer=self._name(first.offer),
            channel=self._channel(first.channel),
            priority=self._say.yuan(first.priority),
        )

    def _manner(self) -> str:
        if self._subject.decision.explored:
            return "explored"
        return "offered" if self._by_priority else "tested"

    def _reasons_of_all(self) -> str:
        gates = dict.fromkeys(gate for step in self._steps for gate in step.taken)
        return self._say.joined([self._reason(gate) for gate in gates])

    def _step(self, step: Step) -> Document:
        taken = "".join(
            self._say.say("taken", text=self._reason(gate), count=len(offers)) for gate, offers in step.taken.items()
        )
        words = {"stage": self._say.stage(step.stage), "left": len(step.left)}
        return {
            "stage": step.stage,
            "left": len(step.left),
            "text": self._say.say("stage", **words, taken=taken or self._say.say("all-held")),
            "taken": [
                {"code": gate, "text": self._reason(gate), "offers": list(offers)}
                for gate, offers in step.taken.items()
            ],
        }

    def _gate(self, gate: str) -> Document:
        """A gate with its rule, and of which asked offers it closes a channel (``some``) or every channel (``all``)."""
        rule = self._rules[gate]
        closed: dict[str, list[bool]] = {}
        for cell in self._asked:
            closed.setdefault(cell.offer, []).append(not cell.gates[gate])
        return {
            "code": gate,
            "stage": rule.stage,
            "concern": rule.concern,
            "strategy": rule.strategy,
            "text": rule.reason[self._language],
            "unlock": rule.unlock[self._language] if rule.unlock else None,
            "rule": written(rule),
            "ground": rule.ground,
            "held": not any(any(cells) for cells in closed.values()),
            "closes": [offer for offer, cells in closed.items() if all(cells)],
            "closes_in_some_channel": [offer for offer, cells in closed.items() if any(cells) and not all(cells)],
        }

    def _offer(self, offer: str) -> Document:
        cells = [cell for cell in self._asked if cell.offer == offer]
        best = max(cells, key=lambda cell: (cell.candidate, not cell.closed_by, cell.priority or 0.0))
        shown = self._shown.get(offer)
        if shown is not None:
            best = next(cell for cell in cells if cell.channel == shown.channel)
        outcome = "shown" if shown else "possible" if best.candidate else "withheld"
        return {
            "offer": offer,
            "name": self._name(offer),
            "outcome": outcome,
            "rank": shown.rank if shown else None,
            "channel": best.channel,
            "text": self._fate(offer, outcome, best),
            "factors": self._factors(best),
            "channels": [self._cell(cell) for cell in cells],
        }

    def _fate(self, offer: str, outcome: str, best: TracedTreatment) -> str:
        channel = self._channel(best.channel)
        if outcome != "withheld":
            shown = self._shown.get(offer)
            return self._say.say(outcome, rank=shown.rank if shown else None, channel=channel)
        gate = next(gate for step in self._steps for gate, offers in step.taken.items() if offer in offers)
        return (
            self._say.say("withheld", reason=self._reason(gate)) if gate in self._rules else self._say.say("no-worth")
        )

    def _cell(self, cell: TracedTreatment) -> Document:
        return {
            "channel": cell.channel,
            "open": not cell.closed_by,
            "priority_yuan": cell.priority,
            "closed_by": [{"code": gate, "shortfall": self._told(gate, cell)} for gate in cell.closed_by],
        }

    def _factors(self, cell: TracedTreatment) -> Document:
        """The factors of a priority: propensity x value x fit x lever x response - contact cost - price."""
        return {
            "propensity": cell.propensity,
            "propensity_source": self._source(cell),
            "value_yuan": cell.value,
            "fit": cell.fit,
            "concerns": {concern: self._concern(concern, score, cell) for concern, score in cell.concerns.items()},
            "lever": cell.lever,
            "response": cell.response,
            "contact_cost_yuan": cell.contact_cost,
            "price_yuan": cell.price,
            "priority_yuan": cell.priority,
        }

    def _concern(self, concern: str, score: float, cell: TracedTreatment) -> Document:
        """One C: its score, weight and factor ``score ** (4 weight)``, and the rules that fired."""
        weight = self._policy.weights[concern]
        fired = [rule for rule in self._policy.fits if rule.concern == concern and cell.fits.get(rule.id)]
        return {
            "score": score,
            "weight": weight,
            "factor": score ** (4.0 * weight),
            "rules": [{"code": r.id, "text": r.reason[self._language], "weight": r.weight} for r in fired],
        }

    def _source(self, cell: TracedTreatment) -> str:
        """Where this propensity comes from: model, family model, evidence or prior."""
        ready = prepared(self._policy)
        scored = ready.ways[self._subject.decision.arm].scored
        return ready.hearing.source(self._subject.scores if scored else {}, ready.places.offer[cell.offer])

    def _dropped(self, one: Dropped) -> Document:
        offer, channel = one.winner or (None, None)
        key = "none" if offer is None else "other" if one.changes else "same"
        words = {"factor": self._say.factor(one.factor)}
        if offer is not None and channel is not None:
            words |= {"offer": self._name(offer), "channel": self._channel(channel)}
        return {
            "factor": one.factor,
            "offer": offer,
            "channel": channel,
            "priority_yuan": one.priority,
            "changes": one.changes,
            "text": self._say.say(key, **words),
        }

    def _unlocks(self) -> Iterator[Document]:
        """What the customer or time could change, nearest first; what nobody can change stands among the gates."""
        for one in unlocks(self._cells):
            for gates, offers in self._alike(one):
                if all(self._rules[gate].unlock or (short and short.kind == "wait") for gate, short in gates):
                    yield self._unlock(gates, offers)

    def _alike(self, one: Unlock) -> list[tuple[Gaps, list[str]]]:
        """The offers behind the same gates, parted by how far each is from opening: the nearest first."""
        parted: dict[Gaps, list[str]] = {}
        for offer in one.offers:
            gaps = tuple((gate, self._nearest(gate, [offer])) for gate in one.gates)
            parted.setdefault(gaps, []).append(offer)
        return sorted(parted.items(), key=lambda part: [short.gap or 0.0 for _, short in part[0] if short])

    def _unlock(self, gates: Gaps, offers: Sequence[str]) -> Document:
        facts = self._say.joined([self._fact(gate, short) for gate, short in gates])
        names = self._say.listed([self._name(offer) for offer in offers])
        return {
            "gates": [{"code": gate, "shortfall": self._shown_short(short)} for gate, short in gates],
            "offers": list(offers),
            "text": self._say.say("unlock", facts=facts, count=self._say.offers(len(offers)), offers=names),
        }

    def _fact(self, gate: str, short: Shortfall | None) -> str:
        rule = self._rules[gate]
        what = rule.unlock[self._language] if rule.unlock else self._say.say("fallen", reason=self._reason(gate))
        detail = self._say.shortfall(short) if short else ""
        return f"{what}（{detail}）" if detail and self._language == "zh" else f"{what} ({detail})" if detail else what

    def _nearest(self, gate: str, offers: Sequence[str]) -> Shortfall | None:
        """The smallest gap of the gate among some offers."""
        closed = [cell for cell in self._asked if cell.offer in offers and not cell.gates[gate]]
        found = [short for cell in closed if (short := self._short.of(gate, cell)) is not None]
        return min(found, key=lambda short: float("inf") if short.gap is None else short.gap, default=None)

    def _told(self, gate: str, cell: TracedTreatment) -> Document | None:
        return self._shown_short(self._short.of(gate, cell))

    def _shown_short(self, short: Shortfall | None) -> Document | None:
        if short is None:
            return None
        days = {key: iso_day(day) for key in ("have", "need") if short.kind == "date" and (day := getattr(short, key))}
        return asdict(short) | days | {"text": self._say.shortfall(short)}

    def _reason(self, gate: str) -> str:
        rule = self._rules.get(gate)
        return rule.reason[self._language] if rule else STRUCTURAL[gate][self._language]

    def _name(self, offer: str) -> str:
        return self._offers[offer].name[self._language]

    def _channel(self, channel: str) -> str:
        return self._channels[channel].name[self._language]
