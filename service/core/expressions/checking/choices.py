"""Choices: ``case``, ``coalesce``, ``nullif``, ``least``, ``greatest``, whose result is one of their arguments."""

from dataclasses import replace

from sqlglot import exp

from service.core.expressions import bounds
from service.core.expressions.checking import logic
from service.core.expressions.checking.checker import ORDERED, Checker, join_nodes
from service.core.expressions.tree import Kind, Node, axes_of


def choice_node(checker: Checker, op: str, trees: list[exp.Expr], nodes: list[Node]) -> Node:
    """A node whose result is one of ``nodes``."""
    bare = all(node.bare for node in nodes if node.kind is not None)
    kind, nodes = checker.agree_on_kind(trees, nodes)
    return join_nodes(
        op,
        kind,
        *nodes,
        bare=kind is Kind.NUMBER and bare,
        exact=all(node.exact for node in nodes),
        range=bounds.union(tuple(nodes)),
    )


def case(checker: Checker, tree: exp.Case) -> Node:
    """``case when ... then ... [else ...] end``; NULL without else."""
    conditions = [condition(checker, tree.this, each) for each in tree.args["ifs"]]
    default = tree.args.get("default") or exp.Null()
    trees = [each.args["true"] for each in tree.args["ifs"]] + [default]
    node = choice_node(checker, "case", trees, [checker.visit(each) for each in trees])
    args = [each for pair in zip(conditions, node.args, strict=False) for each in pair] + [node.args[-1]]
    return replace(node, args=tuple(args), axes=axes_of(tuple(args)), static=all(arg.static for arg in args))


def condition(checker: Checker, subject: exp.Expr | None, branch: exp.If) -> Node:
    """A branch's condition; ``case name when x`` is ``name = x``."""
    if subject is None:
        return checker.require_kind(checker.visit(branch.this), branch.this, Kind.BOOLEAN)
    if not isinstance(subject, exp.Column):
        return checker.fail(subject, "only a name may stand between case and when; write case when ... = ... then")
    return logic.comparison(checker, exp.EQ(this=subject.copy(), expression=branch.this))


def coalesce(checker: Checker, tree: exp.Coalesce) -> Node:
    """The first argument that is not NULL."""
    trees = [tree.this, *tree.expressions]
    return choice_node(checker, "coalesce", trees, [checker.visit(each) for each in trees])


def nullif(checker: Checker, tree: exp.Nullif) -> Node:
    """The first argument, or NULL where both are equal (exactly, money too)."""
    trees = [tree.this, tree.args["expression"]]
    nodes = [checker.visit(each) for each in trees]
    logic.words(checker, trees, nodes)
    return choice_node(checker, "nullif", trees, nodes)


def extreme(checker: Checker, tree: exp.Least | exp.Greatest) -> Node:
    """``least`` and ``greatest``, which skip NULLs."""
    trees = [tree.this, *tree.expressions]
    nodes = [checker.require_kind(checker.visit(each), each, *ORDERED) for each in trees]
    return choice_node(checker, "least" if isinstance(tree, exp.Least) else "greatest", trees, nodes)
