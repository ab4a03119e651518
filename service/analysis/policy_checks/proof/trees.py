"""Trees: what reading asks of expressions and their values, a few lines each. Pure."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from service.analysis.policy_checks.proof import truth
from service.analysis.policy_checks.proof.truth import Value
from service.analysis.policy_checks.proof.wording import plain_value
from service.core.expressions import scalars
from service.core.expressions.tree import NAN, Columns, Kind, Node, is_missing

TODAY, YEAR_AGO = "context.today", "context.year_ago"
NOON = 20_000.0
"""Any day: dates are only compared with each other."""


def outcome_of(value: Value) -> int:
    """The outcome that a truth value is."""
    return truth.UNKNOWN if value is None else truth.TRUE if value else truth.FALSE


def is_unknown(value: Value) -> int:
    """Whether a value is unknown, as an outcome."""
    return truth.TRUE if value is None else truth.FALSE


def decide(node: Node, columns: Columns) -> int:
    """The outcome of a condition for one customer, by the closures that serve."""
    if scalars.compile_decision(node, True)(columns):
        return truth.TRUE
    return truth.FALSE if scalars.compile_decision(node, False)(columns) else truth.UNKNOWN


def days_around(days: Value, column: str = TODAY, ago: Value = 0.0) -> Columns:
    """Today, a year ago, and a date so many days from today."""
    assert isinstance(days, float)
    when = NAN if ago is None else NOON + float(ago)
    return {TODAY: NOON, YEAR_AGO: NOON - days, column: when}


def names_in(*nodes: Node) -> frozenset[str]:
    """Every name that stands in some trees."""
    return frozenset(each.value for node in nodes for each in node.walk() if each.op == "name")


def number_column(name: str) -> Node:
    """A column of numbers as a tree."""
    return Node("name", Kind.NUMBER, value=name)


def within(node: Node, low: float, high: float) -> Node:
    """A number where it lies in a range; NULL elsewhere."""
    ends = (Node("const", Kind.NUMBER, value=low), Node("const", Kind.NUMBER, value=high))
    inside = Node("between", Kind.BOOLEAN, (node, *ends))
    return Node("case", node.kind, (inside, node, Node("const", node.kind, value=NAN)))


def is_default(node: Node) -> bool:
    """A column of numbers with a constant where it is unknown."""
    if node.op != "coalesce" or len(node.args) != 2 or node.kind not in (Kind.NUMBER, Kind.MONEY):
        return False
    column, otherwise = node.args
    return column.op == "name" and otherwise.op == "const" and not is_missing(otherwise.value)


def rename(node: Node, found: Mapping[str, Node]) -> Node:
    """The tree with each name in ``found`` as its tree, and its constants as scalars."""
    if node.op == "name":
        return found.get(node.value, node)
    if node.op == "const":
        return replace(node, value=plain_value(node.value)) if isinstance(node.value, np.ndarray) else node
    args = tuple(rename(arg, found) for arg in node.args)
    return node if all(one is other for one, other in zip(args, node.args, strict=True)) else replace(node, args=args)


def write_factor(number: float) -> str:
    """A factor of a sum as text; nothing for 1."""
    return "" if number == 1.0 else f"{number!r} * "
