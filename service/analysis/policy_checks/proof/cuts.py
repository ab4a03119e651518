"""Cuts: at which values of one column a comparison changes, exact to the double. Pure.

A side of the comparison must rise or fall with the column all along its range (``slope``). Then ``left >= right`` and
``left > right`` change once at most, because sums, products with a constant and rounding never turn a rise into a fall,
in doubles either. The change is found by bisection over the doubles. What has no slope is not cut.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from math import isnan

from service.core.expressions.scalars import compile_value
from service.core.expressions.tree import Columns, Node, is_missing

_SUMS = {"+": 1, "date+": 1, "-": -1, "date-": -1, "days": -1}
_KEEPS = frozenset({"round", "fen", "bounded", "ln"})
_EXTREMES = frozenset({"least", "greatest"})
_PARTIAL = frozenset({"ln", "bounded"})
"""What may have no value inside the range of a column that is known."""


def slope(node: Node, slopes: Mapping[str, int]) -> int | None:
    """How a value moves with its columns: 1 rises, -1 falls, 0 stays; None where it may do both.

    ``slopes`` gives the slope of each name; a name that is not there stays.
    """
    if node.op == "name":
        return slopes.get(node.value, 0)
    if node.op == "const":
        return 0
    found = [slope(arg, slopes) for arg in node.args]
    if None in found:
        return None
    moves = [each for each in found if each is not None]
    return _joined(node, moves) if any(moves) else 0


def _joined(node: Node, moves: list[int]) -> int | None:
    if node.op in _SUMS:
        return _agreed([moves[0], _SUMS[node.op] * moves[1]])
    if node.op == "neg":
        return -moves[0]
    if node.op in _KEEPS:
        return moves[0]
    if node.op in _EXTREMES or _is_default(node):
        return None if node.op in _EXTREMES and _may_lose_its_value(node) else _agreed(moves)
    return _scaled(node, moves) if node.op in ("*", "/") else None


def _may_lose_its_value(node: Node) -> bool:
    """Whether a side may be NULL in a part of the range: the extreme skips it there, and may jump back."""
    return any(each.op in _PARTIAL for each in node.walk())


def _is_default(node: Node) -> bool:
    """A column with a value for where it is unknown: as good as the column, where that is known."""
    return node.op == "coalesce" and len(node.args) == 2 and node.args[0].op == "name" and node.args[1].op == "const"


def _agreed(moves: list[int]) -> int | None:
    signs = {each for each in moves if each}
    return None if len(signs) > 1 else next(iter(signs), 0)


def _scaled(node: Node, moves: list[int]) -> int | None:
    """The slope of a product with, or a quotient by, a constant."""
    left, right = node.args
    constant, moving = (right, moves[0]) if right.op == "const" else (left, moves[1])
    if constant.op != "const" or (node.op == "/" and constant is left) or is_missing(constant.value):
        return None
    return moving if constant.value > 0 else -moving if constant.value < 0 else 0


def find_cuts(left: Node, right: Node, place: Callable[[float], Columns], low: float, high: float, whole: bool
              ) -> Iterator[float]:  # fmt: skip
    """The first number of each new state of ``left >= right`` and ``left > right``, from ``low`` to ``high``.

    ``place`` makes the columns of a number.

    Raises: Uncut: a side has no value at an end of the range.
    """
    one, other = compile_value(left), compile_value(right)

    def above(number: float) -> tuple[bool, bool]:
        columns = place(number)
        first, second = one(columns), other(columns)
        if isnan(first) or isnan(second):
            raise Uncut
        return bool(first >= second), bool(first > second)

    ends = above(low), above(high)
    for which in (0, 1):
        if ends[0][which] != ends[1][which]:
            yield _change(lambda number, which=which: above(number)[which] == ends[1][which], low, high, whole)  # type: ignore[misc]


class Uncut(Exception):
    """The comparison has no value at an end of the column's range."""


def _change(after: Callable[[float], bool], low: float, high: float, whole: bool) -> float:
    """The first number at which ``after`` holds: not at ``low``, but at ``high``."""
    to_rank, to_number = (int, float) if whole else (_rank, _number)
    first, last = to_rank(low), to_rank(high)
    while last - first > 1:
        middle = (first + last) // 2
        if after(to_number(middle)):
            last = middle
        else:
            first = middle
    return to_number(last)


def _rank(number: float) -> int:
    """The doubles counted in their order."""
    bits: int = struct.unpack("<q", struct.pack("<d", number))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def _number(rank: int) -> float:
    bits = rank if rank >= 0 else -rank | -0x8000000000000000
    return float(struct.unpack("<d", struct.pack("<q", bits))[0])
