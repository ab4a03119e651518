"""The tree as SQL text with the same meaning in DuckDB, PostgreSQL, Spark and Oracle.

What the databases would do differently is written out: every literal is a double, a divisor of 0 and the logarithm of
0 or less become NULL, rounding is half away from zero on the double, money is rounded to the fen before it is
compared, and what could pass 1e100 becomes NULL. Guards mention their argument once, so the text never explodes.
Columns are taken to be doubles, texts, dates and booleans (numbers 0 and 1 in Oracle) without NaN.

    binding   how tightly a piece of SQL binds, loosest first, so that brackets stand only where they are needed
    dialects  how each database writes what databases write differently
    literals  literals as each database reads them
    writer    one walk over the tree that writes SQL text, with no more brackets than needed
"""

from collections.abc import Mapping

from service.core.errors import ExpressionError
from service.core.expressions.sql.dialects import DIALECTS
from service.core.expressions.sql.writer import Writer
from service.core.expressions.tree import Expression, Kind


def to_sql(expression: Expression, dialect: str = "duckdb", columns: Mapping[str, str] | None = None) -> str:
    """``expression`` as SQL text; ``columns`` gives a name's own SQL text (default: the qualified name).

    Raises ``ExpressionError`` for a dialect not in ``DIALECTS`` and for an empty text in Oracle, which reads it as
    NULL. A boolean expression is a condition, fit for WHERE.
    """
    if dialect not in DIALECTS:
        raise ExpressionError(f"no SQL is written for {dialect}; expected one of {', '.join(DIALECTS)}")
    writer = Writer(DIALECTS[dialect], columns or {})
    return writer.condition(expression.tree)[0] if expression.kind is Kind.BOOLEAN else writer.value(expression.tree)[0]
