"""Trees to closures over NumPy: everything that varies over more than a scalar, broadcasting over (n, m, k).

The twin of ``scalars``: both agree to the last bit, with the same ``ln`` (the C library's, because NumPy's own differs
between processors) and the same rounding. A subtree without an array in it is compiled by ``scalars`` as a whole. In
``and`` and ``or`` those sides run first, so that one customer's facts can decide a rule before NumPy runs.

    values  each builder takes a node and its compiled arguments and returns a function of columns
    logic   comparisons, ranges, lists and NULL, each giving booleans and never unknown
"""

from typing import Any

import numpy as np

from service.core.expressions import scalars
from service.core.expressions.arrays import logic
from service.core.expressions.arrays.values import VALUES, as_objects, keep_numbers
from service.core.expressions.scalars.edges import drop_rounding
from service.core.expressions.tree import LOGIC, NAN, OPPOSITE, Kind, Node, Run


class Compiler:
    """Compiles for arrays; ``scalar_axes`` are the axes over which a column may vary and still be a plain scalar."""

    def __init__(self, scalar_axes: frozenset[str]) -> None:
        self.scalar_axes = scalar_axes

    def is_scalar(self, node: Node) -> bool:
        """Whether ``node`` evaluates to a plain scalar."""
        return node.axes <= self.scalar_axes

    def compile_value(self, node: Node) -> Run:
        """The value of ``node``: floats (NaN for NULL) or an object array of texts (None)."""
        if self.is_scalar(node):
            return scalars.compile_value(node)
        if node.op in LOGIC:
            return self.three_valued(node)
        if node.op in VALUES:
            return VALUES[node.op](node, *map(self.compile_value, node.args))
        return self.case(node)

    def compile_decision(self, node: Node, outcome: bool) -> Run:
        """Where ``node`` is known to be ``outcome``: an array of booleans, or one bool where scalars decide."""
        if self.is_scalar(node):
            return scalars.compile_decision(node, outcome)
        if node.op == "not":
            return self.compile_decision(node.args[0], not outcome)
        if node.op in ("and", "or"):
            return self.chain(node, outcome)
        if node.op in OPPOSITE:
            return self.compare(node, outcome)
        if node.op in logic.PREDICATES:
            node = drop_rounding(node)
            return logic.PREDICATES[node.op](node, outcome, *map(self.compile_value, node.args))
        return self.equals(node, float(outcome))

    def three_valued(self, node: Node) -> Run:
        """A condition as a value: 1.0, 0.0, or NaN for unknown."""
        is_true, is_false = self.compile_decision(node, True), self.compile_decision(node, False)
        return lambda columns: np.where(is_true(columns), 1.0, np.where(is_false(columns), 0.0, NAN))

    def equals(self, node: Node, target: float) -> Run:
        """A boolean value (a column, a constant, a choice) compared with 1.0 or 0.0."""
        if node.op == "const":
            settled = node.value == target
            return lambda columns: settled
        run = self.compile_value(node)
        return lambda columns: run(columns) == target

    def chain(self, node: Node, outcome: bool) -> Run:
        """``and`` / ``or``: scalar sides first; the first side that decides ends the work."""
        ordered = sorted(node.args, key=lambda each: not self.is_scalar(each))
        first = [self.compile_decision(each, outcome) for each in ordered if self.is_scalar(each)]
        rest = [self.compile_decision(each, outcome) for each in ordered if not self.is_scalar(each)]
        settles = (node.op == "or") is outcome
        join = np.logical_or if settles else np.logical_and

        def run(columns: Any) -> Any:
            for each in first:
                if bool(each(columns)) is settles:
                    return settles
            found = rest[0](columns)
            for each in rest[1:]:
                found = join(found, each(columns))
            return found

        return run

    def compare(self, node: Node, outcome: bool) -> Run:
        """A comparison, or its opposite; neither holds where a side is NULL."""
        node = drop_rounding(node)
        op = node.op if outcome else OPPOSITE[node.op]
        left, right = node.args
        if left.kind is not Kind.TEXT:
            return logic.numbers(op, self.compile_value(left), self.compile_value(right))
        for one, other in ((left, right), (right, left)):
            if other.op == "const" and isinstance(other.value, str):
                return logic.members_of_text(self.compile_value(one), frozenset([other.value]), op == "=")
        return logic.texts(self.compile_value(left), self.compile_value(right), op == "=")

    def case(self, node: Node) -> Run:
        """The branch of the first condition that is true; a scalar condition skips whole branches."""
        conditions = [self.compile_decision(each, True) for each in node.args[:-1:2]]
        branches = list(zip(conditions, map(self.compile_value, node.args[1:-1:2]), strict=True))
        otherwise = self.compile_value(node.args[-1])
        wrap = as_objects if node.kind is Kind.TEXT else keep_numbers

        def run(columns: Any) -> Any:
            taken, last = [], otherwise
            for holds, then in branches:
                held = holds(columns)
                if held is True:
                    last = then
                    break
                if held is not False:
                    taken.append((held, then))
            found = wrap(last(columns))
            for held, then in reversed(taken):
                found = np.where(held, wrap(then(columns)), found)
            return found

        return run
