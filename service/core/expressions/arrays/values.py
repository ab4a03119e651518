"""Array values: each builder takes a node and its compiled arguments and returns a function of columns."""

from collections.abc import Callable
from functools import reduce
from math import log
from typing import Any

import numpy as np

from service.core.expressions.bounds import CEILING, MOST_DAYS
from service.core.expressions.tree import NAN, Kind, Node, Run, null
from service.core.grid import Array


def keep_numbers(found: Any) -> Any:
    """Numbers as they are: only texts need wrapping."""
    return found


def as_objects(found: Any) -> Array:
    """A text as an object array, so that NumPy makes no string array of it."""
    if isinstance(found, np.ndarray):
        return found
    wrapped = np.empty((), dtype=object)
    wrapped[()] = found
    return wrapped


def no_text(texts: Array) -> Array:
    """Where an object array holds no text."""
    return np.asarray(np.equal(texts, None), dtype=bool)  # type: ignore[call-overload]


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
        positive = np.where(np.greater(numbers, 0.0), numbers, NAN)
        return np.fromiter(map(log, positive.ravel().tolist()), np.float64, numbers.size).reshape(numbers.shape)

    return run


def round_half_away(numbers: Any, digits: int) -> Any:
    """``numbers`` to ``digits`` decimals, halves away from zero; the twin of ``scalars.values.round_half_away``."""
    power = 10.0 ** abs(digits)
    scaled = numbers * power if digits >= 0 else numbers / power
    whole = np.trunc(scaled)
    fraction = scaled - whole
    whole = whole + (fraction >= 0.5) - (fraction <= -0.5)
    return whole / power if digits >= 0 else whole * power


def _round(node: Node, inner: Run) -> Run:
    digits = node.value
    return lambda columns: round_half_away(inner(columns), digits)


def _bounded(node: Node, inner: Run) -> Run:
    def run(columns: Any) -> Any:
        numbers = inner(columns)
        return np.where(np.abs(numbers) < CEILING, numbers, NAN)

    return run


def _shift(node: Node, start: Run, days: Run) -> Run:
    sign = 1.0 if node.op == "date+" else -1.0

    def run(columns: Any) -> Any:
        whole = round_half_away(np.asarray(days(columns)), 0)
        return start(columns) + sign * np.where(np.abs(whole) <= MOST_DAYS, whole, NAN)

    return run


def _coalesce(node: Node, *runs: Run) -> Run:
    wrap, missing = (as_objects, no_text) if node.kind is Kind.TEXT else (keep_numbers, np.isnan)

    def run(columns: Any) -> Any:
        found = wrap(runs[0](columns))
        for each in runs[1:]:
            found = np.where(missing(found), wrap(each(columns)), found)
        return found

    return run


def _nullif(node: Node, left: Run, right: Run) -> Run:
    nothing: Any = as_objects(None) if node.kind is Kind.TEXT else null(node.kind)
    wrap: Callable[[Any], Any] = as_objects if node.kind is Kind.TEXT else keep_numbers

    def run(columns: Any) -> Any:
        found = wrap(left(columns))
        return np.where(np.equal(found, wrap(right(columns))), nothing, found)

    return run


VALUES: dict[str, Callable[..., Run]] = {
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
