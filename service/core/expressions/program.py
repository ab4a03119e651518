"""Compiled expressions: ``compile_value``, ``compile_truth``, ``compile_falsity``, and ``fold`` before them.

The one place that knows both evaluation forms. It decides which columns are plain scalars, silences NumPy's arithmetic
warnings once around a whole run, and turns a result that is not finite into NULL at the end.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np

from service.core.expressions.arrays import Compiler
from service.core.expressions.tree import (
    CUSTOMER,
    NAN,
    NO_AXES,
    Columns,
    Expression,
    Kind,
    Node,
    Run,
    axes_of,
    is_missing,
    null,
)

_ARITHMETIC = {"+", "-", "*", "/", "round", "fen", "date+", "date-", "days"}


def compile_value(expression: Expression, many: bool = False) -> Callable[[Columns], Any]:
    """The value of ``expression`` as a function of columns: float or array, NaN for NULL; text: str or object array,
    None.

    Results broadcast over ``expression.axes``; where scalars decide, the result is a scalar. Booleans are 1.0, 0.0 or
    NaN.
    """
    run = _prepared(expression, many, _compiler(many).compile_value(expression.program))
    if expression.kind in (Kind.NUMBER, Kind.MONEY) and _computes(expression.program):
        return _finite(run)
    return run


def compile_truth(expression: Expression, many: bool = False) -> Callable[[Columns], Any]:
    """Where ``expression`` is true: a bool, or an array of booleans. False where it is false or unknown.

    Raises:
        TypeError: the expression is not boolean.
    """
    return _prepared(expression, many, _compiler(many).compile_decision(_boolean(expression), True))


def compile_falsity(expression: Expression, many: bool = False) -> Callable[[Columns], Any]:
    """Where ``expression`` is false: a bool, or an array of booleans. False where it is true or unknown.

    Raises:
        TypeError: the expression is not boolean.
    """
    return _prepared(expression, many, _compiler(many).compile_decision(_boolean(expression), False))


def fold(expression: Expression, columns: Columns) -> Expression:
    """``expression`` with every part that the policy alone decides evaluated once on ``columns``.

    ``columns`` must hold every static name that the expression reads. ``tree``, and so ``to_sql``, stays as written.
    """
    return replace(expression, program=_folded(expression.program, columns))


def _compiler(many: bool) -> Compiler:
    return Compiler(NO_AXES if many else CUSTOMER)


def _boolean(expression: Expression) -> Node:
    if expression.kind is not Kind.BOOLEAN:
        raise TypeError(f"{expression.kind} is neither true nor false: {expression.text}")
    return expression.program


def _computes(node: Node) -> bool:
    return any(each.op in _ARITHMETIC for each in node.walk())


def _prepared(expression: Expression, many: bool, run: Run) -> Run:
    scalar = _compiler(many).is_scalar
    if any(each.op in _ARITHMETIC and not scalar(each) for each in expression.program.walk()):
        run = _silenced(run)
    return _unwrapped(expression, run) if many else run


def _silenced(run: Run) -> Run:
    def silenced(columns: Columns) -> Any:
        with np.errstate(all="ignore"):
            return run(columns)

    return silenced


def _unwrapped(expression: Expression, run: Run) -> Run:
    """The run with (1, 1, 1) arrays of columns without axes as scalars, which the scalar parts need."""
    plain = [each.value for each in expression.program.walk() if each.op == "name" and not each.axes]
    if not plain:
        return run

    def unwrapped(columns: Columns) -> Any:
        return run({**columns, **{name: _item(columns[name]) for name in plain}})

    return unwrapped


def _item(found: Any) -> Any:
    return found.item() if isinstance(found, np.ndarray) else found


def _finite(run: Run) -> Run:
    def finite(columns: Columns) -> Any:
        found = run(columns)
        if isinstance(found, np.ndarray):
            return np.where(np.isfinite(found), found, NAN)
        return found if -inf < found < inf else NAN

    return finite


def _folded(node: Node, columns: Columns) -> Node:
    if node.op == "const" or (node.op == "name" and not node.static):
        return node
    if node.static:
        return _evaluated(node, columns)
    if node.op in ("and", "or"):
        node = _grouped(node)
    args = tuple(_folded(arg, columns) for arg in node.args)
    return replace(node, args=args, axes=axes_of(args))


def _grouped(node: Node) -> Node:
    """The static sides of a chain as one side, so that they fold into one constant."""
    static = tuple(arg for arg in node.args if arg.static)
    if len(static) < 2:
        return node
    joined = replace(node, args=static, axes=axes_of(static), static=True)
    return replace(node, args=(joined, *(arg for arg in node.args if not arg.static)))


def _evaluated(node: Node, columns: Columns) -> Node:
    """The constant that ``node`` is under this policy: a scalar, or an array over its axes."""
    assert node.kind is not None
    expression = Expression("", node, node)
    found = compile_value(expression, many=True)(columns)
    if isinstance(found, np.ndarray) and found.ndim and node.axes:
        found = found.copy()
        found.flags.writeable = False
        return replace(node, op="const", args=(), value=found)
    found = _item(found)
    if is_missing(found):
        found = null(node.kind)
    return replace(node, op="const", args=(), value=found, axes=NO_AXES)
