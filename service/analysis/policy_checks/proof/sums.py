"""Sums: a value as ``c1 * x1 + c2 * x2 + ... + constant`` over columns that are compared as one number. Pure.

Two rules that compare the same sum with different figures speak of one variable, whatever the order of its parts.
Doubles add with an error, and money is rounded to the fen: near its figure a comparison may go either way, and
``Total.error`` says how near. An unknown column with a default of 0 is the same part as the known column, because a sum
that needs the column known is guarded elsewhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from service.core.expressions.bounds import CEILING
from service.core.expressions.tree import Node, is_missing

ROUNDING = 1e-13
"""More than the relative error of a sum of some dozens of doubles."""
Size = Callable[[str], float]
"""The largest size of a column's numbers."""


@dataclass(frozen=True, slots=True)
class Total:
    """A sum: the factor of each part, the constant, how large and how wrong it may be, and the columns it must know."""

    factors: Mapping[str, float] = field(default_factory=dict)
    constant: float = 0.0
    size: float = 0.0
    error: float = 0.0
    needed: frozenset[str] = frozenset()

    def scale(self, factor: float) -> "Total":
        """The sum times a constant."""
        factors = {part: each * factor for part, each in self.factors.items()}
        size = abs(factor)
        return Total(factors, self.constant * factor, self.size * size, self.error * size, self.needed)

    def divide(self, divisor: float) -> "Total":
        """The sum over a constant above 0; equal factors stay equal to the last digit."""
        scaled = self.scale(1.0 / divisor)
        factors = {part: each / divisor for part, each in self.factors.items()}
        return replace(scaled, factors=factors, constant=self.constant / divisor)

    def plus(self, other: "Total") -> "Total":
        """Two sums together; parts that cancel are gone, but their columns must still be known."""
        joined = {part: self.factors.get(part, 0.0) + other.factors.get(part, 0.0)
                  for part in {**self.factors, **other.factors}}  # fmt: skip
        factors = {part: each for part, each in joined.items() if each != 0.0}
        size, needed = self.size + other.size, self.needed | other.needed
        return Total(factors, self.constant + other.constant, size, self.error + other.error, needed)

    @property
    def tolerance(self) -> float:
        """How far from its figure a comparison may still go either way."""
        return self.error + self.size * ROUNDING


def as_total(node: Node, size: Size) -> Total | None:
    """The value as a sum; None where it is none, or where nothing bounds its error."""
    found = _total(node, size)
    return None if found is None or found.size == inf else found


def _total(node: Node, size: Size) -> Total | None:
    if node.op == "const":
        value = node.value
        return None if is_missing(value) else Total(constant=float(value), size=abs(float(value)))
    if node.op == "name":
        return Total({node.value: 1.0}, size=_bound(size(node.value)), needed=frozenset({node.value}))
    if node.op == "coalesce":
        return _default(node, size)
    parts = [_total(arg, size) for arg in node.args]
    known = [part for part in parts if part is not None]
    return _JOINED[node.op](node, *known) if node.op in _JOINED and len(known) == len(parts) else None


def _bound(size: float) -> float:
    return size if size < 1e90 else inf


def _default(node: Node, size: Size) -> Total | None:
    """A column with a constant where it is unknown."""
    if len(node.args) != 2 or node.args[0].op != "name" or node.args[1].op != "const" or is_missing(node.args[1].value):
        return None
    name, otherwise = node.args[0].value, float(node.args[1].value)
    part = name if otherwise == 0.0 else f"coalesce({name}, {otherwise!r})"
    return Total({part: 1.0}, size=_bound(max(size(name), abs(otherwise))))


def _product(node: Node, left: Total, right: Total) -> Total | None:
    if node.op == "/":
        return left.scale(1.0 / right.constant) if _is_constant(right) and right.constant != 0.0 else None
    if _is_constant(right):
        return left.scale(right.constant)
    return right.scale(left.constant) if _is_constant(left) else None


def _is_constant(total: Total) -> bool:
    """Whether a side is the same for everybody: columns that cancel must still be known, and may be rounded apart."""
    return not total.factors and not total.needed and total.error == 0.0


def _within_bounds(node: Node, inner: Total) -> Total | None:
    """A sum that can never be so large that it counts as unknown."""
    return inner if inner.size < CEILING else None


def _rounded(node: Node, inner: Total) -> Total:
    error = inner.error + 10.0 ** -float(node.value)
    return Total(inner.factors, inner.constant, inner.size, error, inner.needed)


_JOINED: Mapping[str, Callable[..., Total | None]] = {
    "+": lambda node, left, right: left.plus(right),
    "-": lambda node, left, right: left.plus(right.scale(-1.0)),
    "neg": lambda node, inner: inner.scale(-1.0),
    "*": _product,
    "/": _product,
    "fen": _rounded,
    "round": _rounded,
    "bounded": _within_bounds,
}
