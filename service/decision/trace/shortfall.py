"""Shortfalls: how far a closed gate is from opening: the fact, what it is and what it must be, or when the gate opens.

For a gate written as an expression: the first of its conditions (joined by ``and``) that does not hold, where it
compares an attribute of the customer with a number, an amount or a day. Of alternatives (``or``) the first amount or
day counts; the distance to a mere number among several alternatives says little. For caps and cool-offs: the days until
enough events have left the window. Everything else is left to the rule's own text. Only what the decision could read is
returned: of a customer who is not personalised, nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, isnan
from typing import Any

import numpy as np

from service.core.domain import Context, Snapshot
from service.core.expressions import Expression, Kind, compile_truth, compile_value
from service.core.expressions.tree import MIRRORED, Node
from service.core.grid import DAY_MS
from service.decision.compiled import CompiledPolicy, compile_policy
from service.decision.privacy import is_personal_arm
from service.decision.segment_and_stage import NAMES
from service.decision.single import cell_figure
from service.decision.trace.cells import TracedTreatment
from service.rules.history.event_counts import group_events
from service.rules.policy import Cap, CoolOff, GateRule, Policy
from service.rules.statutory import LAW

_RELATIONS = ("<", "<=", ">", ">=", "=")
_MEASURED = (Kind.NUMBER, Kind.MONEY, Kind.DATE)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """``fact`` is ``have`` (None: unknown) and must be ``relation`` (``>=`` ...) ``need``.

    ``fact`` is a qualified name, None where several facts make up the figure. Numbers, yuan, or days since 1970-01-01
    by ``kind``; ``gap`` is how far apart they are, None where either is unknown. A gate that opens by itself has the
    kind ``wait``: ``gap`` days from now.
    """

    gate: str
    kind: str
    fact: str | None = None
    relation: str | None = None
    have: float | None = None
    need: float | None = None
    gap: float | None = None


class Shortfalls:
    """The shortfalls of one customer's closed gates, cell by cell."""

    def __init__(self, policy: Policy, snapshot: Snapshot, context: Context, arm: str) -> None:
        """Builds the facts that the decision read."""
        self._compiled, self._snapshot, self._now = compile_policy(policy), snapshot, context.now
        self._rules = {rule.id: rule for rule in policy.rules}
        self._columns = _columns(self._compiled, snapshot, context, arm)

    def of(self, gate: str, cell: TracedTreatment) -> Shortfall | None:
        """The shortfall of a gate in a cell that it closed; None for the law, and where only the rule's text can."""
        rule = self._rules[gate]
        if gate.startswith(LAW):
            return None
        if isinstance(rule, GateRule):
            return self._of_rule(rule, cell)
        return self._of_limit(rule, cell) if isinstance(rule, Cap | CoolOff) else None

    def _of_rule(self, rule: GateRule, cell: TracedTreatment) -> Shortfall | None:
        unmet = (node for node in _conditions(rule.require.tree) if not self._is_true(node, cell))
        told = next(unmet, None)
        found = None if told is None else _compared(told)
        if found is None:
            return None
        fact, relation, bound = found
        have, need = self._number(fact, cell), self._number(bound, cell)
        gap = None if have is None or need is None else abs(need - have)
        return Shortfall(rule.id, str(fact.kind), _name(fact), relation, have, need, gap)

    def _is_true(self, node: Node, cell: TracedTreatment) -> bool:
        if not self._readable(node):
            return True
        return bool(self._at(compile_truth(_expression(node))(self._columns), cell))

    def _number(self, node: Node, cell: TracedTreatment) -> float | None:
        if not self._readable(node):
            return None
        found = float(self._at(compile_value(_expression(node))(self._columns), cell))
        return None if isnan(found) else found

    def _readable(self, node: Node) -> bool:
        """History stands in no column here: a condition on it is told in the rule's own words."""
        return _names(node) <= set(self._columns)

    def _at(self, found: Any, cell: TracedTreatment) -> Any:
        places = self._compiled.places
        if not isinstance(found, np.ndarray) or not found.ndim:
            return found
        return cell_figure(found, places.offer[cell.offer], places.channel[cell.channel])

    def _of_limit(self, rule: Cap | CoolOff, cell: TracedTreatment) -> Shortfall | None:
        days = rule.window_days if isinstance(rule, Cap) else rule.days
        most = rule.maximum if isinstance(rule, Cap) else 1
        times = sorted(self._counted(rule, cell), reverse=True)
        if len(times) < most:
            return None
        wait = times[most - 1] + days * DAY_MS - self._now
        return Shortfall(rule.id, "wait", gap=float(max(1, ceil(wait / DAY_MS))))

    def _counted(self, rule: Cap | CoolOff, cell: TracedTreatment) -> Iterator[int]:
        """When each event that the limit counts happened."""
        kinds, direction = (rule.counts, rule.direction) if isinstance(rule, Cap) else (rule.after, None)
        same = self._key(rule.per, cell.offer, cell.channel)
        direction_of = dict(zip(self._compiled.places.channels, self._compiled.places.direction, strict=True))
        for trail in self._snapshot.trails:
            heading = direction is None or direction_of.get(trail.channel or "", direction) == direction
            if trail.kind in kinds and heading and self._key(rule.per, trail.offer, trail.channel) == same:
                yield from trail.instants

    def _key(self, per: str, offer: str | None, channel: str | None) -> object:
        places = self._compiled.places
        family = None if offer not in places.offer else places.family_of[places.offer[offer]]
        return {"offer": offer, "family": family, "channel": channel}.get(per)


def _columns(compiled: CompiledPolicy, snapshot: Snapshot, context: Context, arm: str) -> Mapping[str, Any]:
    """The facts as the decision read them, with ``offer.*`` and ``channel.*``; nothing that is counted or found.

    The past and the models' segment stay out: what a customer can change is told, the rest in the rule's own words.
    """
    past = group_events(snapshot.trails, snapshot.surveys, compiled.places, context.now)
    at, personal = compiled.columns.moment(context.now), is_personal_arm(arm)
    columns, _ = compiled.columns.of_one(snapshot, context, {}, past, at, personal)
    facts = {name: one for name, one in columns.items() if not name.startswith("history.") and name not in NAMES}
    return {**facts, **compiled.policy.static_columns}


def _conditions(node: Node) -> Iterator[Node]:
    """The parts joined by ``and``, a ``between`` as its two comparisons."""
    if node.op == "and":
        for arg in node.args:
            yield from _conditions(arg)
    elif node.op == "between":
        fact, low, high = node.args
        yield Node(">=", node.kind, (fact, low), axes=node.axes)
        yield Node("<=", node.kind, (fact, high), axes=node.axes)
    else:
        yield node


def _compared(node: Node) -> tuple[Node, str, Node] | None:
    """The customer's figure, the relation and the bound of a comparison; None for any other condition."""
    if node.op == "or":
        found = filter(None, map(_compared, node.args))
        return next((one for one in found if one[0].kind is not Kind.NUMBER), None)
    if node.op not in _RELATIONS or node.args[0].kind not in _MEASURED:
        return None
    left, right = node.args
    if _of_customer(left):
        return left, node.op, right
    return (right, MIRRORED[node.op], left) if _of_customer(right) else None


def _of_customer(node: Node) -> bool:
    return any(name.startswith("customer.") for name in _names(node))


def _name(node: Node) -> str | None:
    """The one fact a figure is made of."""
    facts = {name for name in _names(node) if name.startswith("customer.")}
    return facts.pop() if len(facts) == 1 else None


def _names(node: Node) -> set[str]:
    return {each.value for each in node.walk() if each.op == "name"}


def _expression(node: Node) -> Expression:
    return Expression("", node, node)
