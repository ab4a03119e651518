"""Expressions as text: one spelling for what means the same, for keys and for sentences. Pure."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np

from service.core.expressions.tree import LOGIC, Kind, Node, is_missing

_EPOCH = date(1970, 1, 1)
_SPELLED = {"days": "-", "date+": "+", "date-": "-"}
_INFIX = frozenset({"+", "-", "*", "/", *_SPELLED})


def plain_value(value: Any) -> Any:
    """A constant of a folded tree as a scalar."""
    return value.item() if isinstance(value, np.ndarray) else value


def spell(node: Node) -> str:
    """The text of an expression, with brackets around every side that is no leaf."""
    if node.op in ("fen", "bounded"):
        return spell(node.args[0])
    if node.op in _INFIX or node.op in LOGIC - {"not", "in", "between", "is null"}:
        return f" {_SPELLED.get(node.op, node.op)} ".join(map(_side, node.args))
    return _WRITTEN.get(node.op, _call)(node)


def spell_number(number: float) -> str:
    """A number to its last digit, without a fraction it does not have."""
    return str(int(number)) if abs(number) < 1e15 and number == int(number) else repr(float(number))


def _side(node: Node) -> str:
    inner = node
    while inner.op in ("fen", "bounded"):
        inner = inner.args[0]
    written = spell(inner)
    return f"({written})" if inner.op in LOGIC or inner.op in _INFIX or inner.op == "case" else written


def _constant(node: Node) -> str:
    value = plain_value(node.value)
    if is_missing(value):
        return "null"
    if node.kind is Kind.TEXT:
        return "'" + str(value).replace("'", "''") + "'"
    if node.kind is Kind.BOOLEAN:
        return "true" if value else "false"
    return f"date '{_EPOCH + timedelta(days=value)}'" if node.kind is Kind.DATE else spell_number(value)


def _member(node: Node) -> str:
    kind = node.args[0].kind
    words = (_constant(Node("const", kind, value=member)) for member in node.value)
    return f"{_side(node.args[0])} in ({', '.join(words)})"


def _case(node: Node) -> str:
    pairs = zip(node.args[:-1:2], node.args[1:-1:2], strict=True)
    words = " ".join(f"when {spell(condition)} then {spell(branch)}" for condition, branch in pairs)
    return f"case {words} else {spell(node.args[-1])} end"


def _call(node: Node) -> str:
    digits = [str(node.value)] if node.op == "round" else []
    return f"{node.op}({', '.join([*map(spell, node.args), *digits])})"


_WRITTEN: dict[str, Callable[[Node], str]] = {
    "name": lambda node: str(node.value),
    "const": _constant,
    "not": lambda node: f"not {_side(node.args[0])}",
    "neg": lambda node: f"-{_side(node.args[0])}",
    "in": _member,
    "between": lambda node: " ".join((_side(node.args[0]), "between", _side(node.args[1]), "and", _side(node.args[2]))),
    "is null": lambda node: f"{_side(node.args[0])} is null",
    "case": _case,
}
