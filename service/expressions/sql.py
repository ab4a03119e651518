"""The tree as SQL text with the same meaning in DuckDB, PostgreSQL, Spark and Oracle.

What the databases would do differently is written out: every literal is a double, a divisor of 0 and the logarithm of
0 or less become NULL, rounding is half away from zero on the double, money is rounded to the fen before it is
compared, and what could pass 1e100 becomes NULL. Guards mention their argument once, so the text never explodes.
Columns are taken to be doubles, texts, dates and booleans (numbers 0 and 1 in Oracle) without NaN.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.errors import ExpressionError
from service.expressions.bounds import CEILING
from service.expressions.scalars import LOGIC, MOST_DAYS, OPPOSITE
from service.expressions.tree import Expression, Kind, Node, missing

_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _ATOM = range(1, 9)
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Dialect:
    """How one database writes what they write differently."""

    number: str
    double: str
    text: str
    days: str
    shift: str
    round: str
    round_to: str | None = None
    truth_values: bool = True
    whole_division: bool = False
    backslash: bool = False
    whole: str = "CAST({} AS INTEGER)"


DIALECTS = {
    "duckdb": Dialect(
        "{}e0", "DOUBLE", "VARCHAR", "CAST({} - {} AS DOUBLE)", "CAST({} {} {} AS DATE)", "ROUND({})", "ROUND({}, {})"
    ),
    "postgres": Dialect(
        "{}::float8",
        "DOUBLE PRECISION",
        "TEXT",
        "CAST({} - {} AS DOUBLE PRECISION)",
        "CAST({} {} {} AS DATE)",
        "CAST(ROUND(CAST(CAST({} AS TEXT) AS NUMERIC)) AS DOUBLE PRECISION)",
        whole_division=True,
    ),
    "spark": Dialect(
        "{}D",
        "DOUBLE",
        "STRING",
        "CAST(DATEDIFF({}, {}) AS DOUBLE)",
        "DATE_ADD({}, {}{})",
        "ROUND({}, 0)",
        backslash=True,
        whole="CAST({} AS INT)",
    ),
    "oracle": Dialect(
        "{}d",
        "BINARY_DOUBLE",
        "VARCHAR2(4000)",
        "CAST({} - {} AS BINARY_DOUBLE)",
        "({} {} {})",
        "CAST(ROUND(CAST({} AS NUMBER)) AS BINARY_DOUBLE)",
        truth_values=False,
        whole="CAST({} AS NUMBER)",
    ),
}


def to_sql(expression: Expression, dialect: str = "duckdb", columns: Mapping[str, str] | None = None) -> str:
    """``expression`` as SQL text; ``columns`` gives a name's own SQL text (default: the qualified name).

    Raises ``ExpressionError`` for a dialect not in ``DIALECTS`` and for an empty text in Oracle, which reads it as
    NULL. A boolean expression is a condition, fit for WHERE.
    """
    if dialect not in DIALECTS:
        raise ExpressionError(f"no SQL is written for {dialect}; expected one of {', '.join(DIALECTS)}")
    writer = _Writer(DIALECTS[dialect], columns or {})
    return writer.condition(expression.tree)[0] if expression.kind is Kind.BOOLEAN else writer.value(expression.tree)[0]


Written = tuple[str, int]
"""SQL text and how tightly it binds."""


class _Writer:
    """Writes one expression in one dialect."""

    def __init__(self, dialect: Dialect, columns: Mapping[str, str]) -> None:
        self.dialect = dialect
        self.columns = columns

    # -- conditions and values: two things only where the database has no boolean values -------------------------------

    def condition(self, node: Node) -> Written:
        if node.op in LOGIC:
            return _LOGIC[node.op](self, node)
        if self.dialect.truth_values:
            return self.value(node)
        return f"{self.bound(node, _SUM)} = 1", _COMPARISON

    def value(self, node: Node) -> Written:
        if node.op not in LOGIC:
            return _VALUES[node.op](self, node)
        if self.dialect.truth_values:
            return self.condition(node)
        held = self.condition(node)[0]
        return f"CASE WHEN {held} THEN 1 WHEN NOT ({held}) THEN 0 END", _ATOM

    def bound(self, node: Node, level: int) -> str:
        return _bracketed(self.value(node), level)

    def holds(self, node: Node, level: int) -> str:
        return _bracketed(self.condition(node), level)

    def list(self, nodes: tuple[Node, ...]) -> str:
        return ", ".join(self.value(node)[0] for node in nodes)

    # -- leaves --------------------------------------------------------------------------------------------------------

    def name(self, node: Node) -> Written:
        return self.columns.get(node.value, node.value), _ATOM

    def constant(self, node: Node) -> Written:
        return self.literal(node.kind, node.value)

    def literal(self, kind: Kind | None, constant: Any) -> Written:
        if missing(constant):
            return f"CAST(NULL AS {self.type_of(kind)})", _ATOM
        if kind is Kind.TEXT:
            return self.string(constant), _ATOM
        if kind is Kind.DATE:
            return f"DATE '{date.fromordinal(int(constant) + _EPOCH).isoformat()}'", _ATOM
        if kind is Kind.BOOLEAN:
            return self.boolean(constant), _ATOM
        return self.number(constant), _SIGN if constant < 0 else _ATOM

    def type_of(self, kind: Kind | None) -> str:
        if kind is Kind.BOOLEAN:
            return "BOOLEAN" if self.dialect.truth_values else "NUMBER"
        return {Kind.TEXT: self.dialect.text, Kind.DATE: "DATE"}.get(kind or Kind.NUMBER, self.dialect.double)

    def string(self, text: str) -> str:
        if not text and not self.dialect.truth_values:
            raise ExpressionError("Oracle reads '' as NULL; write is null, or export to another dialect")
        if self.dialect.backslash:
            return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return "'" + text.replace("'", "''") + "'"

    def boolean(self, constant: float) -> str:
        if self.dialect.truth_values:
            return "TRUE" if constant else "FALSE"
        return "1" if constant else "0"

    def number(self, number: float) -> str:
        digits, _, power = repr(number).partition("e")
        digits = digits.removesuffix(".0")
        if not power:
            return self.dialect.number.format(digits)
        return self.dialect.number.replace("e0", "").format(f"{digits}e{int(power)}")

    # -- logic ---------------------------------------------------------------------------------------------------------

    def conjunction(self, node: Node) -> Written:
        return " AND ".join(self.holds(arg, _AND + 1) for arg in node.args), _AND

    def disjunction(self, node: Node) -> Written:
        return " OR ".join(self.holds(arg, _OR + 1) for arg in node.args), _OR

    def negation(self, node: Node) -> Written:
        if node.args[0].op == "is null":
            return f"{self.bound(node.args[0].args[0], _SUM)} IS NOT NULL", _COMPARISON
        return f"NOT {self.holds(node.args[0], _COMPARISON + 1)}", _NOT

    def comparison(self, node: Node) -> Written:
        left, right = (self.bound(arg, _SUM) for arg in node.args)
        return f"{left} {node.op} {right}", _COMPARISON

    def between(self, node: Node) -> Written:
        inner, low, high = (self.bound(arg, _SUM) for arg in node.args)
        return f"{inner} BETWEEN {low} AND {high}", _COMPARISON

    def membership(self, node: Node) -> Written:
        members = ", ".join(self.literal(node.args[0].kind, member)[0] for member in node.value)
        return f"{self.bound(node.args[0], _SUM)} IN ({members})", _COMPARISON

    def is_null(self, node: Node) -> Written:
        return f"{self.bound(node.args[0], _SUM)} IS NULL", _COMPARISON

    # -- arithmetic ----------------------------------------------------------------------------------------------------

    def sum(self, node: Node) -> Written:
        left, right = self.bound(node.args[0], _SUM), self.bound(node.args[1], _PRODUCT)
        return f"{left} {node.op} {right}", _SUM

    def product(self, node: Node) -> Written:
        left, right = self.bound(node.args[0], _PRODUCT), self.bound(node.args[1], _SIGN)
        return f"{left} * {right}", _PRODUCT

    def quotient(self, node: Node) -> Written:
        left, right = node.args
        divided = self.bound(left, _PRODUCT)
        if self.dialect.whole_division and left.op == "name":
            divided = f"CAST({divided} AS {self.dialect.double})"
        return f"{divided} / {self.divisor(right)}", _PRODUCT

    def divisor(self, node: Node) -> str:
        if node.op == "const" and node.value:
            return self.bound(node, _SIGN)
        if node.op == "nullif" and node.args[1].op == "const" and node.args[1].value == 0:
            return self.value(node)[0]
        return f"NULLIF({self.value(node)[0]}, {self.number(0.0)})"

    def minus(self, node: Node) -> Written:
        return f"-{self.bound(node.args[0], _ATOM)}", _SIGN

    def absolute(self, node: Node) -> Written:
        return f"ABS({self.value(node.args[0])[0]})", _ATOM

    def logarithm(self, node: Node) -> Written:
        zero = self.number(0.0)
        return f"LN(NULLIF(GREATEST({self.value(node.args[0])[0]}, {zero}), {zero}))", _ATOM

    def rounded(self, node: Node) -> Written:
        if self.dialect.round_to is not None:
            return self.dialect.round_to.format(self.value(node.args[0])[0], node.value), _ATOM
        return self.scaled(node.args[0], node.value)

    def scaled(self, node: Node, digits: int) -> Written:
        """Rounding on the double itself: scale, round to a whole number, scale back."""
        if digits == 0:
            return self.dialect.round.format(self.value(node)[0]), _ATOM
        power = self.number(10.0 ** abs(digits))
        there, back = ("*", "/") if digits > 0 else ("/", "*")
        return f"{self.dialect.round.format(f'{self.bound(node, _PRODUCT)} {there} {power}')} {back} {power}", _PRODUCT

    def bounded(self, node: Node) -> Written:
        return self.within(self.value(node.args[0])[0], self.number(CEILING), self.number(-CEILING)), _ATOM

    def within(self, written: str, high: str, low: str) -> str:
        """NULL unless ``low < written < high``, mentioning ``written`` once."""
        return f"NULLIF(NULLIF(GREATEST(LEAST({written}, {high}), {low}), {high}), {low})"

    def days(self, node: Node) -> Written:
        return self.dialect.days.format(self.bound(node.args[0], _SUM), self.bound(node.args[1], _PRODUCT)), _ATOM

    def shift(self, node: Node) -> Written:
        start, days = self.bound(node.args[0], _SUM), self.whole_days(node.args[1])
        sign = node.op[-1]
        if self.dialect.shift.startswith("DATE_ADD"):
            sign = "-" if sign == "-" else ""
        return self.dialect.shift.format(start, sign, days), _ATOM

    def whole_days(self, node: Node) -> str:
        if node.op == "const" and 0 <= node.value <= MOST_DAYS and node.value.is_integer():
            return str(int(node.value))
        rounded = self.dialect.round.format(self.value(node)[0])
        high, low = self.number(MOST_DAYS + 1.0), self.number(-MOST_DAYS - 1.0)
        return self.dialect.whole.format(self.within(rounded, high, low))

    # -- choices -------------------------------------------------------------------------------------------------------

    def case(self, node: Node) -> Written:
        branches = zip(node.args[:-1:2], node.args[1:-1:2], strict=True)
        whens = " ".join(f"WHEN {self.condition(when)[0]} THEN {self.value(then)[0]}" for when, then in branches)
        return f"CASE {whens} ELSE {self.value(node.args[-1])[0]} END", _ATOM

    def call(self, node: Node) -> Written:
        return f"{node.op.upper()}({self.list(node.args)})", _ATOM

    def extreme(self, node: Node) -> Written:
        """Oracle's LEAST and GREATEST give NULL where any argument is; the others skip it, as we do."""
        if self.dialect.truth_values:
            return self.call(node)
        beyond = self.beyond(node.kind, node.op == "least")
        filled = ", ".join(f"COALESCE({self.value(arg)[0]}, {beyond})" for arg in node.args)
        return f"NULLIF({node.op.upper()}({filled}), {beyond})", _ATOM

    def beyond(self, kind: Kind | None, above: bool) -> str:
        """What no column holds, standing in for NULL where it must lose every comparison."""
        if kind is Kind.DATE:
            return "DATE '9999-12-31'" if above else "DATE '0001-01-01'"
        return self.number(1e120 if above else -1e120)


def _bracketed(written: Written, level: int) -> str:
    text, binds = written
    return text if binds >= level else f"({text})"


_LOGIC: dict[str, Callable[[_Writer, Node], Written]] = {
    "and": _Writer.conjunction,
    "or": _Writer.disjunction,
    "not": _Writer.negation,
    "between": _Writer.between,
    "in": _Writer.membership,
    "is null": _Writer.is_null,
    **dict.fromkeys(OPPOSITE, _Writer.comparison),
}
_VALUES: dict[str, Callable[[_Writer, Node], Written]] = {
    "name": _Writer.name,
    "const": _Writer.constant,
    "+": _Writer.sum,
    "-": _Writer.sum,
    "*": _Writer.product,
    "/": _Writer.quotient,
    "days": _Writer.days,
    "date+": _Writer.shift,
    "date-": _Writer.shift,
    "neg": _Writer.minus,
    "abs": _Writer.absolute,
    "ln": _Writer.logarithm,
    "round": _Writer.rounded,
    "fen": _Writer.rounded,
    "bounded": _Writer.bounded,
    "case": _Writer.case,
    "coalesce": _Writer.call,
    "nullif": _Writer.call,
    "least": _Writer.extreme,
    "greatest": _Writer.extreme,
}
