"""Scalar values: each builder takes a node and its compiled arguments and returns a function of columns."""

from collections.abc import Callable
from math import log, modf
from typing import Any

from service.core.expressions.bounds import CEILING, MOST_DAYS
from service.core.expressions.tree import NAN, Node, Run, is_missing, null


def always(constant: Any) -> Run:
    """A function that ignores the columns and returns the constant."""
    return lambda columns: constant


def constant(node: Node) -> Any:
    """The scalar of a ``const`` node, NULL in the form of its kind."""
    return null(node.kind) if is_missing(node.value) else node.value


def round_half_away(number: float, digits: int) -> float:
    """``number`` to ``digits`` decimals, halves away from zero, as DuckDB rounds a double."""
    power = 10.0 ** abs(digits)
    fraction, whole = modf(number * power if digits >= 0 else number / power)
    whole += (fraction >= 0.5) - (fraction <= -0.5)
    return whole / power if digits >= 0 else whole * power


def _name(node: Node) -> Run:
    name = node.value
    return lambda columns: columns[name]


def _divide(node: Node, left: Run, right: Run) -> Run:
    def run(columns: Any) -> float:
        divisor = right(columns)
        return left(columns) / divisor if divisor else NAN

    return run


def _logarithm(node: Node, inner: Run) -> Run:
    def run(columns: Any) -> float:
        number = inner(columns)
        return log(number) if number > 0 else NAN

    return run


def _round(node: Node, inner: Run) -> Run:
    digits = node.value
    return lambda columns: round_half_away(inner(columns), digits)


def _bounded(node: Node, inner: Run) -> Run:
    def run(columns: Any) -> float:
        number = inner(columns)
        return number if -CEILING < number < CEILING else NAN

    return run


def _shift(node: Node, start: Run, days: Run) -> Run:
    sign = 1.0 if node.op == "date+" else -1.0

    def run(columns: Any) -> float:
        whole = round_half_away(days(columns), 0)
        return start(columns) + sign * whole if -MOST_DAYS <= whole <= MOST_DAYS else NAN

    return run


def _coalesce(node: Node, *runs: Run) -> Run:
    *first, last = runs

    def run(columns: Any) -> Any:
        for each in first:
            found = each(columns)
            if found is not None and found == found:  # noqa: PLR0124
                return found
        return last(columns)

    return run


def _nullif(node: Node, left: Run, right: Run) -> Run:
    nothing = null(node.kind)

    def run(columns: Any) -> Any:
        found = left(columns)
        return nothing if found == right(columns) else found

    return run


def _least(node: Node, *runs: Run) -> Run:
    def run(columns: Any) -> float:
        best = NAN
        for each in runs:
            found = each(columns)
            if found < best or best != best:  # noqa: PLR0124
                best = found
        return best

    return run


def _greatest(node: Node, *runs: Run) -> Run:
    def run(columns: Any) -> float:
        best = NAN
        for each in runs:
            found = each(columns)
            if found > best or best != best:  # noqa: PLR0124
                best = found
        return best

    return run


VALUES: dict[str, Callable[..., Run]] = {
    "name": _name,
    "const": lambda node: always(constant(node)),
    "+": lambda node, left, right: lambda columns: left(columns) + right(columns),
    "-": lambda node, left, right: lambda columns: left(columns) - right(columns),
    "*": lambda node, left, right: lambda columns: left(columns) * right(columns),
    "/": _divide,
    "days": lambda node, left, right: lambda columns: left(columns) - right(columns),
    "date+": _shift,
    "date-": _shift,
    "neg": lambda node, inner: lambda columns: -inner(columns),
    "abs": lambda node, inner: lambda columns: abs(inner(columns)),
    "ln": _logarithm,
    "round": _round,
    "fen": _round,
    "bounded": _bounded,
    "coalesce": _coalesce,
    "nullif": _nullif,
    "least": _least,
    "greatest": _greatest,
}
