"""Arithmetic: what may be added to what, the kind of the result, and where it needs a guard."""

from dataclasses import replace

from sqlglot import exp

from service.core.expressions import bounds
from service.core.expressions.checking.checker import NOTHING, ORDERED, Checker, join_nodes
from service.core.expressions.tree import Kind, Node, retype

MOST_DIGITS = 9

_NUMERIC = (Kind.NUMBER, Kind.MONEY)


def operands(checker: Checker, tree: exp.Binary) -> tuple[Node, Node]:
    """Both sides of a binary operation."""
    kinds = ORDERED if isinstance(tree, (exp.Add, exp.Sub)) else _NUMERIC
    trees = (tree.this, tree.args["expression"])
    left, right = (checker.require_kind(operand(checker, each), each, *kinds) for each in trees)
    return left, right


def operand(checker: Checker, tree: exp.Expr) -> Node:
    """A side that must be a number, money or (for + and -) a date."""
    node = checker.visit_operand(tree)
    if node.kind is Kind.BOOLEAN:
        return checker.fail(tree, "a boolean is no number; write case when ... then 1 else 0 end")
    return node


def arithmetic_node(op: str, kind: Kind, *args: Node, digits: int = 0) -> Node:
    """A node of arithmetic, inside a ``bounded`` one where it could overflow."""
    range_ = bounds.of_operation(op, args, digits)
    node = join_nodes(op, kind, *args, bare=all(arg.bare for arg in args), exact=False, range=range_)
    if not bounds.may_overflow(range_):
        return node
    return replace(node, op="bounded", args=(node,), range=bounds.of_bounded(node))


def plus(checker: Checker, tree: exp.Add | exp.Sub) -> Node:
    """``+`` and ``-``; days where a side is a date."""
    left, right = operands(checker, tree)
    op = "+" if isinstance(tree, exp.Add) else "-"
    if Kind.DATE in (left.kind, right.kind):
        return date_sum(checker, tree, op, left, right)
    kind, nodes = checker.agree_on_kind([tree.this, tree.args["expression"]], [left, right])
    return arithmetic_node(op, kind or Kind.NUMBER, *nodes)


def date_sum(checker: Checker, tree: exp.Binary, op: str, left: Node, right: Node) -> Node:
    """``date - date`` is a number of days, ``date + days`` a date."""
    if left is NOTHING or right is NOTHING:
        return NOTHING
    left, right = retype(left, Kind.DATE), retype(right, Kind.NUMBER)
    if op == "-" and left.kind == right.kind:
        return join_nodes("days", Kind.NUMBER, left, right, range=bounds.DAYS)
    if left.kind is Kind.DATE and right.kind is Kind.NUMBER:
        return join_nodes("date" + op, Kind.DATE, left, right, range=bounds.DAYS)
    return checker.fail(tree, f"{left.kind} {op} {right.kind} has no meaning; expected date - date, or date + days")


def product(checker: Checker, tree: exp.Mul) -> Node:
    """``*``; money times a number is money."""
    left, right = operands(checker, tree)
    if left.kind is Kind.MONEY and right.kind is Kind.MONEY:
        return checker.fail(tree, "money * money has no meaning; expected money * number")
    kind = Kind.MONEY if Kind.MONEY in (left.kind, right.kind) else Kind.NUMBER
    return arithmetic_node("*", kind, left, right)


def quotient(checker: Checker, tree: exp.Div) -> Node:
    """``/``; money by money is a number, money by a number is money."""
    left, right = operands(checker, tree)
    if left.kind is Kind.NUMBER and right.kind is Kind.MONEY and not left.bare:
        return checker.fail(tree, "number / money has no meaning; expected money / money or money / number")
    kind = Kind.MONEY if left.kind is Kind.MONEY and right.kind is not Kind.MONEY else Kind.NUMBER
    return arithmetic_node("/", kind, left, right)


def minus(checker: Checker, tree: exp.Neg) -> Node:
    """Unary minus; of a literal, a literal."""
    node = checker.require_kind(operand(checker, tree.this), tree.this, *_NUMERIC)
    if node.op == "const" and isinstance(node.value, float):
        return replace(node, value=0.0 - node.value)
    return replace(node, op="neg", args=(node,), value=None)


def absolute(checker: Checker, tree: exp.Abs) -> Node:
    """``abs(x)``, of x's kind."""
    node = checker.require_kind(operand(checker, tree.this), tree.this, *_NUMERIC)
    return replace(node, op="abs", args=(node,), value=None)


def logarithm(checker: Checker, tree: exp.Ln) -> Node:
    """``ln(x)``, a number."""
    node = checker.require_kind(operand(checker, tree.this), tree.this, *_NUMERIC)
    return arithmetic_node("ln", Kind.NUMBER, node)


def rounding(checker: Checker, tree: exp.Round) -> Node:
    """``round(x[, digits])``, of x's kind."""
    node = checker.require_kind(operand(checker, tree.this), tree.this, *_NUMERIC)
    digits = whole_digits(checker, tree.args.get("decimals"))
    if digits is None:
        return checker.fail(tree, f"round takes digits from -{MOST_DIGITS} to {MOST_DIGITS}, written out and whole")
    range_ = bounds.of_operation("round", (node,), digits)
    return join_nodes("round", node.kind, node, value=digits, bare=node.bare, exact=digits <= 2, range=range_)


def whole_digits(checker: Checker, tree: exp.Expr | None) -> int | None:
    """The second argument of ``round``; None if it is not a whole number written out."""
    if tree is None:
        return 0
    node = checker.visit(tree)
    if node.op != "const" or node.kind is not Kind.NUMBER or not node.value.is_integer():
        return None
    return int(node.value) if abs(node.value) <= MOST_DIGITS else None
