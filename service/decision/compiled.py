"""A compiled policy: everything that depends on the policy alone, compiled and evaluated once.

``CompiledPolicy`` holds the rules twice, as ``CompiledRules`` for one customer (plain scalars where the grid allows)
and for many (arrays throughout). ``CompiledRules.judge`` is the middle of every decision: gates, fit, propensity,
value, response and priority of each cell. The columns come before it (``columns``), the ranking after it (``single``,
``batch``).
"""

from collections.abc import Mapping, MutableMapping
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isnan
from typing import Any

import numpy as np

from service.core.domain import Context
from service.core.errors import InvalidInput, Problem
from service.core.expressions import Expression, compile_value, fold
from service.core.grid import Array, Columns, GridIndex, by_channel, by_offer
from service.core.suggestions import explain_unknown
from service.decision.arms.assignment import ArmAssignment
from service.decision.arms.policies import ArmPolicy, arm_policies
from service.decision.columns import RuleColumns
from service.decision.law import IDS, CompiledLaw
from service.decision.segment_and_stage import with_stages
from service.rules.contact_gates import ContactGates, GateMask
from service.rules.model.rules import grid_index_of
from service.rules.policy import Policy
from service.rules.rulebook import NEUTRAL, Fitness, Rulebook
from service.scoring import arbitration
from service.scoring.dominance import DominanceGate
from service.scoring.lifetime import LifetimeColumn
from service.scoring.propensity import ResolvedScores, ScoreResolver
from service.scoring.value import Values

NO_POSITIVE_VALUE = "no-positive-value"
"""The reason of an offer that every gate opens and no channel makes worth its cost."""

MOST_CREDITS = 20_000
"""Lists of reasons whose strategies are remembered."""


@dataclass(frozen=True, slots=True)
class JudgedCells:
    """Every treatment judged: the gates' masks in the order of their reasons, and the factors of the priority.

    The masks of the law come last but for that of dominated offers.
    ``law`` is what it read; None where it was not asked, and closes nothing.
    """

    gate_masks: list[GateMask]
    fitness: Fitness
    fit: Any
    propensity: Array
    uplift: Array | None
    value: Array
    response: Any
    priority: Array
    law: Columns | None = None


class CompiledRules:
    """A policy's rules and formulas, compiled for one customer or for many."""

    def __init__(self, policy: Policy, places: GridIndex, law: CompiledLaw, many: bool) -> None:
        """Compiles every rule and formula."""
        self.arm_policy = ArmPolicy()
        self._lawful = law.check_many if many else law.check_one
        self._policy, self._places, self._dominance = policy, places, DominanceGate(policy)
        self.rulebook = Rulebook(policy, many)
        self._values = Values(policy, many)
        self._lever = by_offer([offer.lever for offer in policy.offers])
        self._responses = [
            _response(channel.response, place, policy, many) for place, channel in enumerate(policy.channels)
        ]

    def for_arm(self, arm_policy: ArmPolicy) -> "CompiledRules":
        """The same rules as the arm is served by them; nothing is compiled anew."""
        other = copy(self)
        other.arm_policy = arm_policy
        if not arm_policy.levers:
            other._lever = np.ones_like(self._lever)
        if arm_policy.without_strategy is not None:
            other.rulebook = self.rulebook.without_strategy(arm_policy.without_strategy, self._policy)
        return other

    def with_weights(self, weights: Mapping[str, float]) -> "CompiledRules":
        """The same rules with other weights of the four C; nothing is compiled anew."""
        other = copy(self)
        other.rulebook = self.rulebook.with_weights(weights, self._policy)
        return other

    def judge(
        self,
        columns: MutableMapping[str, Any],
        contact_columns: Columns,
        contact: list[GateMask],
        scores: ResolvedScores,
        cost: Array,
        law: Columns | None,
    ) -> JudgedCells:
        """All cells of the grid.

        ``columns`` is what may be read of the customer. ``contact_columns`` is what contact rules may read: more than
        ``columns`` only for a customer who is not personalised. ``contact`` are the masks of the contact policy's own
        gates, ``scores`` the resolved scores, ``cost`` contact cost and prices in yuan as (1, m, k).
        ``law`` is what the law reads, or None.
        """
        gate_masks = [gate.passes(columns) for gate in self.rulebook.gates]
        gate_masks += [gate.passes(contact_columns) for gate in self.rulebook.contact]
        gate_masks += contact
        gate_masks += [True] * len(IDS) if law is None else self._lawful(law)
        fitness = NEUTRAL if self.arm_policy.neutral else self.rulebook.fitness(columns)
        response = 1.0 if self.arm_policy.neutral else self._response(columns, scores.responses)
        propensity, fit, uplift = scores.propensity, fitness.value, scores.uplift if self.arm_policy.uplift else None
        worth = self._values.evaluate(columns, scores.tickets)
        factors = (propensity, uplift, worth, self._lever, fit, response, cost)
        priority = arbitration.priority_of(*factors, self.arm_policy.ordering)
        gate_masks = self._dominance.add_mask(gate_masks, priority.shape)
        return JudgedCells(gate_masks, fitness, fit, propensity, uplift, worth, response, priority, law)

    def _response(self, columns: Columns, learned: Mapping[int, Any]) -> Any:
        """Each channel's response: the learned factor where there is one, else the policy's expression."""
        found = [run(columns) for run in self._responses]
        for place, factor in learned.items():
            found[place] = np.where(np.isnan(factor), found[place], factor) if np.ndim(factor) else factor
        if not any(isinstance(one, np.ndarray) for one in found):
            return by_channel([1.0 if isnan(one) else one for one in found])
        cells = [one if isinstance(one, np.ndarray) and one.ndim else np.reshape(one, (1, 1, 1)) for one in found]
        whole = np.concatenate(np.broadcast_arrays(*cells), axis=2)
        return np.where(np.isnan(whole), 1.0, whole)


def _response(expression: Expression, place: int, policy: Policy, many: bool) -> Any:
    """The response of one channel: where it varies over channels, its own cell is taken."""
    run = compile_value(fold(expression, policy.static_columns), many)

    def own(columns: Columns) -> Any:
        found = np.asarray(run(columns))
        wide = found.ndim == 3 and found.shape[2] > 1
        cell = found[:, :, place : place + 1] if wide else found
        return cell if cell.size > 1 else float(cell.item())

    return own if "channel" in expression.axes else run


class CompiledPolicy:
    """One policy, compiled to decide. Holds no state of any request."""

    def __init__(self, policy: Policy) -> None:
        """Compiles the policy, in about 10 ms."""
        self.policy = policy
        self.places = grid_index_of(policy.offers, policy.channels)
        names = _names_read(policy)
        self.columns = RuleColumns(policy, self.places, names)
        self.contact = ContactGates(policy.contact, self.places)
        self.law = CompiledLaw(policy, self.places)
        self.scalar_rules = CompiledRules(policy, self.places, self.law, many=False)
        self.array_rules = CompiledRules(policy, self.places, self.law, many=True)
        self.arm_policies = arm_policies(policy.experiments)
        self.arm_rules = {arm: self.scalar_rules.for_arm(each) for arm, each in self.arm_policies.items()}
        self.arms = ArmAssignment(policy.experiments, list(self.arm_policies))
        self._credits: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._credited = {rule.id: rule.strategy for rule in policy.fits if rule.weight > 1.0}
        book = self.scalar_rules.rulebook
        self.dominance = DominanceGate(policy)
        ours = [*self.contact.ids, *IDS, *self.dominance.ids]
        self.gate_ids = [*(gate.id for gate in (*book.gates, *book.contact)), *ours]
        self.score_resolver = ScoreResolver(policy, self.places)
        self.contact_cost = np.array([channel.contact_cost_yuan for channel in policy.channels])
        self._priced: tuple[Mapping[str, float], Array] = ({}, arbitration.prices({}, self.places))

    def with_weights(self, weights: Mapping[str, float]) -> "CompiledPolicy":
        """The same policy with other weights of the four C; nothing is compiled anew."""
        other = copy(self)
        other.policy = replace(self.policy, weights=weights)
        other.scalar_rules = self.scalar_rules.with_weights(weights)
        other.array_rules = self.array_rules.with_weights(weights)
        other.arm_rules = {arm: other.scalar_rules.for_arm(each) for arm, each in self.arm_policies.items()}
        return other

    def credited_strategies(self, reasons: tuple[str, ...]) -> tuple[str, ...]:
        """The strategies whose rules raised a treatment, in the order of its reasons (cached)."""
        found = self._credits.get(reasons)
        if found is None:
            credited = (self._credited[rule] for rule in reasons if rule in self._credited)
            if len(self._credits) >= MOST_CREDITS:
                self._credits.clear()
            found = self._credits[reasons] = tuple(dict.fromkeys(credited))
        return found

    def asked_channel(self, context: Context) -> int | None:
        """The index of the channel that asks; None where all channels compete.

        Raises: InvalidInput: when the policy does not have the channel.
        """
        channels = self.places.channel
        if context.channel is None:
            return None
        if context.channel not in channels:
            problem = Problem("channel", explain_unknown(context.channel, channels))
            raise InvalidInput(f'channel "{context.channel}" is not in the policy', [problem])
        return channels[context.channel]

    def prices(self, by_name: Mapping[str, float]) -> Array:
        """Shadow prices in yuan as (1, m, k); those of the last release are cached."""
        kept, priced = self._priced
        if by_name is not kept and by_name != kept:
            priced = arbitration.prices(by_name, self.places)
            self._priced = (dict(by_name), priced)
        return priced


@lru_cache(maxsize=16)
def compile_policy(policy: Policy) -> CompiledPolicy:
    """The compiled policy; a policy never changes, so the last sixteen are cached."""
    return CompiledPolicy(policy)


def _names_read(policy: Policy) -> frozenset[str]:
    """Every name that some rule or formula reads; no other name is computed."""
    expressions = [rule.require for rule in policy.gates]
    expressions += [rule.applies for rule in policy.gates if rule.applies is not None]
    expressions += [rule.when for rule in policy.fits]
    expressions += [channel.response for channel in policy.channels]
    expressions += [formula for family in policy.families.values() for formula in (family.ticket, family.value)]
    expressions += [each.target for each in policy.strategies.values() if each.target is not None]
    expressions += [variant.when for variant in policy.variants.values()]
    names = with_stages(policy, frozenset().union(*(expression.names for expression in expressions)))
    return LifetimeColumn.with_margins(policy.portrait, names)
