"""Conditions: ``and or not``, comparisons, ``between``, ``in``, ``is null``."""

from sqlglot import exp

from service.core.expressions import bounds
from service.core.expressions.checking.checker import COMPARISONS, Checker, join_nodes
from service.core.expressions.reading import suggestion
from service.core.expressions.tree import Kind, Node, retype


def chain(checker: Checker, tree: exp.And | exp.Or) -> Node:
    """``a and b and c`` as one node of three."""
    parts: list[exp.Expr] = []
    stack: list[exp.Expr] = [tree]
    while stack:
        each = stack.pop()
        below = each.unnest()
        if type(below) is type(tree):
            stack += [below.args["expression"], below.this]
        else:
            parts.append(each)
    nodes = [checker.require_kind(checker.visit(part), part, Kind.BOOLEAN) for part in parts]
    return join_nodes("and" if isinstance(tree, exp.And) else "or", Kind.BOOLEAN, *nodes)


def negation(checker: Checker, tree: exp.Not) -> Node:
    """``not``, which exchanges true and false and keeps unknown."""
    return join_nodes("not", Kind.BOOLEAN, checker.require_kind(checker.visit(tree.this), tree.this, Kind.BOOLEAN))


def is_null(checker: Checker, tree: exp.Is) -> Node:
    """``is null`` and ``is not null``; ``is true`` and the like are refused."""
    if not isinstance(tree.args["expression"], exp.Null):
        return checker.fail(tree, "only is null and is not null are allowed; a boolean is true by itself")
    node = join_nodes("is null", Kind.BOOLEAN, retype(checker.visit_operand(tree.this), Kind.NUMBER))
    return join_nodes("not", Kind.BOOLEAN, node) if tree.args.get("negate") else node


def comparison(checker: Checker, tree: exp.Binary) -> Node:
    """Two sides of one kind; only numbers, money and dates have an order."""
    op = COMPARISONS[type(tree)]
    trees = [tree.this, tree.args["expression"]]
    if any(isinstance(each, exp.Null) for each in trees):
        return checker.fail(tree, f"{op} null is never true; write is null or is not null")
    kind, nodes = checker.agree_on_kind(trees, [checker.visit_operand(each) for each in trees])
    if op not in ("=", "<>") and kind in (Kind.TEXT, Kind.BOOLEAN):
        return checker.fail(tree, f"{kind} has no order; expected = or <>")
    words(checker, trees, nodes)
    return join_nodes(op, Kind.BOOLEAN, *map(fen, nodes))


def between(checker: Checker, tree: exp.Between) -> Node:
    """``low <= x and x <= high``, three sides of one kind."""
    trees = [tree.this, tree.args["low"], tree.args["high"]]
    kind, nodes = checker.agree_on_kind(trees, [checker.visit_operand(each) for each in trees])
    if kind in (Kind.TEXT, Kind.BOOLEAN):
        return checker.fail(tree, f"{kind} has no order; expected number, money or date")
    return join_nodes("between", Kind.BOOLEAN, *map(fen, nodes))


def membership(checker: Checker, tree: exp.In) -> Node:
    """``in`` a list of literals, none of them NULL."""
    trees = [tree.this, *tree.expressions]
    nodes = [checker.visit_operand(tree.this), *(member(checker, each) for each in tree.expressions)]
    if len(nodes) == 1:
        return checker.fail(tree, "the list is empty; expected in (value, ...)")
    _, nodes = checker.agree_on_kind(trees, nodes)
    words(checker, trees, nodes)
    members = tuple(dict.fromkeys(node.value for node in nodes[1:]))
    return join_nodes("in", Kind.BOOLEAN, fen(nodes[0]), value=members)


def member(checker: Checker, tree: exp.Expr) -> Node:
    """One literal of a list."""
    if isinstance(tree, exp.Null):
        return checker.fail(tree, "null in a list never matches; write is null beside it")
    node = checker.visit(tree)
    if node.op != "const" and node.kind is not None:
        return checker.fail(tree, "a list holds literals only")
    return node


def words(checker: Checker, trees: list[exp.Expr], nodes: list[Node]) -> None:
    """Check texts that are compared with a name: where the name lists its words, they must be among them."""
    for name in nodes:
        known = checker.schema[name.value].values if name.op == "name" else None
        for tree, node in zip(trees, nodes, strict=True):
            if known is not None and node.op == "const" and isinstance(node.value, str) and node.value not in known:
                hint = suggestion(node.value, known) or f"; expected one of {', '.join(known)}"
                checker.fail(tree, f"'{node.value}' is not a value of {name.value}{hint}")


def fen(node: Node) -> Node:
    """Money in whole fen, so that it compares as decimals do; money that the policy states is exact already."""
    if node.kind is not Kind.MONEY or node.exact:
        return node
    return join_nodes("fen", Kind.MONEY, node, value=2, range=bounds.of_operation("fen", (node,), 2))
