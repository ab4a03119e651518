"""Where arithmetic could overflow: powers of ten that enclose every result.

Columns are assumed to lie between 1e-15 and 1e15, or to be 0; every attribute and every offer term does, with ten
decimal places to spare. A result that cannot pass 1e100 needs no check at run time and none in the exported SQL. Where
it could, ``checking`` adds an explicit ``bounded`` node: anything beyond is NULL. The slack from 1e100 to the 1.8e308
of a double covers a column outside its range.
"""

from math import log10

from service.core.expressions.tree import Node, Range

CEILING = 1e100
MOST_DAYS = 36_525
"""A date moves by a hundred years at most; a larger shift is NULL."""
_DIGITS = 16.0
_FLOOR = -324.0

NAME = Range(15.0, -15.0, -15.0 - _DIGITS)
DAYS = Range(7.0, 0.0, 0.0)


def of_literal(number: float) -> Range:
    """The range of one number."""
    size = log10(abs(number)) if number else 0.0
    return Range(size, size, size - _DIGITS)


def union(nodes: tuple[Node, ...]) -> Range:
    """The range that encloses all ``nodes``: any of them may be the result."""
    ranges = [node.range for node in nodes]
    return Range(
        max(each.high for each in ranges), min(each.low for each in ranges), min(each.grain for each in ranges)
    )


def of_operation(op: str, args: tuple[Node, ...], digits: int = 0) -> Range:
    """The range of ``op`` over ``args``."""
    first, last = args[0].range, args[-1].range
    if op in ("+", "-"):
        grain = min(first.grain, last.grain)
        return Range(max(first.high, last.high) + log10(2), grain, grain)
    if op == "*":
        return _scaled(first.high + last.high, first.low + last.low)
    if op == "/":
        return _scaled(first.high - last.low, first.low - last.high)
    if op == "ln":
        return Range(3.0, -_DIGITS, -2 * _DIGITS)
    return Range(max(first.high, -digits) + 1, -digits, -digits - _DIGITS)


def of_bounded(node: Node) -> Range:
    """The range of ``node`` once everything beyond the ceiling is NULL."""
    return Range(log10(CEILING), node.range.low, node.range.grain)


def may_overflow(range_: Range) -> bool:
    """Whether a result could pass 1e100."""
    return range_.high > log10(CEILING)


def _scaled(high: float, low: float) -> Range:
    low = max(low, _FLOOR)
    return Range(high, low, max(low - _DIGITS, _FLOOR))
