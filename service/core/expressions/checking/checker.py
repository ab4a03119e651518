"""What every rule of checking uses: the text being checked, its problems so far, and how kinds agree."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp

from service.core.errors import Problem
from service.core.expressions.reading import problem
from service.core.expressions.tree import Kind, Node, Schema, axes_of, retype

COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
CHAINS = (exp.And, exp.Or)
LOOSE = (*COMPARISONS, *CHAINS, exp.In, exp.Between, exp.Is, exp.Not)
ORDERED = (Kind.NUMBER, Kind.MONEY, Kind.DATE)
NOTHING = Node("null", None)
"""The node of what was refused and reported. It agrees with every kind, so each mistake is reported once."""


def join_nodes(op: str, kind: Kind | None, *args: Node, **more: Any) -> Node:
    """A node over ``args``: it varies over all their axes, and is static where all of them are."""
    return Node(op, kind, args, axes=axes_of(args), static=all(arg.static for arg in args), **more)


def offset_of(tree: exp.Expr) -> int:
    """Where ``tree`` begins: the smallest position in it, else that of its parent (true and null carry none)."""
    starts = [each.meta["start"] for each in tree.walk() if "start" in each.meta]
    if starts or tree.parent is None:
        return min(starts, default=0)
    return offset_of(tree.parent)


class Checker:
    """One text being checked. ``rules`` maps a node's class to its arguments and its rule; ``problems`` collects."""

    def __init__(self, text: str, schema: Schema, rules: "Rules") -> None:
        self.text = text
        self.schema = schema
        self.rules = rules
        self.problems: list[Problem] = []

    def visit(self, tree: exp.Expr) -> Node:
        """The typed node of ``tree``, by the rule of its class; a class without a rule is refused."""
        entry = self.rules.get(type(tree))
        if entry is None:
            return self.fail(tree, f"{type(tree).__name__.lower()} is not part of the language")
        keys, rule = entry
        extra = [key for key, held in tree.args.items() if key not in keys and held]
        if extra:
            return self.fail(tree, f"{type(tree).__name__.lower()} with {', '.join(extra)} is not part of the language")
        return rule(self, tree)

    def fail(self, tree: exp.Expr, message: str) -> Node:
        """Add a problem at the position of ``tree``; returns the node that agrees with every kind."""
        self.problems.append(problem(self.text, offset_of(tree), message))
        return NOTHING

    def visit_operand(self, tree: exp.Expr) -> Node:
        """An operand of a comparison. Logic in it needs brackets, because dialects group it differently."""
        if isinstance(tree, LOOSE):
            return self.fail(tree, "put brackets around this comparison; without them, databases read it differently")
        return self.visit(tree)

    def require_kind(self, node: Node, tree: exp.Expr, *kinds: Kind) -> Node:
        """``node``, if it is of one of ``kinds``; a bare number is accepted as money."""
        if node.kind is None:
            return retype(node, kinds[0]) if len(kinds) == 1 and node is not NOTHING else node
        if node.kind in kinds:
            return node
        if node.bare and Kind.MONEY in kinds:
            return replace(node, kind=Kind.MONEY)
        return self.fail(tree, f"expected {' or '.join(kinds)}, got {node.kind}")

    def agree_on_kind(self, trees: list[exp.Expr], nodes: list[Node]) -> tuple[Kind | None, list[Node]]:
        """The one kind of all ``nodes``, and the nodes with untyped NULLs and bare numbers of that kind."""
        kinds = {node.kind for node in nodes if node.kind is not None}
        if kinds == {Kind.MONEY, Kind.NUMBER} and all(node.bare for node in nodes if node.kind is Kind.NUMBER):
            kinds = {Kind.MONEY}
        if len(kinds) > 1:
            self.fail(trees[0], _mixed(nodes))
            return None, nodes
        kind = next(iter(kinds), None)
        if kind is None:
            return None, nodes
        return kind, [retype(node, kind) if node.kind is None else replace(node, kind=kind) for node in nodes]


Rule = Callable[[Checker, Any], Node]
Rules = Mapping[type[exp.Expr], tuple[frozenset[str], Rule]]


def _mixed(nodes: list[Node]) -> str:
    kinds = list(dict.fromkeys(node.kind for node in nodes if node.kind is not None))
    words = f"{kinds[0]} does not go with {' or '.join(kinds[1:])}"
    if Kind.DATE in kinds and Kind.TEXT in kinds:
        return words + "; a date is written date 'YYYY-MM-DD'"
    if set(kinds) == {Kind.MONEY, Kind.NUMBER}:
        return words + "; only a number written out may stand for yuan"
    return words
