"""Which factor decided: whether another treatment would win if one factor of the priority were the same for all.

Each factor in turn is made neutral, and every open cell's priority is calculated again from its other factors. Fit,
lever and response become 1, one C of the fit becomes 1, costs and prices become 0. Propensity (or the uplift in its
place) and value have no neutral figure; they take their mean over the open cells, so that no offer gains by them and
costs keep their weight in yuan.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from service.decision.trace.cells import TracedTreatment
from service.rules.policy import CONCERNS, Policy
from service.scoring.arbitration import priority_of

FACTORS = ("propensity", "value", "fit", *(f"fit.{concern}" for concern in CONCERNS), "lever", "response", "cost")

Cell = tuple[str, str]
"""An offer and its channel."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Without ``factor``, ``winner`` comes first (None: none) at ``priority`` yuan; ``changes``: it is another."""

    factor: str
    winner: Cell | None
    priority: float | None
    changes: bool


def winner(traced: Sequence[TracedTreatment]) -> TracedTreatment | None:
    """The candidate of the highest priority among what was asked; ties go to the policy's order."""
    found = [cell for cell in traced if cell.candidate]
    return max(found, key=lambda cell: cell.priority or 0.0, default=None)


def drop_each_factor(policy: Policy, traced: Sequence[TracedTreatment]) -> tuple[Dropped, ...]:
    """One answer per factor; none where no cell of known value is open."""
    cells = [cell for cell in traced if cell.asked and not cell.closed_by and cell.value is not None]
    best = winner(cells)
    before = None if best is None else (best.offer, best.channel)
    return tuple(_dropped(factor, policy, cells, before) for factor in FACTORS) if cells else ()


def priority(cell: TracedTreatment, changes: Mapping[str, float]) -> float:
    """The cell's priority in yuan with some factors replaced, by the arithmetic of ``arbitration``.

    ``cost`` is contact cost and price together. The cell's value must be known.
    """
    factors: dict[str, Any] = {
        "propensity": cell.propensity,
        "uplift": None if "propensity" in changes else cell.uplift,
        "value": cell.value or 0.0,
        "lever": cell.lever,
        "fit": cell.fit,
        "response": cell.response,
        "cost": cell.contact_cost + cell.price,
        **changes,
    }
    return float(priority_of(**factors))


def _dropped(factor: str, policy: Policy, cells: Sequence[TracedTreatment], before: Cell | None) -> Dropped:
    neutral = _neutral(factor, policy, cells)
    found = [(priority(cell, neutral(cell)), cell) for cell in cells]
    best, cell = max(found, key=lambda one: one[0])
    after = (cell.offer, cell.channel) if best > 0.0 else None
    return Dropped(factor, after, best if after else None, after != before)


def _neutral(
    factor: str, policy: Policy, cells: Sequence[TracedTreatment]
) -> Callable[[TracedTreatment], Mapping[str, float]]:
    """The factor's neutral figure in a cell."""
    name, _, concern = factor.partition(".")
    if concern:
        weight = 4.0 * policy.weights[concern]
        return lambda cell: {"fit": cell.fit / cell.concerns[concern] ** weight}
    means = {
        "propensity": fmean(cell.effect for cell in cells),
        "value": fmean(cell.value or 0.0 for cell in cells),
    }
    same = {name: means.get(name, 0.0 if name == "cost" else 1.0)}
    return lambda cell: same
