"""SQL expressions over ``customer.*``, ``offer.*``, ``channel.*``, ``history.*`` and ``context.*``.

``parse`` reads and checks a text once; ``fold`` evaluates what the policy alone decides; ``compile_value``,
``compile_truth`` and ``compile_falsity`` return functions of columns; ``to_sql`` writes the same meaning for a
database. Rules, formulas, derived features and portrait tags are all written in this language, a small part of SQL:

    and or not, = <> < <= > >=, between, in (literals), is [not] null, + - * / and minus, case, coalesce, nullif,
    least, greatest, abs, ln, round(x[, digits]), numbers, 'text', true, false, null, date 'YYYY-MM-DD', a.b names

SQL's three-valued logic holds. NULL is NaN (None for text) and "unknown" is never stored: a boolean expression is two
functions, is it true and is it false, and ``not`` swaps them. Arithmetic never raises: x / 0, ln of 0 or less and
results beyond 1e100 are NULL. Money is compared in whole fen.

``many=False`` runs one customer: whatever varies over the customer only is a plain Python scalar and runs as closures
(never ``eval``); only what touches offers or channels pays for NumPy. ``many=True`` runs NumPy throughout.
Nothing here knows rules, customers or the grid's shape.

    arrays    trees to closures over NumPy
    bounds    powers of ten that enclose every result
    checking  every node on the whitelist, every name in the schema, every kind in its place
    program   value, truth, falsity, and fold before them
    reading   text to sqlglot's tree, refusing early what no expression needs
    scalars   trees to closures over plain Python scalars
    sql       the tree as SQL text with the same meaning in DuckDB, PostgreSQL, Spark and Oracle
    tree      the nouns of the expression language
"""

from collections.abc import Mapping

from service.core.expressions import checking, reading
from service.core.expressions.program import compile_falsity, compile_truth, compile_value, fold
from service.core.expressions.sql import to_sql
from service.core.expressions.tree import Columns, Expression, Kind, Name, Schema

__all__ = [
    "Columns",
    "Expression",
    "Kind",
    "Name",
    "Schema",
    "compile_falsity",
    "compile_truth",
    "compile_value",
    "fold",
    "parse",
    "to_sql",
]


def parse(text: str, schema: Mapping[str, Name], expects: Kind | None = None) -> Expression:
    """The checked expression of ``text``, of kind ``expects`` if one is given.

    Raises:
        ExpressionError: names every problem with line and column.

    >>> schema = {"customer.age": Name(Kind.NUMBER, frozenset({"customer"}))}
    >>> parse("customer.age >= 18 and customer.age < 65", schema).kind.value
    'boolean'
    """
    tree = reading.read_tree(text)
    node, problems = checking.check_tree(text, tree, schema, expects)
    if problems:
        raise reading.refusal(text, problems)
    return Expression(text, node, node)
