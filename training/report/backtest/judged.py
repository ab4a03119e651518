"""Every treatment of the buyers, judged as the service judges it: what is open, what would be said of it, who shut it.

A kind is open to a customer where one of its offers passes every gate in some channel, and lawful where it passes the
statutory gates alone. A gate shuts a kind where it alone leaves none of its treatments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from service.core.domain import Context, Release
from service.core.grid import Array
from service.decision import compile_policy, judge_many, population_of
from service.decision.compiled import JudgedCells
from service.decision.law import IDS
from service.rules.policy import Policy
from service.rules.rulebook import open_cells
from service.scoring import arbitration
from training.arrays import Flags, Floats
from training.data.purchases import BANK_KIND
from training.report.backtest.crowd import Crowd

SERVED, MARGIN, TAKE_UP = "served", "margin", "take-up"
ORDERS = (SERVED, MARGIN, TAKE_UP)
"""As the service orders offers; by take-up x value; by take-up alone."""


@dataclass(frozen=True)
class Judged:
    """The treatments of b buyers and m offers, each offer in its best channel.

    ``order`` is what offers are ordered by in each order, (b, m), minus infinity where they are closed. ``take_up`` and
    ``value_yuan`` are (b, m). ``members`` (m, kinds) says which offers belong to a kind. ``open`` and ``lawful`` are
    (b, kinds); ``shut`` is the same for each gate that shuts any.
    """

    order: Mapping[str, Floats]
    take_up: Floats
    value_yuan: Floats
    members: Flags
    open: Flags
    lawful: Flags
    shut: Mapping[str, Flags]


def whole_method(policy: Policy) -> Policy:
    """The policy without chance: no exploration, no standing tests and no holdout."""
    sure = replace(policy.experiments, exploration_epsilon=0.0, holdout_share=0.0, tests=())
    return replace(policy, experiments=sure)


def members_of(policy: Policy, kinds: tuple[str, ...]) -> Flags:
    """(m, kinds): an offer belongs to the kind of its product, and to the one in which the bank counts that kind."""
    products = [offer.terms.get("product") for offer in policy.offers]
    return np.array([[kind in (one, BANK_KIND.get(str(one))) for kind in kinds] for one in products], dtype=bool)


def judge_buyers(policy: Policy, crowd: Crowd, scores: Mapping[str, Floats]) -> Judged:
    """Judge all treatments of the buyers; ``scores`` are of the whole crowd, by name."""
    buyers = np.flatnonzero(crowd.buyers)
    plain = whole_method(policy)
    population = population_of(plain, [crowd.snapshots[row] for row in buyers])
    members, gates = members_of(plain, crowd.kinds), compile_policy(plain).gate_ids
    blank = _Blank(len(buyers), members, gates)
    context, release = Context(crowd.now, limit=len(plain.offers)), Release(1, plain.hash, None)
    mine = {name: column[buyers] for name, column in scores.items()}
    for rows, cells in judge_many(plain, population, context, mine, release):
        blank.write(rows, cells)
    return blank.judged()


class _Blank:
    """The arrays of a ``Judged``, filled block by block."""

    def __init__(self, buyers: int, members: Flags, gates: list[str]) -> None:
        self.members, self.gates = members, gates
        offers, kinds = members.shape
        self.order = {order: np.full((buyers, offers), -np.inf) for order in ORDERS}
        self.take_up, self.value = np.zeros((buyers, offers)), np.full((buyers, offers), np.nan)
        self.open, self.lawful = np.zeros((buyers, kinds), dtype=bool), np.zeros((buyers, kinds), dtype=bool)
        self.shut = {gate: np.zeros((buyers, kinds), dtype=bool) for gate in gates}

    def write(self, rows: Array, cells: JudgedCells) -> None:
        """Write the rows of one block."""
        shape = (len(rows), len(self.members), cells.priority.shape[2])
        allowed = open_cells(cells.gate_masks, shape)
        take_up, margin = take_up_of(cells, shape)
        served = arbitration.candidates(cells.priority, allowed).max(axis=2)
        self.order[SERVED][rows] = served
        self.order[MARGIN][rows] = np.where(allowed, margin, -np.inf).max(axis=2)
        self.order[TAKE_UP][rows] = np.where(allowed, take_up, -np.inf).max(axis=2)
        self.take_up[rows] = np.where(allowed, take_up, 0.0).max(axis=2)
        self.value[rows] = np.broadcast_to(cells.value, shape).max(axis=2)
        self.open[rows] = self._kinds(allowed)
        law = [mask for gate, mask in zip(self.gates, cells.gate_masks, strict=True) if gate in IDS]
        self.lawful[rows] = self._kinds(open_cells(law, shape))
        for gate, mask in zip(self.gates, cells.gate_masks, strict=True):
            if mask is not True:
                self.shut[gate][rows] = ~self._kinds(np.broadcast_to(mask, shape)) & self.members.any(axis=0)

    def _kinds(self, cells: Array) -> Flags:
        """(n, kinds) where any treatment of the kind is among the cells (n, m, k)."""
        return np.asarray(cells.any(axis=2).astype(np.int64) @ self.members.astype(np.int64) > 0)

    def judged(self) -> Judged:
        """All blocks together; only gates that shut something."""
        shut = {gate: kinds for gate, kinds in self.shut.items() if kinds.any()}
        return Judged(self.order, self.take_up, self.value, self.members, self.open, self.lawful, shut)


def take_up_of(cells: JudgedCells, shape: tuple[int, int, int]) -> tuple[Array, Array]:
    """P(the customer takes it) and the expected margin in yuan of every cell, as the arithmetic of the day has them."""
    take_up = np.broadcast_to(cells.propensity, shape)
    return take_up, np.broadcast_to(cells.propensity * cells.value, shape)
