"""One offer of an explanation: its outcome, the words it is shown in, the factors of its priority, every channel."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from service.decision import TracedTreatment, compile_policy
from service.decision.positioning import choose_variants
from service.decision.trace.funnel import Step
from service.decision.trace.shortfall import Shortfall, Shortfalls
from service.rendering.explanation_subject import Names, Subject
from service.rendering.wording import iso_day

Document = dict[str, Any]


class OfferStory:
    """Describes the offers of one subject; ``cells`` are the treatments that were asked for, ``steps`` the funnel."""

    def __init__(
        self,
        subject: Subject,
        names: Names,
        cells: Sequence[TracedTreatment],
        steps: Sequence[Step],
        shortfalls: Shortfalls,
    ) -> None:
        self._subject, self._names, self._say = subject, names, names.say
        self._asked, self._steps, self._short = cells, steps, shortfalls
        self._shown = {treatment.offer: treatment for treatment in subject.decision.treatments}
        self._variants = choose_variants(
            subject.policy, subject.decision, subject.snapshot, subject.context, subject.scores
        )

    def describe(self, offer: str) -> Document:
        """The document of one offer."""
        cells = [cell for cell in self._asked if cell.offer == offer]
        best = max(cells, key=lambda cell: (cell.candidate, not cell.closed_by, cell.priority or 0.0))
        shown = self._shown.get(offer)
        if shown is not None:
            best = next(cell for cell in cells if cell.channel == shown.channel)
        outcome = "shown" if shown else "possible" if best.candidate else "withheld"
        return {
            "offer": offer,
            "name": self._names.offer(offer),
            "outcome": outcome,
            "rank": shown.rank if shown else None,
            "channel": best.channel,
            "text": self._fate(offer, outcome, best),
            "positioning": self._positioning(offer),
            "seller": self._names.seller(offer),
            "factors": self._factors(best),
            "channels": [self._cell(cell) for cell in cells],
        }

    def _fate(self, offer: str, outcome: str, best: TracedTreatment) -> str:
        channel = self._names.channel(best.channel)
        if outcome != "withheld":
            shown = self._shown.get(offer)
            sentence = self._say.say(outcome, rank=shown.rank if shown else None, channel=channel)
            return sentence if best.uplift is None else self._say.join_sentences([sentence, self._gain(best)])
        gate = next(gate for step in self._steps for gate, offers in step.taken.items() if offer in offers)
        if gate in self._names.rules:
            return self._say.say("withheld", reason=self._names.reason(gate))
        return self._say.say("no-worth" if best.uplift is None or best.uplift > 0.0 else "no-gain")

    def _gain(self, cell: TracedTreatment) -> str:
        return self._say.say("gain", uplift=f"{cell.uplift:.2%}", propensity=f"{cell.propensity:.2%}")

    def _positioning(self, offer: str) -> Document | None:
        """The segment whose words a shown offer is in; None for an offer that is not shown."""
        if offer not in self._shown:
            return None
        variant = self._subject.policy.variants.get(self._variants.get(offer, ""))
        if variant is None:
            return {"id": None, "segment": None, "text": self._say.say("plain-words")}
        name = self._names.segment(variant.segment)
        return {"id": variant.id, "segment": variant.segment, "text": self._say.say("segment-words", segment=name)}

    def _cell(self, cell: TracedTreatment) -> Document:
        return {
            "channel": cell.channel,
            "open": not cell.closed_by,
            "priority_yuan": cell.priority,
            "closed_by": [
                {"code": gate, "shortfall": describe_shortfall(self._short.of(gate, cell), self._names)}
                for gate in cell.closed_by
            ],
        }

    def _factors(self, cell: TracedTreatment) -> Document:
        """The factors of a priority: propensity x value x fit x lever x response - contact cost - price.

        Where ``uplift`` is not null it stands in the propensity's place, and never below 0.
        """
        return {
            "propensity": cell.propensity,
            "propensity_source": self._source(cell),
            "uplift": cell.uplift,
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
        policy = self._subject.policy
        weight = policy.weights[concern]
        fired = [rule for rule in policy.fits if rule.concern == concern and cell.fits.get(rule.id)]
        return {
            "score": score,
            "weight": weight,
            "factor": score ** (4.0 * weight),
            "rules": [{"code": r.id, "text": self._names.in_language(r.reason), "weight": r.weight} for r in fired],
        }

    def _source(self, cell: TracedTreatment) -> str:
        """Where this propensity comes from: model, family model, evidence or prior."""
        compiled = compile_policy(self._subject.policy)
        scored = compiled.arm_policies[self._subject.decision.arm].scored
        return compiled.score_resolver.source(self._subject.scores if scored else {}, compiled.places.offer[cell.offer])


def describe_shortfall(short: Shortfall | None, names: Names) -> Document | None:
    """How far a gate is from opening, in figures and words; None where that is unknown."""
    if short is None:
        return None
    found: Mapping[str, Any] = asdict(short)
    days = {key: iso_day(found[key]) for key in ("have", "need") if short.kind == "date" and found[key]}
    return {**found, **days, "text": names.say.shortfall(short)}
