"""Trees to closures over NumPy: whatever varies over more than a scalar, broadcasting over (n, m, k).

The twin of ``scalars``, and bound to agree with it to the last bit: the same ``ln`` (the C library's, for NumPy's own
differs between processors), the same rounding. A sub-tree without an array below it is handed to ``scalars`` whole,
and in ``and`` / ``or`` those sides run first, so that one customer's facts can settle a rule before NumPy wakes up.
"""

from collections.abc import Callable
from functools import reduce
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.expressions import scalars
from service.expressions.bounds import CEILING
from service.expressions.scalars import LOGIC, MOST_DAYS, OPPOSITE
from service.expressions.tree import NAN, Kind, Node, Run, null

Array = NDArray[Any]
MANY_MEMBERS = 16


class Compiler:
    """Compiles for arrays; ``scalar_axes`` are the axes a column may vary over and still be a plain scalar."""

    def __init__(self, scalar_axes: frozenset[str]) -> None:
        self.scalar_axes = scalar_axes

    def scalar(self, node: Node) -> bool:
        """True where ``node`` evaluates to a plain scalar."""
        return node.axes <= self.scalar_axes

    def value(self, node: Node) -> Run:
        """The value of ``node``: floats (NaN for NULL) or an object array of texts (None)."""
        if self.scalar(node):
            return scalars.value(node)
        if node.op in LOGIC:
            return self.three_valued(node)
        if node.op in _PLAIN:
            return _PLAIN[node.op](node, *map(self.value, node.args))
        return self.case(node)

    def decided(self, node: Node, outcome: bool) -> Run:
        """Where is ``node`` known to be ``outcome``? An array of booleans, or one bool where a scalar settles it."""
        if self.scalar(node):
            return scalars.decided(node, outcome)
        if node.op == "not":
            return self.decided(node.args[0], not outcome)
        if node.op in ("and", "or"):
            return self.chain(node, outcome)
        if node.op in OPPOSITE:
            return self.compare(node, outcome)
        if node.op in _PREDICATES:
            return _PREDICATES[node.op](node, outcome, *map(self.value, node.args))
        return self.equals(node, float(outcome))

    def three_valued(self, node: Node) -> Run:
        """1.0, 0.0, or NaN for unknown: how a condition looks as a value."""
        is_true, is_false = self.decided(node, True), self.decided(node, False)
        return lambda columns: np.where(is_true(columns), 1.0, np.where(is_false(columns), 0.0, NAN))

    def equals(self, node: Node, target: float) -> Run:
        """A boolean value (a column, a constant, a choice) against 1.0 or 0.0."""
        if node.op == "const":
            settled = node.value == target
            return lambda columns: settled
        run = self.value(node)
        return lambda columns: run(columns) == target

    def chain(self, node: Node, outcome: bool) -> Run:
        """``and`` / ``or``: scalar sides first; the first one that settles it ends the work."""
        ordered = sorted(node.args, key=lambda each: not self.scalar(each))
        first = [self.decided(each, outcome) for each in ordered if self.scalar(each)]
        rest = [self.decided(each, outcome) for each in ordered if not self.scalar(each)]
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
        op = node.op if outcome else OPPOSITE[node.op]
        left, right = node.args
        if left.kind is not Kind.TEXT:
            return _numbers(op, self.value(left), self.value(right))
        for one, other in ((left, right), (right, left)):
            if other.op == "const" and isinstance(other.value, str):
                return _members_of_text(self.value(one), frozenset([other.value]), op == "=")
        return _texts(self.value(left), self.value(right), op == "=")

    def case(self, node: Node) -> Run:
        """The branch of the first condition that is true; scalar conditions skip whole branches."""
        conditions = [self.decided(each, True) for each in node.args[:-1:2]]
        branches = list(zip(conditions, map(self.value, node.args[1:-1:2]), strict=True))
        otherwise = self.value(node.args[-1])
        wrap = _objects if node.kind is Kind.TEXT else _same

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


def _same(found: Any) -> Any:
    return found


def _objects(found: Any) -> Array:
    """A text as an object array, so that NumPy never makes its own strings of it."""
    if isinstance(found, np.ndarray):
        return found
    wrapped = np.empty((), dtype=object)
    wrapped[()] = found
    return wrapped


def _no_text(texts: Array) -> Array:
    return np.asarray(np.equal(texts, None), dtype=bool)  # type: ignore[call-overload]


# -- values ------------------------------------------------------------------------------------------------------------


def _name(node: Node) -> Run:
    name = node.value
    return lambda columns: columns[name]


def _const(node: Node) -> Run:
    constant = node.value
    return lambda columns: constant


def _divide(node: Node, left: Run, right: Run) -> Run:
    def run(columns: Any) -> Any:
        divisor = right(columns)
        return np.divide(left(columns), np.where(np.equal(divisor, 0.0), NAN, divisor))

    return run


def _logarithm(node: Node, inner: Run) -> Run:
    def run(columns: Any) -> Array:
        numbers = np.asarray(inner(columns))
        logs = (log(number) if number > 0 else NAN for number in numbers.ravel().tolist())
        return np.fromiter(logs, np.float64, numbers.size).reshape(numbers.shape)

    return run


def rounded(numbers: Any, digits: int) -> Any:
    """``numbers`` to ``digits`` decimals, halves away from zero; the twin of ``scalars.rounded``."""
    power = 10.0 ** abs(digits)
    scaled = numbers * power if digits >= 0 else numbers / power
    whole = np.trunc(scaled)
    fraction = scaled - whole
    whole = whole + (fraction >= 0.5) - (fraction <= -0.5)
    return whole / power if digits >= 0 else whole * power


def _round(node: Node, inner: Run) -> Run:
    digits = node.value
    return lambda columns: rounded(inner(columns), digits)


def _bounded(node: Node, inner: Run) -> Run:
    def run(columns: Any) -> Any:
        numbers = inner(columns)
        return np.where(np.abs(numbers) < CEILING, numbers, NAN)

    return run


def _shift(node: Node, start: Run, days: Run) -> Run:
    sign = 1.0 if node.op == "date+" else -1.0

    def run(columns: Any) -> Any:
        whole = rounded(np.asarray(days(columns)), 0)
        return start(columns) + sign * np.where(np.abs(whole) <= MOST_DAYS, whole, NAN)

    return run


def _coalesce(node: Node, *runs: Run) -> Run:
    wrap, missing = (_objects, _no_text) if node.kind is Kind.TEXT else (_same, np.isnan)

    def run(columns: Any) -> Any:
        found = wrap(runs[0](columns))
        for each in runs[1:]:
            found = np.where(missing(found), wrap(each(columns)), found)
        return found

    return run


def _nullif(node: Node, left: Run, right: Run) -> Run:
    assert node.kind is not None
    nothing: Any = _objects(None) if node.kind is Kind.TEXT else null(node.kind)
    wrap: Callable[[Any], Any] = _objects if node.kind is Kind.TEXT else _same

    def run(columns: Any) -> Any:
        found = wrap(left(columns))
        return np.where(np.equal(found, wrap(right(columns))), nothing, found)

    return run


_PLAIN: dict[str, Callable[..., Run]] = {
    "name": _name,
    "const": _const,
    "+": lambda node, left, right: lambda columns: left(columns) + right(columns),
    "-": lambda node, left, right: lambda columns: left(columns) - right(columns),
    "*": lambda node, left, right: lambda columns: left(columns) * right(columns),
    "/": _divide,
    "days": lambda node, left, right: lambda columns: left(columns) - right(columns),
    "date+": _shift,
    "date-": _shift,
    "neg": lambda node, inner: lambda columns: -inner(columns),
    "abs": lambda node, inner: lambda columns: np.abs(inner(columns)),
    "ln": _logarithm,
    "round": _round,
    "fen": _round,
    "bounded": _bounded,
    "coalesce": _coalesce,
    "nullif": _nullif,
    "least": lambda node, *runs: lambda columns: reduce(np.fmin, [run(columns) for run in runs]),
    "greatest": lambda node, *runs: lambda columns: reduce(np.fmax, [run(columns) for run in runs]),
}


# -- decisions ---------------------------------------------------------------------------------------------------------


def _numbers(op: str, left: Run, right: Run) -> Run:
    compare = _COMPARE[op]
    return lambda columns: compare(left(columns), right(columns))


def _differ(left: Any, right: Any) -> Any:
    return np.less(left, right) | np.greater(left, right)


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": np.equal,
    "<>": _differ,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def _texts(left: Run, right: Run, equal: bool) -> Run:
    compare = np.equal if equal else np.not_equal

    def run(columns: Any) -> Any:
        one, other = _objects(left(columns)), _objects(right(columns))
        return np.asarray(compare(one, other), dtype=bool) & ~(_no_text(one) | _no_text(other))

    return run


def _members_of_text(inner: Run, members: frozenset[Any], present: bool) -> Run:
    """Is the text one of (or, known and none of) ``members``: a set lookup each, cheaper than NumPy on objects."""
    wanted = members if present else members | {None}

    def run(columns: Any) -> Array:
        texts = _objects(inner(columns))
        found = np.fromiter(map(wanted.__contains__, texts.ravel().tolist()), bool, texts.size).reshape(texts.shape)
        return found if present else ~found

    return run


def _in(node: Node, outcome: bool, inner: Run) -> Run:
    if node.args[0].kind is Kind.TEXT:
        return _members_of_text(inner, frozenset(node.value), outcome)
    members = np.array(node.value, dtype=np.float64)

    def run(columns: Any) -> Any:
        numbers = inner(columns)
        return _is_member(numbers, members) if outcome else ~_is_member(numbers, members) & np.equal(numbers, numbers)

    return run


def _is_member(numbers: Array, members: Array) -> Array:
    if len(members) > MANY_MEMBERS:
        return np.isin(numbers, members)
    return reduce(np.logical_or, [np.equal(numbers, member) for member in members.tolist()])


def _between(node: Node, outcome: bool, inner: Run, low: Run, high: Run) -> Run:
    def inside(columns: Any) -> Any:
        found = inner(columns)
        return np.less_equal(low(columns), found) & np.less_equal(found, high(columns))

    def outside(columns: Any) -> Any:
        found = inner(columns)
        return np.less(found, low(columns)) | np.greater(found, high(columns))

    return inside if outcome else outside


def _is_null(node: Node, outcome: bool, inner: Run) -> Run:
    if node.args[0].kind is Kind.TEXT:
        missing: Callable[[Any], Any] = lambda columns: _no_text(_objects(inner(columns)))  # noqa: E731
    else:
        missing = lambda columns: np.isnan(inner(columns))  # noqa: E731
    return missing if outcome else lambda columns: ~missing(columns)


_PREDICATES: dict[str, Callable[..., Run]] = {"in": _in, "between": _between, "is null": _is_null}
