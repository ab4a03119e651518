"""sqlglot's tree to ours: every node on the whitelist, every name in the schema, every kind in its place.

Default is refusal: a node's class must be in ``_Checker.allowed`` and carry only the listed arguments. All problems
of one text are collected; what was already reported has the kind None, which agrees with everything, so that one
mistake is told once. What SQL dialects disagree on (precedence of ``is`` and ``=``, order of texts, NULL in a list)
is refused with the form that all of them read alike.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from sqlglot import exp

from service.errors import Problem
from service.expressions import bounds
from service.expressions.reading import problem, suggestion
from service.expressions.tree import NAN, Kind, Node, Schema, axes_of, retyped

MOST_NODES = 500
MOST_WRITTEN = 4_000
DEEPEST_TREE = 50
LARGEST_NUMBER = 1e15
SMALLEST_NUMBER = 1e-15
MOST_SIGNIFICANT_DIGITS = 17
LONGEST_STRING = 200
MOST_DIGITS = 9

_ORDERED = (Kind.NUMBER, Kind.MONEY, Kind.DATE)
_NUMERIC = (Kind.NUMBER, Kind.MONEY)
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_CHAINS = (exp.And, exp.Or)
_LOOSE = (*_COMPARISONS, *_CHAINS, exp.In, exp.Between, exp.Is, exp.Not)
_EPOCH = date(1970, 1, 1).toordinal()
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NOTHING = Node("null", None)


def check(text: str, tree: exp.Expr, schema: Schema, expects: Kind | None) -> tuple[Node, list[Problem]]:
    """The typed tree of ``text`` and every problem found; the tree is good only without problems."""
    checker = _Checker(text, schema)
    if checker.too_large(tree):
        return _NOTHING, checker.problems
    node = checker.root(tree, expects)
    if not checker.problems and written_out(node) > MOST_WRITTEN:
        checker.fail(tree, "divisors, nullif and long products nest too deeply; name a part of it as a feature")
    return node, checker.problems


def written_out(node: Node) -> int:
    """The operations of ``node`` once a database has replaced every NULLIF by the CASE that repeats its argument.

    DuckDB and Spark do; sixteen nested divisors then take DuckDB half a minute to plan.
    """
    sizes = [written_out(arg) for arg in node.args]
    if node.op in ("nullif", "ln"):
        sizes[0] *= 2
    elif node.op == "/":
        sizes[1] *= 2
    elif node.op == "bounded":
        sizes[0] *= 4
    elif node.op in ("date+", "date-"):
        sizes[1] *= 4
    return 1 + sum(sizes)


def _children(tree: exp.Expr) -> Iterator[exp.Expr]:
    for held in tree.args.values():
        for each in held if isinstance(held, list) else [held]:
            if isinstance(each, exp.Expr):
                yield each


def _offset(tree: exp.Expr) -> int:
    """Where ``tree`` begins: the smallest position in it, else (true, null carry none) in what holds it."""
    starts = [each.meta["start"] for each in tree.walk() if "start" in each.meta]
    if starts or tree.parent is None:
        return min(starts, default=0)
    return _offset(tree.parent)


def _static(args: tuple[Node, ...]) -> bool:
    return all(arg.static for arg in args)


def _node(op: str, kind: Kind | None, *args: Node, **more: Any) -> Node:
    return Node(op, kind, args, axes=axes_of(args), static=_static(args), **more)


class _Checker:
    """One text being checked; ``problems`` grows."""

    def __init__(self, text: str, schema: Schema) -> None:
        self.text = text
        self.schema = schema
        self.problems: list[Problem] = []
        self.allowed: dict[type[exp.Expr], tuple[frozenset[str], Callable[[Any], Node]]] = {
            exp.Paren: (frozenset({"this"}), lambda tree: self.visit(tree.this)),
            exp.Column: (frozenset({"this", "table"}), self.name),
            exp.Literal: (frozenset({"this", "is_string"}), self.literal),
            exp.Boolean: (frozenset({"this"}), self.boolean),
            exp.Null: (frozenset(), lambda tree: Node("const", None, value=NAN)),
            exp.Cast: (frozenset({"this", "to"}), self.date),
            exp.And: (frozenset({"this", "expression"}), self.chain),
            exp.Or: (frozenset({"this", "expression"}), self.chain),
            exp.Not: (frozenset({"this"}), self.negation),
            exp.Is: (frozenset({"this", "expression", "negate"}), self.is_null),
            exp.In: (frozenset({"this", "expressions"}), self.membership),
            exp.Between: (frozenset({"this", "low", "high"}), self.between),
            exp.Neg: (frozenset({"this"}), self.minus),
            exp.Add: (frozenset({"this", "expression"}), self.sum),
            exp.Sub: (frozenset({"this", "expression"}), self.sum),
            exp.Mul: (frozenset({"this", "expression"}), self.product),
            exp.Div: (frozenset({"this", "expression", "typed", "safe"}), self.quotient),
            exp.Case: (frozenset({"this", "ifs", "default"}), self.case),
            exp.Coalesce: (frozenset({"this", "expressions"}), self.coalesce),
            exp.Nullif: (frozenset({"this", "expression"}), self.nullif),
            exp.Least: (frozenset({"this", "expressions", "ignore_nulls"}), self.extreme),
            exp.Greatest: (frozenset({"this", "expressions", "ignore_nulls"}), self.extreme),
            exp.Abs: (frozenset({"this"}), self.absolute),
            exp.Ln: (frozenset({"this"}), self.logarithm),
            exp.Round: (frozenset({"this", "decimals"}), self.rounded),
        }
        for comparison in _COMPARISONS:
            self.allowed[comparison] = (frozenset({"this", "expression"}), self.comparison)

    # -- around the visit ------------------------------------------------------------------------------------------

    def too_large(self, tree: exp.Expr) -> bool:
        """Count nodes and levels without recursion; a chain of AND or of OR is one level."""
        count, stack = 0, [(tree, 1)]
        while stack:
            each, level = stack.pop()
            count += not isinstance(each, (exp.Identifier, exp.DataType, exp.Paren))
            if count > MOST_NODES or level > DEEPEST_TREE:
                limit = f"{MOST_NODES} operations" if count > MOST_NODES else f"{DEEPEST_TREE} levels"
                self.problems.append(problem(self.text, 0, f"too large: at most {limit} are allowed"))
                return True
            for below in _children(each):
                same = isinstance(below, exp.Paren) or (isinstance(each, _CHAINS) and type(below) is type(each))
                stack.append((below, level + (not same)))
        return False

    def root(self, tree: exp.Expr, expects: Kind | None) -> Node:
        node = self.visit(tree)
        if node.kind is None:
            return retyped(node, expects or Kind.NUMBER)
        if expects is not None:
            return self.wanted(node, tree, expects)
        return node

    def visit(self, tree: exp.Expr) -> Node:
        entry = self.allowed.get(type(tree))
        if entry is None:
            return self.fail(tree, f"{type(tree).__name__.lower()} is not part of the language")
        keys, build = entry
        extra = [key for key, held in tree.args.items() if key not in keys and held]
        if extra:
            return self.fail(tree, f"{type(tree).__name__.lower()} with {', '.join(extra)} is not part of the language")
        return build(tree)

    def fail(self, tree: exp.Expr, message: str) -> Node:
        self.problems.append(problem(self.text, _offset(tree), message))
        return _NOTHING

    def tight(self, tree: exp.Expr) -> Node:
        """An operand of a comparison: logic inside it must stand in brackets, for dialects bind it differently."""
        if isinstance(tree, _LOOSE):
            return self.fail(tree, "put brackets around this comparison; without them, databases read it differently")
        return self.visit(tree)

    def wanted(self, node: Node, tree: exp.Expr, *kinds: Kind) -> Node:
        """``node``, if it is of one of ``kinds``; a bare number passes for money."""
        if node.kind is None:
            return retyped(node, kinds[0]) if len(kinds) == 1 and node is not _NOTHING else node
        if node.kind in kinds:
            return node
        if node.bare and Kind.MONEY in kinds:
            return replace(node, kind=Kind.MONEY)
        return self.fail(tree, f"expected {' or '.join(kinds)}, got {node.kind}")

    def agreed(self, trees: list[exp.Expr], nodes: list[Node]) -> tuple[Kind | None, list[Node]]:
        """The one kind of all ``nodes``, and the nodes with untyped NULLs and bare numbers taking it."""
        kinds = {node.kind for node in nodes if node.kind is not None}
        if kinds == {Kind.MONEY, Kind.NUMBER} and all(node.bare for node in nodes if node.kind is Kind.NUMBER):
            kinds = {Kind.MONEY}
        if len(kinds) > 1:
            self.fail(trees[0], self.mixed(trees, nodes))
            return None, nodes
        kind = next(iter(kinds), None)
        if kind is None:
            return None, nodes
        return kind, [retyped(node, kind) if node.kind is None else replace(node, kind=kind) for node in nodes]

    def mixed(self, trees: list[exp.Expr], nodes: list[Node]) -> str:
        kinds = list(dict.fromkeys(node.kind for node in nodes if node.kind is not None))
        words = f"{kinds[0]} does not go with {' or '.join(kinds[1:])}"
        if Kind.DATE in kinds and Kind.TEXT in kinds:
            return words + "; a date is written date 'YYYY-MM-DD'"
        if set(kinds) == {Kind.MONEY, Kind.NUMBER}:
            return words + "; only a number written out may stand for yuan"
        return words

    # -- leaves ----------------------------------------------------------------------------------------------------

    def name(self, tree: exp.Column) -> Node:
        parts = [part for part in (tree.args.get("table"), tree.this) if isinstance(part, exp.Identifier)]
        qualified = ".".join(part.name for part in parts)
        if len(parts) != 2 or any(part.args.get("quoted") for part in parts):
            return self.fail(tree, f"{qualified or tree.name} is not a name; expected one dot, as in customer.age")
        known = self.schema.get(qualified)
        if known is None:
            return self.fail(tree, f"{qualified} is not known here{suggestion(qualified, tuple(self.schema))}")
        return Node(
            "name", known.kind, value=qualified, axes=frozenset(known.axes), static=known.static, range=bounds.NAME
        )

    def literal(self, tree: exp.Literal) -> Node:
        return self.string(tree) if tree.is_string else self.number(tree)

    def string(self, tree: exp.Literal) -> Node:
        if len(tree.this) > LONGEST_STRING:
            return self.fail(tree, f"a text may have {LONGEST_STRING} characters, this one has {len(tree.this)}")
        return Node("const", Kind.TEXT, value=tree.this)

    def number(self, tree: exp.Literal) -> Node:
        written = self.text[tree.meta["start"] : tree.meta["end"] + 1] if "start" in tree.meta else tree.this
        if not _NUMBER.fullmatch(written):
            return self.fail(tree, f"{written} is not a number; expected digits, as in 1000 or 0.25")
        digits = re.split("[eE]", written)[0].replace(".", "").strip("0")
        if len(digits) > MOST_SIGNIFICANT_DIGITS:
            return self.fail(tree, f"a number may have {MOST_SIGNIFICANT_DIGITS} significant digits, got {len(digits)}")
        number = float(written)
        if not (SMALLEST_NUMBER <= number <= LARGEST_NUMBER or (number == 0 and not digits)):
            return self.fail(tree, f"a number must be 0 or {SMALLEST_NUMBER:g} to {LARGEST_NUMBER:g}, got {written}")
        return Node("const", Kind.NUMBER, value=number, bare=True, range=bounds.of_literal(number))

    def boolean(self, tree: exp.Boolean) -> Node:
        return Node("const", Kind.BOOLEAN, value=1.0 if tree.this else 0.0)

    def date(self, tree: exp.Cast) -> Node:
        written = tree.this
        if tree.to.this != exp.DType.DATE or not isinstance(written, exp.Literal) or not written.is_string:
            return self.fail(tree, "conversions are not allowed; a date is written date 'YYYY-MM-DD'")
        try:
            if not _DATE.fullmatch(written.this):
                raise ValueError
            day = date.fromisoformat(written.this)
        except ValueError:
            return self.fail(tree, f"expected a day of the calendar as date 'YYYY-MM-DD', got '{written.this}'")
        return Node("const", Kind.DATE, value=float(day.toordinal() - _EPOCH), range=bounds.DAYS)

    # -- logic -----------------------------------------------------------------------------------------------------

    def chain(self, tree: exp.And | exp.Or) -> Node:
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
        nodes = [self.wanted(self.visit(part), part, Kind.BOOLEAN) for part in parts]
        return _node("and" if isinstance(tree, exp.And) else "or", Kind.BOOLEAN, *nodes)

    def negation(self, tree: exp.Not) -> Node:
        return _node("not", Kind.BOOLEAN, self.wanted(self.visit(tree.this), tree.this, Kind.BOOLEAN))

    def is_null(self, tree: exp.Is) -> Node:
        if not isinstance(tree.args["expression"], exp.Null):
            return self.fail(tree, "only is null and is not null are allowed; a boolean is true by itself")
        node = _node("is null", Kind.BOOLEAN, retyped(self.tight(tree.this), Kind.NUMBER))
        return _node("not", Kind.BOOLEAN, node) if tree.args.get("negate") else node

    def comparison(self, tree: exp.Binary) -> Node:
        op = _COMPARISONS[type(tree)]
        trees = [tree.this, tree.args["expression"]]
        if any(isinstance(each, exp.Null) for each in trees):
            return self.fail(tree, f"{op} null is never true; write is null or is not null")
        kind, nodes = self.agreed(trees, [self.tight(each) for each in trees])
        if op not in ("=", "<>") and kind in (Kind.TEXT, Kind.BOOLEAN):
            return self.fail(tree, f"{kind} has no order; expected = or <>")
        self.words(trees, nodes)
        return _node(op, Kind.BOOLEAN, *map(self.fen, nodes))

    def between(self, tree: exp.Between) -> Node:
        trees = [tree.this, tree.args["low"], tree.args["high"]]
        kind, nodes = self.agreed(trees, [self.tight(each) for each in trees])
        if kind in (Kind.TEXT, Kind.BOOLEAN):
            return self.fail(tree, f"{kind} has no order; expected number, money or date")
        return _node("between", Kind.BOOLEAN, *map(self.fen, nodes))

    def membership(self, tree: exp.In) -> Node:
        trees = [tree.this, *tree.expressions]
        nodes = [self.tight(tree.this), *map(self.member, tree.expressions)]
        if len(nodes) == 1:
            return self.fail(tree, "the list is empty; expected in (value, ...)")
        _, nodes = self.agreed(trees, nodes)
        self.words(trees, nodes)
        members = tuple(dict.fromkeys(node.value for node in nodes[1:]))
        return _node("in", Kind.BOOLEAN, self.fen(nodes[0]), value=members)

    def member(self, tree: exp.Expr) -> Node:
        if isinstance(tree, exp.Null):
            return self.fail(tree, "null in a list never matches; write is null beside it")
        node = self.visit(tree)
        if node.op != "const" and node.kind is not None:
            return self.fail(tree, "a list holds literals only")
        return node

    def words(self, trees: list[exp.Expr], nodes: list[Node]) -> None:
        """Texts compared with a name that lists its words must be among them."""
        for name in nodes:
            known = self.schema[name.value].values if name.op == "name" else None
            for tree, node in zip(trees, nodes, strict=True):
                if known is not None and node.op == "const" and node.kind is Kind.TEXT and node.value not in known:
                    hint = suggestion(node.value, known) or f"; expected one of {', '.join(known)}"
                    self.fail(tree, f"'{node.value}' is not a value of {name.value}{hint}")

    def fen(self, node: Node) -> Node:
        """Computed money is compared in whole fen, so that thresholds behave as decimals."""
        if node.kind is not Kind.MONEY or node.exact:
            return node
        return _node("fen", Kind.MONEY, node, value=2, range=bounds.of_operation("fen", (node,), 2))

    # -- arithmetic ------------------------------------------------------------------------------------------------

    def operands(self, tree: exp.Binary) -> tuple[Node, Node]:
        kinds = (Kind.NUMBER, Kind.MONEY, Kind.DATE) if isinstance(tree, (exp.Add, exp.Sub)) else _NUMERIC
        trees = (tree.this, tree.args["expression"])
        left, right = (self.wanted(self.arithmetic(each), each, *kinds) for each in trees)
        return left, right

    def arithmetic(self, tree: exp.Expr) -> Node:
        node = self.tight(tree)
        if node.kind is Kind.BOOLEAN:
            return self.fail(tree, "a boolean is no number; write case when ... then 1 else 0 end")
        return node

    def computed(self, op: str, kind: Kind, *args: Node, digits: int = 0) -> Node:
        """An arithmetic node, inside a ``bounded`` one where it could overflow."""
        range_ = bounds.of_operation(op, args, digits)
        node = _node(op, kind, *args, bare=all(arg.bare for arg in args), exact=False, range=range_)
        if not bounds.may_overflow(range_):
            return node
        return replace(node, op="bounded", args=(node,), range=bounds.of_bounded(node))

    def sum(self, tree: exp.Add | exp.Sub) -> Node:
        left, right = self.operands(tree)
        op = "+" if isinstance(tree, exp.Add) else "-"
        if Kind.DATE in (left.kind, right.kind):
            return self.date_sum(tree, op, left, right)
        kind, nodes = self.agreed([tree.this, tree.args["expression"]], [left, right])
        return self.computed(op, kind or Kind.NUMBER, *nodes)

    def date_sum(self, tree: exp.Binary, op: str, left: Node, right: Node) -> Node:
        if left is _NOTHING or right is _NOTHING:
            return _NOTHING
        left, right = retyped(left, Kind.DATE), retyped(right, Kind.NUMBER)
        if op == "-" and left.kind == right.kind:
            return _node("days", Kind.NUMBER, left, right, range=bounds.DAYS)
        if left.kind is Kind.DATE and right.kind is Kind.NUMBER:
            return _node("date" + op, Kind.DATE, left, right, range=bounds.DAYS)
        return self.fail(tree, f"{left.kind} {op} {right.kind} has no meaning; expected date - date, or date + days")

    def product(self, tree: exp.Mul) -> Node:
        left, right = self.operands(tree)
        if left.kind is Kind.MONEY and right.kind is Kind.MONEY:
            return self.fail(tree, "money * money has no meaning; expected money * number")
        kind = Kind.MONEY if Kind.MONEY in (left.kind, right.kind) else Kind.NUMBER
        return self.computed("*", kind, left, right)

    def quotient(self, tree: exp.Div) -> Node:
        left, right = self.operands(tree)
        if left.kind is Kind.NUMBER and right.kind is Kind.MONEY and not left.bare:
            return self.fail(tree, "number / money has no meaning; expected money / money or money / number")
        kind = Kind.MONEY if left.kind is Kind.MONEY and right.kind is not Kind.MONEY else Kind.NUMBER
        return self.computed("/", kind, left, right)

    def minus(self, tree: exp.Neg) -> Node:
        node = self.wanted(self.arithmetic(tree.this), tree.this, *_NUMERIC)
        if node.op == "const" and isinstance(node.value, float):
            return replace(node, value=0.0 - node.value)
        return replace(node, op="neg", args=(node,), value=None)

    def absolute(self, tree: exp.Abs) -> Node:
        node = self.wanted(self.arithmetic(tree.this), tree.this, *_NUMERIC)
        return replace(node, op="abs", args=(node,), value=None)

    def logarithm(self, tree: exp.Ln) -> Node:
        node = self.wanted(self.arithmetic(tree.this), tree.this, *_NUMERIC)
        return self.computed("ln", Kind.NUMBER, node)

    def rounded(self, tree: exp.Round) -> Node:
        node = self.wanted(self.arithmetic(tree.this), tree.this, *_NUMERIC)
        digits = self.digits(tree.args.get("decimals"))
        if digits is None:
            return self.fail(tree, f"round takes digits from -{MOST_DIGITS} to {MOST_DIGITS}, written out and whole")
        range_ = bounds.of_operation("round", (node,), digits)
        return _node("round", node.kind, node, value=digits, bare=node.bare, exact=digits <= 2, range=range_)

    def digits(self, tree: exp.Expr | None) -> int | None:
        if tree is None:
            return 0
        node = self.visit(tree)
        if node.op != "const" or node.kind is not Kind.NUMBER or not node.value.is_integer():
            return None
        return int(node.value) if abs(node.value) <= MOST_DIGITS else None

    # -- choices ---------------------------------------------------------------------------------------------------

    def chosen(self, op: str, trees: list[exp.Expr], nodes: list[Node]) -> Node:
        """A node whose result is one of ``nodes``."""
        bare = all(node.bare for node in nodes if node.kind is not None)
        kind, nodes = self.agreed(trees, nodes)
        return _node(
            op,
            kind,
            *nodes,
            bare=kind is Kind.NUMBER and bare,
            exact=all(node.exact for node in nodes),
            range=bounds.union(tuple(nodes)),
        )

    def case(self, tree: exp.Case) -> Node:
        conditions = [self.condition(tree.this, each) for each in tree.args["ifs"]]
        default = tree.args.get("default") or exp.Null()
        trees = [each.args["true"] for each in tree.args["ifs"]] + [default]
        chosen = self.chosen("case", trees, [self.visit(each) for each in trees])
        args = [each for pair in zip(conditions, chosen.args, strict=False) for each in pair] + [chosen.args[-1]]
        return replace(chosen, args=tuple(args), axes=axes_of(tuple(args)), static=_static(tuple(args)))

    def condition(self, subject: exp.Expr | None, branch: exp.If) -> Node:
        if subject is None:
            return self.wanted(self.visit(branch.this), branch.this, Kind.BOOLEAN)
        if not isinstance(subject, exp.Column):
            return self.fail(subject, "only a name may stand between case and when; write case when ... = ... then")
        return self.comparison(exp.EQ(this=subject.copy(), expression=branch.this))

    def coalesce(self, tree: exp.Coalesce) -> Node:
        trees = [tree.this, *tree.expressions]
        return self.chosen("coalesce", trees, [self.visit(each) for each in trees])

    def nullif(self, tree: exp.Nullif) -> Node:
        trees = [tree.this, tree.args["expression"]]
        nodes = [self.visit(each) for each in trees]
        self.words(trees, nodes)
        return self.chosen("nullif", trees, nodes)

    def extreme(self, tree: exp.Least | exp.Greatest) -> Node:
        trees = [tree.this, *tree.expressions]
        nodes = [self.wanted(self.visit(each), each, *_ORDERED) for each in trees]
        return self.chosen("least" if isinstance(tree, exp.Least) else "greatest", trees, nodes)
