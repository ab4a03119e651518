"""The tree as SQL text with the same meaning in DuckDB, PostgreSQL, Spark and Oracle.

What the databases would do differently is written out. Every literal is a double. A divisor of 0 and the logarithm of 0
or less become NULL. Rounding is half away from zero, on the double. Money is rounded to the fen before it is compared.
What could pass 1e100 becomes NULL. Guards mention their argument once, so the text stays short. Columns are assumed to
be doubles, texts, dates and booleans (numbers 0 and 1 in Oracle) without NaN.

    writer    one walk over the tree that writes SQL text, with no more brackets than needed
    binding   how tightly a piece of SQL binds: brackets only where they are needed
    literals  literals as each database reads them
    dialects  how each database writes what databases write differently
"""

from collections.abc import Mapping

from service.core.errors import ExpressionError
from service.core.expressions.sql.dialects import DIALECTS
from service.core.expressions.sql.writer import Writer
from service.core.expressions.tree import Expression, Kind


def to_sql(expression: Expression, dialect: str = "duckdb", columns: Mapping[str, str] | None = None) -> str:
    """``expression`` as SQL text; ``columns`` gives a name's own SQL text (default: the qualified name).

    A boolean expression is a condition, fit for WHERE.

    Raises:
        ExpressionError: a dialect that is not in ``DIALECTS``, or an empty text for Oracle, which reads it as NULL.
    """
    if dialect not in DIALECTS:
        raise ExpressionError(f"no SQL is written for {dialect}; expected one of {', '.join(DIALECTS)}")
    writer = Writer(DIALECTS[dialect], columns or {})
    return writer.condition(expression.tree)[0] if expression.kind is Kind.BOOLEAN else writer.value(expression.tree)[0]
