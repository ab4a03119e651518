"""Many customers of many small arms, judged together: the holdout and the standing tests as masks over one judgment.

Judging each arm apart would cost some milliseconds for every rule once per arm, however few customers it has. So all
are judged as by the whole method, and then each arm's differences (``policies``) are applied to its rows: a factor
becomes 1, a rule is left out, another ordering replaces the priority. Row for row the bits are those that
``CompiledRules.for_arm`` gives one customer, since a factor of 1 changes none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from service.core.grid import Array, by_customer, by_offer
from service.decision.arms.policies import ArmPolicy
from service.decision.compiled import CompiledPolicy, JudgedCells
from service.rules.contact_gates import GateMask
from service.rules.policy import Rule
from service.rules.rulebook import Fitness, falls_away
from service.scoring import arbitration


class MixedArms:
    """The arms of n customers: ``places`` are indices into ``compiled.arms.names``."""

    def __init__(self, compiled: CompiledPolicy, places: Array) -> None:
        """Reads each arm's policy once."""
        self._compiled, self._places = compiled, places
        self._arm_policies = [compiled.arm_policies[name] for name in compiled.arms.names]
        self._lever = by_offer([offer.lever for offer in compiled.policy.offers])

    @property
    def epsilon(self) -> Array:
        """(n,) the probability of exploring."""
        return self._each([arm_policy.epsilon or 0.0 for arm_policy in self._arm_policies])

    def mask_scores(self, scores: Mapping[str, Array]) -> dict[str, Array]:
        """The scores, NaN for customers whose arm is served without models."""
        scored = self._where([arm_policy.scored for arm_policy in self._arm_policies])
        return {family: np.where(scored, column, np.nan) for family, column in scores.items()}

    def correct_cells(self, cells: JudgedCells, cost: Array) -> JudgedCells:
        """The cells of the whole method, corrected to each customer's own arm."""
        fitness = self._rested(cells.fitness)
        response = np.where(self._rows(lambda arm_policy: arm_policy.neutral), 1.0, cells.response)
        lever = np.where(self._rows(lambda arm_policy: arm_policy.levers), self._lever, 1.0)
        fit, uplift = fitness.value, self._uplift(cells.uplift)
        factors = (cells.propensity, uplift, cells.value, lever, fit, response, cost)
        priority = arbitration.priority_of(*factors)
        for ordering in (arbitration.by_propensity, arbitration.as_listed):
            mine = self._where([arm_policy.ordering is ordering for arm_policy in self._arm_policies])
            if mine.any():
                priority = np.where(by_customer(mine), arbitration.priority_of(*factors, ordering), priority)
        return replace(
            cells,
            gate_masks=self._compiled.dominance.renew_mask(self._opened(cells.gate_masks), cells.priority.shape),
            fitness=fitness,
            fit=fit,
            uplift=uplift,
            response=response,
            priority=priority,
        )

    def _uplift(self, uplift: Array | None) -> Array | None:
        """The uplift, NaN for customers whose arm is served without."""
        return None if uplift is None else np.where(self._rows(lambda arm_policy: arm_policy.uplift), uplift, np.nan)

    def _opened(self, gate_masks: Sequence[GateMask]) -> list[GateMask]:
        """The gates' masks, open where the customer's arm leaves the gate out."""
        gone = self._gone(self._compiled.policy.gates)
        pairs = zip(self._compiled.gate_ids, gate_masks, strict=True)
        return [ok | gone[gate] if gate in gone and ok is not True else ok for gate, ok in pairs]

    def _rested(self, fitness: Fitness) -> Fitness:
        """The fitness without the rules that the customer's arm leaves out; 1 where the arm has no fit."""
        gone, neutral = self._gone(self._compiled.policy.fits), self._rows(lambda arm_policy: arm_policy.neutral)
        fired = [
            (fit, ~(gone[fit.id] | neutral if fit.id in gone else neutral) & where) for fit, where in fitness.fired
        ]
        return self._compiled.array_rules.rulebook.multiply(fired)

    def _gone(self, rules: Sequence[Rule]) -> dict[str, Array]:
        """Rule -> (n, 1, 1) the rows whose arm leaves it out; only rules that some arm leaves out."""
        without_strategy = {
            arm_policy.without_strategy for arm_policy in self._arm_policies if arm_policy.without_strategy is not None
        }
        found: dict[str, Array] = {}
        for strategy in without_strategy:
            rows = self._where([arm_policy.without_strategy == strategy for arm_policy in self._arm_policies])
            if rows.any():
                found |= {rule.id: by_customer(rows) for rule in rules if falls_away(rule, strategy)}
        return found

    def _rows(self, holds: Callable[[ArmPolicy], bool]) -> Array:
        return by_customer(self._where([holds(arm_policy) for arm_policy in self._arm_policies]))

    def _where(self, said: Sequence[bool]) -> Array:
        return np.array(said, dtype=bool)[self._places]

    def _each(self, said: Sequence[float]) -> Array:
        return np.array(said, dtype=np.float64)[self._places]
