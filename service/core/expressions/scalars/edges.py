"""Money against a constant without rounding: the doubles at which rounding to whole fen crosses the constant.

``fen(x) >= c`` holds exactly where ``x >= lowest(c)``, because rounding never falls while x rises. The edge is found
once, when a condition is compiled. Comparing money in whole fen then costs what comparing any number costs.
"""

from collections.abc import Callable
from dataclasses import replace

from service.core.expressions.scalars.values import round_half_away
from service.core.expressions.tree import MIRRORED, Node

FEN = 2
"""Decimals of a yuan."""


def lowest(constant: float) -> float:
    """The smallest x that rounds to ``constant`` or more.

    >>> lowest(0.3)
    0.295
    """
    return _crossing(constant, lambda number: round_half_away(number, FEN) >= constant)[1]


def highest(constant: float) -> float:
    """The largest x that rounds to ``constant`` or less.

    >>> highest(0.3) < 0.305 <= lowest(0.31)
    True
    """
    return _crossing(constant, lambda number: round_half_away(number, FEN) > constant)[0]


_EDGES: dict[str, tuple[Callable[[float], float], ...]] = {
    ">=": (lowest,),
    "<": (lowest,),
    ">": (highest,),
    "<=": (highest,),
    "between": (lowest, highest),
}


def drop_rounding(node: Node) -> Node:
    """The comparison or ``between`` that means the same without rounding, where its bounds are constants."""
    if node.op in MIRRORED and node.args[0].op == "const":
        node = replace(node, op=MIRRORED[node.op], args=node.args[::-1])
    inner, *bounds = node.args
    if inner.op != "fen" or node.op not in _EDGES or not all(map(_is_figure, bounds)):
        return node
    moved = [replace(one, value=find(one.value)) for one, find in zip(bounds, _EDGES[node.op], strict=True)]
    return replace(node, args=(inner.args[0], *moved))


def _is_figure(node: Node) -> bool:
    return node.op == "const" and isinstance(node.value, float) and node.value == node.value


def _crossing(constant: float, beyond: Callable[[float], bool]) -> tuple[float, float]:
    """The neighbouring doubles between which ``beyond`` begins to hold."""
    reach = 1.0 + abs(constant) * 1e-9
    low, high = constant - reach, constant + reach
    while low < (middle := (low + high) / 2.0) < high:
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return low, high
