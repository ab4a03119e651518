"""Every cell of one decision judged and explained, and what would open a withheld offer.

``trace_cells`` judges the same cells as ``decide``: which gates held, which fit rules fired, the score of each C, the
factors of the priority. ``find_unlocks`` names, for each withheld offer, the fewest gates that would all have to open.
Read-only, and outside the path of a request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.core.domain import Context, Release, Snapshot
from service.core.grid import Array
from service.decision.arms.assignment import arm_of
from service.decision.compiled import CompiledPolicy, JudgedCells, compile_policy
from service.decision.law import IDS
from service.decision.single import cell_figure, cell_figure_or_none, judge_cells
from service.rules.contact_gates import GateMask
from service.rules.policy import CONCERNS, Policy
from service.rules.rulebook import Fit, open_cells
from service.scoring.propensity import Scores


@dataclass(frozen=True, slots=True)
class TracedTreatment:
    """One cell of the grid. ``gates`` in the order of their reasons and ``fits``: rule -> whether it held or fired.

    Of the statutory gates ``gates`` has those that stopped something; each holds where a gate of the policy does not.

    ``concerns`` are the s_c before weighting; ``value`` and ``priority`` (yuan) are None where the value is unknown,
    ``uplift`` where the propensity is the first factor of the priority.
    """

    offer: str
    channel: str
    asked: bool
    gates: Mapping[str, bool]
    fits: Mapping[str, bool]
    concerns: Mapping[str, float]
    propensity: float
    value: float | None
    fit: float
    lever: float
    response: float
    contact_cost: float
    price: float
    priority: float | None
    uplift: float | None = None

    @property
    def closed_by(self) -> tuple[str, ...]:
        """The gates that did not hold, in the order of their reasons; the first is the one that is named."""
        return tuple(gate for gate, held in self.gates.items() if not held)

    @property
    def effect(self) -> float:
        """The first factor of the priority: the uplift, 0 at least, where there is one, else the propensity."""
        return self.propensity if self.uplift is None else max(self.uplift, 0.0)

    @property
    def candidate(self) -> bool:
        """True where the treatment could be shown: it is asked for, every gate is open, and it is worth its cost."""
        return self.asked and not self.closed_by and self.priority is not None and self.priority > 0.0


@dataclass(frozen=True, slots=True)
class Unlock:
    """``offers`` would be open to the customer if all of ``gates`` held; nothing else stands between."""

    gates: tuple[str, ...]
    offers: tuple[str, ...]


def trace_cells(
    policy: Policy, snapshot: Snapshot, context: Context, scores: Scores, release: Release
) -> tuple[TracedTreatment, ...]:
    """Every offer in every channel, in the policy's order, judged and explained."""
    compiled = compile_policy(policy)
    asked = compiled.asked_channel(context)
    arm = arm_of(snapshot, policy.experiments, release.on_trial)
    cells = judge_cells(compiled, snapshot, context, scores, release, arm, compiled.columns.moment(context.now))
    held = _held(compiled, cells)
    price, levers = compiled.prices(release.prices), compiled.arm_policies[arm].levers
    return tuple(
        _traced(compiled, cells, held, price, offer, channel, asked, levers)
        for offer in range(len(policy.offers))
        for channel in range(len(policy.channels))
    )


def find_unlocks(traced: Sequence[TracedTreatment]) -> tuple[Unlock, ...]:
    """What would open the withheld offers: fewest gates first, then most offers."""
    found: dict[tuple[str, ...], list[str]] = {}
    for offer in dict.fromkeys(cell.offer for cell in traced):
        closed = [cell.closed_by for cell in traced if cell.offer == offer and cell.asked]
        nearest = min(closed, key=len, default=())
        if nearest:
            found.setdefault(nearest, []).append(offer)
    several = [Unlock(gates, tuple(offers)) for gates, offers in found.items()]
    return tuple(sorted(several, key=lambda one: (len(one.gates), -len(one.offers))))


def _traced(
    compiled: CompiledPolicy,
    cells: JudgedCells,
    held: Mapping[str, GateMask],
    price: Array,
    offer: int,
    channel: int,
    asked: int | None,
    levers: bool,
) -> TracedTreatment:
    noun, slot = compiled.policy.offers[offer], compiled.policy.channels[channel]
    fired = {fit.id for fit, where in cells.fitness.fired if _holds(where, offer, channel)}
    fits = compiled.scalar_rules.rulebook.fits
    return TracedTreatment(
        offer=noun.id,
        channel=slot.id,
        asked=asked in (None, channel),
        gates={gate: _holds(ok, offer, channel) for gate, ok in held.items()},
        fits={fit.id: fit.id in fired for fit in fits},
        concerns=_concerns([fit for fit in fits if fit.id in fired], compiled.policy),
        propensity=cell_figure(cells.propensity, offer, channel),
        uplift=cell_figure_or_none(cells.uplift, offer, channel),
        value=cell_figure_or_none(cells.value, offer, channel),
        fit=cell_figure(cells.fit, offer, channel),
        lever=noun.lever if levers else 1.0,
        response=cell_figure(cells.response, offer, channel),
        contact_cost=slot.contact_cost_yuan,
        price=float(price[0, offer, channel]),
        priority=cell_figure_or_none(cells.priority, offer, channel),
    )


def _held(compiled: CompiledPolicy, cells: JudgedCells) -> dict[str, GateMask]:
    """The policy's gates as they held; the statutory ones that closed what all of these had left open; dominance."""
    masks = dict(zip(compiled.gate_ids, cells.gate_masks, strict=True))
    law, last = ({gate: masks.pop(gate) for gate in ids} for ids in (IDS, compiled.dominance.ids))
    left = open_cells(masks.values(), (1, *cells.priority.shape[1:]))
    stops = {gate: ~left | ok for gate, ok in law.items() if ok is not True}
    return masks | {gate: mask for gate, mask in stops.items() if not mask.all()} | last


def _holds(where: Any, offer: int, channel: int) -> bool:
    return bool(where if not isinstance(where, np.ndarray) else cell_figure(where, offer, channel))


def _concerns(fired: Sequence[Fit], policy: Policy) -> dict[str, float]:
    concern = {rule.id: rule.concern for rule in policy.fits}
    scores = dict.fromkeys(CONCERNS, 1.0)
    for fit in fired:
        scores[concern[fit.id]] *= fit.weight
    return scores
