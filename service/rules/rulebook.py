"""Gates and fit rules at work: which cells of the grid are open, and the fit of each.

A policy is compiled once (``Rulebook``); what depends on it alone is evaluated then. A gate passes where ``require`` is
true or ``applies`` is false, so what is unknown closes. Most gates depend on one customer's facts and return plain
True; only the others cost an array.

Fit is ``F = prod_c s_c ** (4 w_c)``, where ``s_c`` is the product of the weights of C's fired rules. A rule's
``weight ** (4 w_c)`` is known at load, so F is a product of such factors. They are multiplied by the axes over which
they vary (customer, offer, channel, both), heaviest first within each: the same order for one customer and for many, so
that both give the same bits. ``decision.trace`` shows it rule by rule, for explanations.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from service.core.expressions import compile_falsity, compile_truth, fold
from service.core.grid import Array, Columns
from service.rules.contact_gates import GateMask
from service.rules.loading.rule_files import FALLS_AWAY
from service.rules.model.targeting import Membership, Run, restrict_to
from service.rules.policy import FitRule, GateRule, Policy, Rule

_GRID = frozenset({"offer", "channel"})
_AXES = (frozenset[str](), frozenset({"offer"}), frozenset({"channel"}), _GRID)
_OFFER = 1


class Gate:
    """One gate rule, compiled: ``passes`` returns True, False or the cells that stay open."""

    def __init__(self, rule: GateRule, policy: Policy, many: bool) -> None:
        """Folds what the policy alone decides."""
        self.id, self.stage = rule.id, rule.stage
        require = compile_truth(fold(rule.require, policy.static_columns), many)
        self.passes: Callable[[Columns], GateMask] = _passes(require, _spares(rule, policy, many))


class OpenGate(Gate):
    """A gate that is left out: it keeps its position and closes nothing."""

    def __init__(self, gate: Gate) -> None:
        """Takes the gate's id and stage."""
        self.id, self.stage, self.passes = gate.id, gate.stage, lambda columns: True


def falls_away(rule: Rule, strategy: str) -> bool:
    """Whether a rule is dropped with its strategy: fit and applicability rules are, rules that guard the customer are
    not.
    """
    return rule.strategy == strategy and rule.stage in FALLS_AWAY


def _spares(rule: GateRule, policy: Policy, many: bool) -> Run:
    """Where the gate does not apply: ``applies`` is false, or the customer is outside the segments of its strategy."""
    membership = membership_of(rule, policy, many)
    reasons = [] if rule.applies is None else [compile_falsity(fold(rule.applies, policy.static_columns), many)]
    reasons += [] if membership is None else [membership.is_outside]
    if len(reasons) < 2:
        return reasons[0] if reasons else lambda columns: False
    return lambda columns: reasons[0](columns) | reasons[1](columns)


def membership_of(rule: Rule, policy: Policy, many: bool) -> Membership | None:
    """The customers a rule is for: its strategy's segments where it can fall away, else everybody (None)."""
    strategy = policy.strategies.get(rule.strategy)
    if strategy is None or strategy.target is None or rule.stage not in FALLS_AWAY:
        return None
    segments = [policy.targets[one] for one in strategy.segments if one in policy.targets]
    return Membership(strategy.target, segments, policy.static_columns, many)


def _passes(require: Run, spares: Run) -> Callable[[Columns], GateMask]:
    """Whether ``require`` is true or ``applies`` is false; where the customer's facts decide ``require``, nothing else
    runs.
    """

    def passes(columns: Columns) -> GateMask:
        held = require(columns)
        if held is True or (held := _settled(held)) is True:
            return True
        spared: GateMask = _settled(spares(columns))
        return spared if held is False or spared is True else held if spared is False else held | spared

    return passes


def _settled(found: Any) -> Any:
    """A single NumPy boolean as Python's, so that ``is True`` holds."""
    if found is True or found is False:
        return found
    return found if isinstance(found, np.ndarray) and found.ndim else bool(found)


@dataclass(frozen=True, slots=True)
class Fit:
    """One fit rule, compiled. ``group`` says over which axes of the grid it varies.

    ``factor`` = weight ** (4 w_c). ``either`` holds 1 and the factor, for cells where it does not fire and where it
    does; multiplying by one changes no bit.
    """

    id: str
    weight: float
    factor: float
    either: Array
    group: int
    fires: Run

    def with_weight(self, weight: float) -> "Fit":
        """The same rule where its concern has this weight."""
        factor = self.weight ** (4.0 * weight)
        return replace(self, factor=factor, either=np.array([1.0, factor]))


@dataclass(frozen=True, slots=True)
class Fitness:
    """F in four factors (over the customer, the offer, the channel, and both), and which rules fired where."""

    factors: Sequence[Any]
    fired: Sequence[tuple[Fit, GateMask]]

    @property
    def value(self) -> Any:
        """F as a scalar or an array that broadcasts over the grid."""
        customer, offer, channel, cell = self.factors
        return customer * offer * channel * cell

    def reasons(self, offer: int, channel: int) -> tuple[str, ...]:
        """The rules that fired in one cell of one customer, heaviest first, then in policy order."""
        fired = [
            fit.id
            for fit, where in self.fired
            if where is True or (where[0, offer, 0] if fit.group == _OFFER else cell_value(where, offer, channel))  # type: ignore[index]
        ]
        return tuple(fired)


def cell_value(where: Any, offer: int, channel: int) -> Any:
    """The value of one customer's array in one cell, whichever axes it has."""
    _, offers, channels = where.shape
    return where[0, offer if offers > 1 else 0, channel if channels > 1 else 0]


NEUTRAL = Fitness([1.0] * len(_AXES), [])
"""The fitness where no rule fired, or none may."""


class Rulebook:
    """A policy's rules, compiled for one customer or for many."""

    def __init__(self, policy: Policy, many: bool) -> None:
        """Compiles every rule once; order within a stage is the policy's."""
        self._many = many
        gates = [Gate(rule, policy, many) for rule in policy.gates]
        self.gates = [gate for gate in gates if gate.stage != "contact"]
        self.contact = [gate for gate in gates if gate.stage == "contact"]
        self.fits = sorted((_fit(rule, policy, many) for rule in policy.fits), key=lambda fit: -fit.weight)

    def without_strategy(self, strategy: str, policy: Policy) -> "Rulebook":
        """These rules without the fit and applicability rules of a strategy; each gate left out keeps its position,
        always open.
        """
        gone = {rule.id for rule in (*policy.gates, *policy.fits) if falls_away(rule, strategy)}
        rest = copy(self)
        rest.gates = [OpenGate(gate) if gate.id in gone else gate for gate in self.gates]
        rest.fits = [fit for fit in self.fits if fit.id not in gone]
        return rest

    def with_weights(self, weights: Mapping[str, float], policy: Policy) -> "Rulebook":
        """These rules with other weights of the four C; nothing is compiled again."""
        concerns = {rule.id: rule.concern for rule in policy.fits}
        other = copy(self)
        other.fits = [fit.with_weight(weights[concerns[fit.id]]) for fit in self.fits]
        return other

    def fitness(self, columns: Columns) -> Fitness:
        """The fitness of every cell."""
        found = [(fit, fit.fires(columns)) for fit in self.fits]
        return self.multiply(
            [(fit, where) for fit, last in found if last is not False and (where := _settled(last)) is not False]
        )

    def multiply(self, fired: Sequence[tuple[Fit, GateMask]]) -> Fitness:
        """F of the rules that fired, each in the cells where it fired."""
        factors: list[Any] = [1.0] * len(_AXES)
        for fit, where in fired:
            factors[fit.group] = factors[fit.group] * (fit.factor if where is True else self._spread(fit, where))
        return Fitness(factors, fired)

    def _spread(self, fit: Fit, where: Any) -> Array:
        """1 or the factor in each cell: ``take`` is faster on a few hundred cells, a byte index on millions."""
        spread: Array = fit.either[where.view(np.uint8)] if self._many else fit.either.take(where)
        return spread


def _fit(rule: FitRule, policy: Policy, many: bool) -> Fit:
    factor = rule.weight ** (4.0 * policy.weights[rule.concern])
    fires = restrict_to(compile_truth(fold(rule.when, policy.static_columns), many), membership_of(rule, policy, many))
    return Fit(rule.id, rule.weight, factor, np.array([1.0, factor]), _AXES.index(rule.when.axes & _GRID), fires)


def open_cells(oks: Iterable[GateMask], shape: tuple[int, int, int]) -> Array:
    """Where all gates are open, as (n, m, k). Few axes are combined first, which is less work for many customers."""
    groups: dict[tuple[int, ...], Array] = {}
    for ok in oks:
        if ok is False:
            return np.zeros(shape, dtype=bool)
        if ok is not True:
            joined = groups.get(ok.shape)
            groups[ok.shape] = ok if joined is None else joined & ok
    cells = np.ones(shape, dtype=bool)
    for joined in groups.values():
        cells &= joined
    return cells
