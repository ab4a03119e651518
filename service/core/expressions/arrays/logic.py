"""Array decisions: comparisons, ranges, lists and NULL, each giving booleans and never unknown."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from service.core.expressions.arrays.values import as_objects, no_text
from service.core.expressions.tree import Kind, Node, Run
from service.core.grid import Array

MANY_MEMBERS = 16


def numbers(op: str, left: Run, right: Run) -> Run:
    """Two numbers compared; false either way where one is NaN."""
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


def texts(left: Run, right: Run, equal: bool) -> Run:
    """Two texts, equal or different; false either way where one is None."""
    compare = np.equal if equal else np.not_equal

    def run(columns: Any) -> Any:
        one, other = as_objects(left(columns)), as_objects(right(columns))
        return np.asarray(compare(one, other), dtype=bool) & ~(no_text(one) | no_text(other))

    return run


def members_of_text(inner: Run, members: frozenset[Any], present: bool) -> Run:
    """Whether the text is one of (or is known and none of) ``members``: set lookups, cheaper than NumPy on objects."""
    wanted = members if present else members | {None}

    def run(columns: Any) -> Array:
        texts = as_objects(inner(columns))
        found = np.fromiter(map(wanted.__contains__, texts.ravel().tolist()), bool, texts.size).reshape(texts.shape)
        return found if present else ~found

    return run


def _in(node: Node, outcome: bool, inner: Run) -> Run:
    if node.args[0].kind is Kind.TEXT:
        return members_of_text(inner, frozenset(node.value), outcome)
    members = np.array(node.value, dtype=np.float64)

    def run(columns: Any) -> Any:
        found = inner(columns)
        present = _is_member(found, members)
        return present if outcome else ~present & np.equal(found, found)

    return run


def _is_member(found: Array, members: Array) -> Array:
    if len(members) > MANY_MEMBERS:
        return np.isin(found, members)
    return reduce(np.logical_or, [np.equal(found, member) for member in members.tolist()])


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
        missing: Callable[[Any], Any] = lambda columns: no_text(as_objects(inner(columns)))  # noqa: E731
    else:
        missing = lambda columns: np.isnan(inner(columns))  # noqa: E731
    return missing if outcome else lambda columns: ~missing(columns)


PREDICATES: dict[str, Callable[..., Run]] = {"in": _in, "between": _between, "is null": _is_null}
