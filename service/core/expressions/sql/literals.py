"""Literals as each database reads them: numbers as doubles, NULL with its type."""

from datetime import date
from typing import Any

from service.core.errors import ExpressionError
from service.core.expressions.sql.dialects import Dialect
from service.core.expressions.tree import Kind, is_missing

_EPOCH = date(1970, 1, 1).toordinal()


def write_literal(dialect: Dialect, kind: Kind | None, constant: Any) -> str:
    """``constant`` as a literal of ``kind``."""
    if is_missing(constant):
        return f"CAST(NULL AS {_type_of(dialect, kind)})"
    if kind is Kind.TEXT:
        return _string(dialect, constant)
    if kind is Kind.DATE:
        return f"DATE '{date.fromordinal(int(constant) + _EPOCH).isoformat()}'"
    if kind is Kind.BOOLEAN:
        return _boolean(dialect, constant)
    return write_number(dialect, constant)


def write_number(dialect: Dialect, constant: float) -> str:
    """A double, in the shortest digits that read back as the same double."""
    digits, _, power = repr(constant).partition("e")
    digits = digits.removesuffix(".0")
    if not power:
        return dialect.number.format(digits)
    return dialect.number.removesuffix("e0").format(f"{digits}e{int(power)}")


def _type_of(dialect: Dialect, kind: Kind | None) -> str:
    if kind is Kind.BOOLEAN:
        return "BOOLEAN" if dialect.truth_values else "NUMBER"
    return {Kind.TEXT: dialect.text, Kind.DATE: "DATE"}.get(kind or Kind.NUMBER, dialect.double)


def _string(dialect: Dialect, text: str) -> str:
    if not text and not dialect.truth_values:
        raise ExpressionError("Oracle reads '' as NULL; write is null, or export to another dialect")
    if dialect.backslash:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + text.replace("'", "''") + "'"


def _boolean(dialect: Dialect, constant: float) -> str:
    if dialect.truth_values:
        return "TRUE" if constant else "FALSE"
    return "1" if constant else "0"
