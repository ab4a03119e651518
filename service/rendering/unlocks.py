"""What would change a decision: the gates that the customer or time could open, and the offers behind them."""

from collections.abc import Iterator, Sequence
from typing import Any

from service.decision import TracedTreatment, Unlock
from service.decision.trace.shortfall import Shortfall, Shortfalls
from service.rendering.explanation_subject import Names
from service.rendering.offer_explanation import describe_shortfall

Document = dict[str, Any]
Gaps = tuple[tuple[str, Shortfall | None], ...]
"""Closed gates, each with how far it is from opening, where that is known."""


class UnlockStory:
    """Describes unlocks; ``cells`` are the treatments that were asked for."""

    def __init__(self, names: Names, cells: Sequence[TracedTreatment], shortfalls: Shortfalls) -> None:
        self._names, self._say, self._asked, self._short = names, names.say, cells, shortfalls

    def describe(self, found: Sequence[Unlock]) -> Iterator[Document]:
        """What the customer or time could change, nearest first. A gate that neither can open appears among the gates
        only.
        """
        for one in found:
            for gates, offers in self._alike(one):
                if all(self._names.rules[gate].unlock or (short and short.kind == "wait") for gate, short in gates):
                    yield self._unlock(gates, offers)

    def _alike(self, one: Unlock) -> list[tuple[Gaps, list[str]]]:
        """The offers behind the same gates, grouped by how far each is from opening: the nearest first."""
        parted: dict[Gaps, list[str]] = {}
        for offer in one.offers:
            gaps = tuple((gate, self._nearest(gate, [offer])) for gate in one.gates)
            parted.setdefault(gaps, []).append(offer)
        return sorted(parted.items(), key=lambda part: [short.gap or 0.0 for _, short in part[0] if short])

    def _unlock(self, gates: Gaps, offers: Sequence[str]) -> Document:
        facts = self._say.join_clauses([self._fact(gate, short) for gate, short in gates])
        names = self._say.list_words([self._names.offer(offer) for offer in offers])
        return {
            "gates": [{"code": gate, "shortfall": describe_shortfall(short, self._names)} for gate, short in gates],
            "offers": list(offers),
            "text": self._say.say("unlock", facts=facts, count=self._say.offers(len(offers)), offers=names),
        }

    def _fact(self, gate: str, short: Shortfall | None) -> str:
        rule = self._names.rules[gate]
        what = (
            self._names.in_language(rule.unlock)
            if rule.unlock
            else self._say.say("fallen", reason=self._names.reason(gate))
        )
        return self._say.add_detail(what, self._say.shortfall(short) if short else "")

    def _nearest(self, gate: str, offers: Sequence[str]) -> Shortfall | None:
        """The smallest gap of the gate among some offers."""
        closed = [cell for cell in self._asked if cell.offer in offers and not cell.gates[gate]]
        found = [short for cell in closed if (short := self._short.of(gate, cell)) is not None]
        return min(found, key=lambda short: float("inf") if short.gap is None else short.gap, default=None)
