"""A policy made ready to decide: everything that depends on it alone, compiled and evaluated once.

``Prepared`` belongs to one policy and holds two ``Program``s, the same rules for one customer (plain scalars where the
grid allows) and for many (arrays throughout). ``Program.judge`` is the decision's middle, and the only one: gates, fit,
propensity, value, response and priority of every cell. What comes before is in ``columns``, what comes after (ranking)
in ``single`` and ``batch``.
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
from service.decision.arms.assignment import Arms
from service.decision.arms.policies import Way, ways
from service.decision.columns import RuleColumns
from service.decision.segment_and_stage import with_stages
from service.rules.contact_gates import ContactGates, Ok
from service.rules.model.rules import grid_index_of
from service.rules.policy import Policy
from service.rules.rulebook import NEUTRAL, Fitness, Rulebook
from service.scoring import arbitration
from service.scoring.propensity import Heard, Hearing
from service.scoring.value import Values

NO_POSITIVE_VALUE = "no-positive-value"
"""The reason of an offer that every gate lets through and no channel makes worth its cost."""

MOST_CREDITS = 20_000
"""Lists of reasons whose strategies are remembered."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Every treatment judged: what the gates leave open, in the order of their reasons, and the factors of priority."""

    oks: list[Ok]
    fitness: Fitness
    fit: Any
    propensity: Array
    uplift: Array | None
    value: Array
    response: Any
    priority: Array


class Program:
    """A policy's rules and formulas, compiled for one customer or for many."""

    def __init__(self, policy: Policy, places: GridIndex, many: bool) -> None:
        """Compiles all of them."""
        self.way = Way()
        self._policy, self._places = policy, places
        self.rulebook = Rulebook(policy, many)
        self._values = Values(policy, many)
        self._lever = by_offer([offer.lever for offer in policy.offers])
        self._responses = [
            _response(channel.response, place, policy, many) for place, channel in enumerate(policy.channels)
        ]

    def under(self, way: Way) -> "Program":
        """The same program, nothing compiled anew, as an arm is served by it."""
        other = copy(self)
        other.way = way
        if not way.levers:
            other._lever = np.ones_like(self._lever)
        if way.withheld is not None:
            other.rulebook = self.rulebook.without(way.withheld, self._policy)
        return other

    def weighing(self, weights: Mapping[str, float]) -> "Program":
        """The same program, nothing compiled anew, with other weights of the four C."""
        other = copy(self)
        other.rulebook = self.rulebook.under(weights, self._policy)
        return other

    def judge(
        self,
        columns: MutableMapping[str, Any],
        dealings: Columns,
        contact: list[Ok],
        heard: Heard,
        cost: Array,
    ) -> Cells:
        """All cells of the grid.

        ``columns`` is what may be read of the customer, ``dealings`` what contact rules may read (the same, but for a
        customer who is not personalised), ``contact`` the contact policy's own gates, ``heard`` what the models say,
        ``cost`` contact cost and prices as (1, m, k).
        """
        oks = [gate.passes(columns) for gate in self.rulebook.gates]
        oks += [gate.passes(dealings) for gate in self.rulebook.contact]
        oks += contact
        fitness = NEUTRAL if self.way.neutral else self.rulebook.fitness(columns)
        response = 1.0 if self.way.neutral else self._response(columns, heard.responses)
        propensity, fit, uplift = heard.propensity, fitness.value, heard.uplift if self.way.uplift else None
        worth = self._values.evaluate(columns, heard.tickets)
        effect = arbitration.effect(propensity, uplift)
        priority = self.way.ordering(effect, worth, self._lever, fit, response, cost)
        priority = arbitration.unpushed(priority, uplift)
        return Cells(oks, fitness, fit, propensity, uplift, worth, response, priority)

    def _response(self, columns: Columns, learned: Mapping[int, Any]) -> Any:
        """Each channel's response: what was learned of it, else the policy's expression."""
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


class Prepared:
    """One policy, ready to decide. Holds no state of any request."""

    def __init__(self, policy: Policy) -> None:
        """Compiles the policy; some 10 ms, once."""
        self.policy = policy
        self.places = grid_index_of(policy.offers, policy.channels)
        names = _names_read(policy)
        self.columns = RuleColumns(policy, self.places, names)
        self.contact = ContactGates(policy.contact, self.places)
        self.one = Program(policy, self.places, many=False)
        self.many = Program(policy, self.places, many=True)
        self.ways = ways(policy.experiments)
        self.ones = {arm: self.one.under(way) for arm, way in self.ways.items()}
        self.arms = Arms(policy.experiments, list(self.ways))
        self._credits: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._credited = {rule.id: rule.strategy for rule in policy.fits if rule.weight > 1.0}
        self.gate_ids = [gate.id for gate in (*self.one.rulebook.gates, *self.one.rulebook.contact)] + self.contact.ids
        self.hearing = Hearing(policy, self.places)
        self.contact_cost = np.array([channel.contact_cost_yuan for channel in policy.channels])
        self._priced: tuple[Mapping[str, float], Array] = ({}, arbitration.prices({}, self.places))

    def weighing(self, weights: Mapping[str, float]) -> "Prepared":
        """The same policy, nothing compiled anew, with other weights of the four C."""
        other = copy(self)
        other.policy = replace(self.policy, weights=weights)
        other.one, other.many = self.one.weighing(weights), self.many.weighing(weights)
        other.ones = {arm: other.one.under(way) for arm, way in self.ways.items()}
        return other

    def credits(self, reasons: tuple[str, ...]) -> tuple[str, ...]:
        """The strategies whose rules raised a treatment, of its reasons, in their order; few lists are ever seen."""
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
        """Shadow prices as (1, m, k); the last release's are kept, since they change with a release only."""
        kept, priced = self._priced
        if by_name is not kept and by_name != kept:
            priced = arbitration.prices(by_name, self.places)
            self._priced = (dict(by_name), priced)
        return priced


@lru_cache(maxsize=16)
def prepared(policy: Policy) -> Prepared:
    """The policy made ready, once; a policy never changes, so the last sixteen are kept."""
    return Prepared(policy)


def _names_read(policy: Policy) -> frozenset[str]:
    """Every name that some rule or formula reads; what nobody reads is never computed."""
    expressions = [rule.require for rule in policy.gates]
    expressions += [rule.applies for rule in policy.gates if rule.applies is not None]
    expressions += [rule.when for rule in policy.fits]
    expressions += [channel.response for channel in policy.channels]
    expressions += [formula for family in policy.families.values() for formula in (family.ticket, family.value)]
    expressions += [each.target for each in policy.strategies.values() if each.target is not None]
    expressions += [variant.when for variant in policy.variants.values()]
    return with_stages(policy, frozenset().union(*(expression.names for expression in expressions)))
