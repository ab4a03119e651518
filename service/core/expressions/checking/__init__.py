"""sqlglot's tree to ours: every node on the whitelist, every name in the schema, every kind where it belongs.

The default is refusal: a node's class must be in ``RULES`` and carry only the arguments listed there. All problems of
one text are collected. Where SQL dialects disagree (precedence of ``is`` and ``=``, order of texts, NULL in a list),
the text is refused, with the form that all of them read alike.

    checker     a text being checked: its problems so far, and how kinds agree
    literals    names, numbers, texts, true, false, dates
    logic       and or not, comparisons, between, in, is null
    arithmetic  what may be added to what, the kind of the result, and where it needs a guard
    choices     case, coalesce, nullif, least, greatest, whose result is one of their arguments
"""

from collections.abc import Iterator

from sqlglot import exp

from service.core.errors import Problem
from service.core.expressions.checking import arithmetic, choices, literals, logic
from service.core.expressions.checking.checker import CHAINS, COMPARISONS, NOTHING, Checker, Rule, Rules
from service.core.expressions.reading import problem
from service.core.expressions.tree import NAN, Kind, Node, Schema, retype

MOST_NODES = 500
MOST_WRITTEN = 4_000
DEEPEST_TREE = 50

_WHITELIST: tuple[tuple[type[exp.Expr], str, Rule], ...] = (
    (exp.Paren, "this", lambda checker, tree: checker.visit(tree.this)),
    (exp.Column, "this table", literals.name),
    (exp.Literal, "this is_string", literals.literal),
    (exp.Boolean, "this", literals.boolean),
    (exp.Null, "", lambda checker, tree: Node("const", None, value=NAN)),
    (exp.Cast, "this to", literals.date),
    (exp.And, "this expression", logic.chain),
    (exp.Or, "this expression", logic.chain),
    (exp.Not, "this", logic.negation),
    (exp.Is, "this expression negate", logic.is_null),
    (exp.In, "this expressions", logic.membership),
    (exp.Between, "this low high", logic.between),
    *((comparison, "this expression", logic.comparison) for comparison in COMPARISONS),
    (exp.Neg, "this", arithmetic.minus),
    (exp.Add, "this expression", arithmetic.plus),
    (exp.Sub, "this expression", arithmetic.plus),
    (exp.Mul, "this expression", arithmetic.product),
    (exp.Div, "this expression typed safe", arithmetic.quotient),
    (exp.Abs, "this", arithmetic.absolute),
    (exp.Ln, "this", arithmetic.logarithm),
    (exp.Round, "this decimals", arithmetic.rounding),
    (exp.Case, "this ifs default", choices.case),
    (exp.Coalesce, "this expressions", choices.coalesce),
    (exp.Nullif, "this expression", choices.nullif),
    (exp.Least, "this expressions ignore_nulls", choices.extreme),
    (exp.Greatest, "this expressions ignore_nulls", choices.extreme),
)
RULES: Rules = {kind: (frozenset(arguments.split()), rule) for kind, arguments, rule in _WHITELIST}


def check_tree(text: str, tree: exp.Expr, schema: Schema, expects: Kind | None) -> tuple[Node, list[Problem]]:
    """The typed tree of ``text``, and every problem found; the tree is valid only without problems."""
    too_large = _too_large(tree)
    if too_large:
        return NOTHING, [problem(text, 0, too_large)]
    checker = Checker(text, schema, RULES)
    node = _root(checker, tree, expects)
    if not checker.problems and count_written_out(node) > MOST_WRITTEN:
        checker.fail(tree, "divisors, nullif and long products nest too deeply; name a part of it as a feature")
    return node, list(dict.fromkeys(checker.problems))


def count_written_out(node: Node) -> int:
    """The operations of ``node`` once a database has replaced every NULLIF by the CASE that repeats its argument.

    DuckDB and Spark do so; DuckDB then needs half a minute to plan sixteen nested divisors.
    """
    sizes = [count_written_out(arg) for arg in node.args]
    if node.op in ("nullif", "ln"):
        sizes[0] *= 2
    elif node.op == "/":
        sizes[1] *= 2
    elif node.op == "bounded":
        sizes[0] *= 4
    elif node.op in ("date+", "date-"):
        sizes[1] *= 4
    return 1 + sum(sizes)


def _root(checker: Checker, tree: exp.Expr, expects: Kind | None) -> Node:
    node = checker.visit(tree)
    if node.kind is None:
        return retype(node, expects or Kind.NUMBER)
    return node if expects is None else checker.require_kind(node, tree, expects)


def _too_large(tree: exp.Expr) -> str | None:
    """The problem of a tree with too many nodes or levels; counted without recursion, a chain of AND or OR as one
    level.
    """
    count, stack = 0, [(tree, 1)]
    while stack:
        each, level = stack.pop()
        count += not isinstance(each, (exp.Identifier, exp.DataType, exp.Paren))
        if count > MOST_NODES:
            return f"too large: at most {MOST_NODES} operations are allowed"
        if level > DEEPEST_TREE:
            return f"too large: at most {DEEPEST_TREE} levels are allowed"
        stack += [(below, level + _deeper(each, below)) for below in _children(each)]
    return None


def _deeper(above: exp.Expr, below: exp.Expr) -> bool:
    same_chain = isinstance(above, CHAINS) and type(below) is type(above)
    return not (same_chain or isinstance(below, exp.Paren))


def _children(tree: exp.Expr) -> Iterator[exp.Expr]:
    for held in tree.args.values():
        for each in held if isinstance(held, list) else [held]:
            if isinstance(each, exp.Expr):
                yield each
