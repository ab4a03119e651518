"""Scalar decisions: comparisons, ranges, lists and NULL, each giving True or False and never unknown."""

from collections.abc import Callable
from typing import Any

from service.core.expressions.tree import Run

Compare = Callable[[Any, Any], Run]


def all_of(runs: list[Run]) -> Run:
    """True where every run is; stops at the first that is not."""
    if len(runs) == 2:
        first, second = runs
        return lambda columns: first(columns) and second(columns)

    def run(columns: Any) -> bool:
        for each in runs:  # noqa: SIM110 - a generator would double the cost
            if not each(columns):
                return False
        return True

    return run


def any_of(runs: list[Run]) -> Run:
    """True where one run is; stops at the first that is."""
    if len(runs) == 2:
        first, second = runs
        return lambda columns: first(columns) or second(columns)

    def run(columns: Any) -> bool:
        for each in runs:  # noqa: SIM110 - a generator would double the cost
            if each(columns):
                return True
        return False

    return run


def texts(left: Run, right: Run, equal: bool) -> Run:
    """Two texts, equal or different; false either way where one is None."""

    def run(columns: Any) -> bool:
        one, other = left(columns), right(columns)
        return one is not None and other is not None and (one == other) is equal

    return run


def between(outcome: bool, inner: Run, low: Run, high: Run) -> Run:
    """Whether the value is known to be inside the range (or, for ``outcome`` False, outside it)."""
    if outcome:
        return lambda columns: low(columns) <= inner(columns) <= high(columns)

    def outside(columns: Any) -> bool:
        found = inner(columns)
        return bool(found < low(columns) or found > high(columns))

    return outside


def member(inner: Run, members: frozenset[Any], outcome: bool) -> Run:
    """Whether the value is known to be in the list (or, for ``outcome`` False, not in it)."""
    if outcome:
        return lambda columns: inner(columns) in members

    def absent(columns: Any) -> bool:
        found = inner(columns)
        return found is not None and found == found and found not in members  # noqa: PLR0124

    return absent


def is_null(inner: Run, outcome: bool) -> Run:
    """Whether the value is NULL, None or NaN (or, for ``outcome`` False, is not)."""

    def run(columns: Any) -> bool:
        found = inner(columns)
        return (found is None or found != found) is outcome  # noqa: PLR0124

    return run


def _name_differs(name: str, constant: Any) -> Run:
    return _value_differs(lambda columns: columns[name], constant)


def _value_differs(inner: Run, constant: Any) -> Run:
    def run(columns: Any) -> bool:
        found = inner(columns)
        return found is not None and found == found and found != constant  # noqa: PLR0124

    return run


def _values_differ(left: Run, right: Run) -> Run:
    def run(columns: Any) -> bool:
        one, other = left(columns), right(columns)
        return bool(one < other or one > other)

    return run


NAME_TO_CONSTANT: dict[str, Compare] = {
    "=": lambda name, constant: lambda columns: columns[name] == constant,
    "<>": _name_differs,
    "<": lambda name, constant: lambda columns: columns[name] < constant,
    "<=": lambda name, constant: lambda columns: columns[name] <= constant,
    ">": lambda name, constant: lambda columns: columns[name] > constant,
    ">=": lambda name, constant: lambda columns: columns[name] >= constant,
}
VALUE_TO_CONSTANT: dict[str, Compare] = {
    "=": lambda run, constant: lambda columns: run(columns) == constant,
    "<>": _value_differs,
    "<": lambda run, constant: lambda columns: run(columns) < constant,
    "<=": lambda run, constant: lambda columns: run(columns) <= constant,
    ">": lambda run, constant: lambda columns: run(columns) > constant,
    ">=": lambda run, constant: lambda columns: run(columns) >= constant,
}
VALUE_TO_VALUE: dict[str, Compare] = {
    "=": lambda left, right: lambda columns: left(columns) == right(columns),
    "<>": _values_differ,
    "<": lambda left, right: lambda columns: left(columns) < right(columns),
    "<=": lambda left, right: lambda columns: left(columns) <= right(columns),
    ">": lambda left, right: lambda columns: left(columns) > right(columns),
    ">=": lambda left, right: lambda columns: left(columns) >= right(columns),
}
