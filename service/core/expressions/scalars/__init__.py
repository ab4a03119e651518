"""Trees to closures over plain Python scalars: the fast path for one customer.

NaN does most of the work of NULL: it propagates through arithmetic and fails every comparison. ``compile_decision``
asks "is it true" or "is it false", never "what is it", so unknown needs no third value. The commonest shape (a name
against a constant) gets a closure without inner calls. The walk is here.

    values  each builder takes a node and its compiled arguments and returns a function of columns
    logic   comparisons, ranges, lists and NULL, each giving True or False and never unknown
    edges   money against a constant without rounding
"""

from collections.abc import Callable
from typing import Any

from service.core.expressions.scalars import logic
from service.core.expressions.scalars.edges import drop_rounding
from service.core.expressions.scalars.values import VALUES, always, constant
from service.core.expressions.tree import LOGIC, NAN, OPPOSITE, Kind, Node, Run, is_missing


def compile_value(node: Node) -> Run:
    """The value of ``node``: a float (NaN for NULL) or a text (None)."""
    if node.op in LOGIC:
        return _three_valued(node)
    if node.op == "case":
        return _case(node)
    return VALUES[node.op](node, *map(compile_value, node.args))


def compile_decision(node: Node, outcome: bool) -> Run:
    """Whether ``node`` is known to be ``outcome``: True or False, never unknown."""
    if node.op in _DECIDED:
        return _DECIDED[node.op](node, outcome)
    if node.op == "const":
        return always(node.value == float(outcome))
    run, target = compile_value(node), float(outcome)
    return lambda columns: run(columns) == target


def _three_valued(node: Node) -> Run:
    is_true, is_false = compile_decision(node, True), compile_decision(node, False)
    return lambda columns: 1.0 if is_true(columns) else 0.0 if is_false(columns) else NAN


def _case(node: Node) -> Run:
    conditions = [compile_decision(each, True) for each in node.args[:-1:2]]
    branches = list(zip(conditions, map(compile_value, node.args[1:-1:2]), strict=True))
    otherwise = compile_value(node.args[-1])

    def run(columns: Any) -> Any:
        for holds, then in branches:
            if holds(columns):
                return then(columns)
        return otherwise(columns)

    return run


def _not(node: Node, outcome: bool) -> Run:
    return compile_decision(node.args[0], not outcome)


def _chain(node: Node, outcome: bool) -> Run:
    """``and`` is true where all sides are and false where any is; ``or`` the other way round."""
    runs = [compile_decision(each, outcome) for each in node.args]
    return logic.all_of(runs) if (node.op == "and") is outcome else logic.any_of(runs)


def _compare(node: Node, outcome: bool) -> Run:
    node = drop_rounding(node)
    op = node.op if outcome else OPPOSITE[node.op]
    left, right = node.args
    if right.op == "const":
        return _compare_to_constant(op, left, constant(right))
    if left.kind is Kind.TEXT:
        return logic.texts(compile_value(left), compile_value(right), op == "=")
    return logic.VALUE_TO_VALUE[op](compile_value(left), compile_value(right))


def _compare_to_constant(op: str, left: Node, held: Any) -> Run:
    if is_missing(held):
        return always(False)
    if left.op == "name":
        return logic.NAME_TO_CONSTANT[op](left.value, held)
    return logic.VALUE_TO_CONSTANT[op](compile_value(left), held)


_DECIDED: dict[str, Callable[[Node, bool], Run]] = {
    "not": _not,
    "and": _chain,
    "or": _chain,
    "between": lambda node, outcome: logic.between(outcome, *map(compile_value, drop_rounding(node).args)),
    "in": lambda node, outcome: logic.member(compile_value(node.args[0]), frozenset(node.value), outcome),
    "is null": lambda node, outcome: logic.is_null(compile_value(node.args[0]), outcome),
    **dict.fromkeys(OPPOSITE, _compare),
}
