"""The funnel from all offers to those shown: how many are left after each stage, and which gate took the others.

An offer is left while one of the channels that compete is open to it. Stages are in the order in which a reason is
named, so the offers that a gate takes here are those that the decision counts under it in ``withheld``. After the gates
comes ``worth``: an offer falls whose priority is above zero in none of its open channels.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.decision.compiled import NO_POSITIVE_VALUE
from service.decision.trace.cells import TracedTreatment
from service.rules.policy import STAGES, Policy

WORTH = "worth"
"""The last step: some channel makes the offer worth its cost."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: the offers ``left`` after it, and ``taken``: gate -> the offers whose last channel it closed."""

    stage: str
    left: tuple[str, ...]
    taken: Mapping[str, tuple[str, ...]]


def trace_funnel(policy: Policy, traced: Sequence[TracedTreatment]) -> tuple[Step, ...]:
    """One step per stage of the gates, then ``worth``; the first starts from every offer of the policy."""
    fate = dict(_fates(traced))
    stage_of = {rule.id: rule.stage for rule in policy.rules} | {NO_POSITIVE_VALUE: WORTH}
    left, steps = tuple(fate), []
    for stage in (*STAGES, WORTH):
        fallen = [offer for offer in left if stage_of.get(fate[offer] or "") == stage]
        left = tuple(offer for offer in left if offer not in fallen)
        gates = dict.fromkeys(str(fate[offer]) for offer in fallen)
        steps.append(Step(stage, left, {gate: tuple(one for one in fallen if fate[one] == gate) for gate in gates}))
    return tuple(steps)


def _fates(traced: Sequence[TracedTreatment]) -> Iterator[tuple[str, str | None]]:
    """Each offer with the gate that closed its last channel; None where it may be shown."""
    for offer in dict.fromkeys(cell.offer for cell in traced):
        cells = [cell for cell in traced if cell.offer == offer and cell.asked]
        if any(not cell.closed_by for cell in cells):
            worth = any(cell.candidate for cell in cells)
            yield offer, None if worth else NO_POSITIVE_VALUE
        else:
            yield offer, _last(cells)


def _last(cells: Sequence[TracedTreatment]) -> str:
    """Of the first closed gates of the cells, the latest in the order of reasons: until it a channel was open."""
    order = list(cells[0].gates)
    return max((cell.closed_by[0] for cell in cells), key=order.index)
