"""One walk over the tree that writes SQL text, with no more brackets than needed."""

from collections.abc import Callable, Mapping
from typing import Any

from service.expressions.bounds import CEILING, MOST_DAYS
from service.expressions.sql import literals
from service.expressions.sql.dialects import Dialect
from service.expressions.tree import LOGIC, OPPOSITE, Kind, Node

_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _ATOM = range(1, 9)

Written = tuple[str, int]
"""SQL text and how tightly it binds."""


class Writer:
    """Writes one expression in one dialect."""

    def __init__(self, dialect: Dialect, columns: Mapping[str, str]) -> None:
        self.dialect = dialect
        self.columns = columns

    # -- conditions and values: two things only where the database has no boolean values -------------------------------

    def condition(self, node: Node) -> Written:
        """``node`` where a condition is expected."""
        if node.op in LOGIC:
            return _LOGIC[node.op](self, node)
        if self.dialect.truth_values:
            return self.value(node)
        return f"{self.bound(node, _SUM)} = 1", _COMPARISON

    def value(self, node: Node) -> Written:
        """``node`` where a value is expected."""
        if node.op not in LOGIC:
            return _VALUES[node.op](self, node)
        if self.dialect.truth_values:
            return self.condition(node)
        held = self.condition(node)[0]
        return f"CASE WHEN {held} THEN 1 WHEN NOT ({held}) THEN 0 END", _ATOM

    def bound(self, node: Node, level: int) -> str:
        """A value, in brackets if it binds more loosely than ``level``."""
        return _bracketed(self.value(node), level)

    def holds(self, node: Node, level: int) -> str:
        """A condition, in brackets if it binds more loosely than ``level``."""
        return _bracketed(self.condition(node), level)

    def list(self, nodes: tuple[Node, ...]) -> str:
        """Values with commas between."""
        return ", ".join(self.value(node)[0] for node in nodes)

    # -- leaves --------------------------------------------------------------------------------------------------------

    def name(self, node: Node) -> Written:
        """A name as a column."""
        return self.columns.get(node.value, node.value), _ATOM

    def constant(self, node: Node) -> Written:
        """A literal of the tree."""
        return self.literal(node.kind, node.value)

    def literal(self, kind: Kind | None, constant: Any) -> Written:
        """A literal of ``kind``; a negative number binds like a minus."""
        negative = kind in (Kind.NUMBER, Kind.MONEY) and constant < 0
        return literals.written(self.dialect, kind, constant), _SIGN if negative else _ATOM

    def number(self, number: float) -> str:
        """A double."""
        return literals.number(self.dialect, number)

    # -- logic ---------------------------------------------------------------------------------------------------------

    def conjunction(self, node: Node) -> Written:
        """``AND``."""
        return " AND ".join(self.holds(arg, _AND + 1) for arg in node.args), _AND

    def disjunction(self, node: Node) -> Written:
        """``OR``."""
        return " OR ".join(self.holds(arg, _OR + 1) for arg in node.args), _OR

    def negation(self, node: Node) -> Written:
        """``NOT``, and ``IS NOT NULL``."""
        if node.args[0].op == "is null":
            return f"{self.bound(node.args[0].args[0], _SUM)} IS NOT NULL", _COMPARISON
        return f"NOT {self.holds(node.args[0], _COMPARISON + 1)}", _NOT

    def comparison(self, node: Node) -> Written:
        """A comparison."""
        left, right = (self.bound(arg, _SUM) for arg in node.args)
        return f"{left} {node.op} {right}", _COMPARISON

    def between(self, node: Node) -> Written:
        """``BETWEEN``."""
        inner, low, high = (self.bound(arg, _SUM) for arg in node.args)
        return f"{inner} BETWEEN {low} AND {high}", _COMPARISON

    def membership(self, node: Node) -> Written:
        """``IN``."""
        members = ", ".join(self.literal(node.args[0].kind, member)[0] for member in node.value)
        return f"{self.bound(node.args[0], _SUM)} IN ({members})", _COMPARISON

    def is_null(self, node: Node) -> Written:
        """``IS NULL``."""
        return f"{self.bound(node.args[0], _SUM)} IS NULL", _COMPARISON

    # -- arithmetic ----------------------------------------------------------------------------------------------------

    def sum(self, node: Node) -> Written:
        """``+`` and ``-``."""
        left, right = self.bound(node.args[0], _SUM), self.bound(node.args[1], _PRODUCT)
        return f"{left} {node.op} {right}", _SUM

    def product(self, node: Node) -> Written:
        """``*``."""
        left, right = self.bound(node.args[0], _PRODUCT), self.bound(node.args[1], _SIGN)
        return f"{left} * {right}", _PRODUCT

    def quotient(self, node: Node) -> Written:
        """``/``, always of doubles, by a divisor that is not 0."""
        left, right = node.args
        divided = self.bound(left, _PRODUCT)
        if self.dialect.whole_division and left.op == "name":
            divided = f"CAST({divided} AS {self.dialect.double})"
        return f"{divided} / {self.divisor(right)}", _PRODUCT

    def divisor(self, node: Node) -> str:
        """The divisor, NULL where it is 0."""
        if node.op == "const" and node.value:
            return self.bound(node, _SIGN)
        if node.op == "nullif" and node.args[1].op == "const" and node.args[1].value == 0:
            return self.value(node)[0]
        return f"NULLIF({self.value(node)[0]}, {self.number(0.0)})"

    def minus(self, node: Node) -> Written:
        """Unary minus."""
        return f"-{self.bound(node.args[0], _ATOM)}", _SIGN

    def absolute(self, node: Node) -> Written:
        """``ABS``."""
        return f"ABS({self.value(node.args[0])[0]})", _ATOM

    def logarithm(self, node: Node) -> Written:
        """``LN``, NULL for 0 and less."""
        zero = self.number(0.0)
        return f"LN(NULLIF(GREATEST({self.value(node.args[0])[0]}, {zero}), {zero}))", _ATOM

    def rounded(self, node: Node) -> Written:
        """Rounding, halves away from zero."""
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
        """NULL beyond the ceiling."""
        return self.within(self.value(node.args[0])[0], self.number(CEILING), self.number(-CEILING)), _ATOM

    def within(self, written: str, high: str, low: str) -> str:
        """NULL unless ``low < written < high``, mentioning ``written`` once."""
        return f"NULLIF(NULLIF(GREATEST(LEAST({written}, {high}), {low}), {high}), {low})"

    def days(self, node: Node) -> Written:
        """``date - date``."""
        return self.dialect.days.format(self.bound(node.args[0], _SUM), self.bound(node.args[1], _PRODUCT)), _ATOM

    def shift(self, node: Node) -> Written:
        """``date + days``."""
        start, days = self.bound(node.args[0], _SUM), self.whole_days(node.args[1])
        sign = node.op[-1]
        if self.dialect.shift.startswith("DATE_ADD"):
            sign = "-" if sign == "-" else ""
        return self.dialect.shift.format(start, sign, days), _ATOM

    def whole_days(self, node: Node) -> str:
        """Days as a whole number, NULL beyond the limit."""
        if node.op == "const" and 0 <= node.value <= MOST_DAYS and node.value.is_integer():
            return str(int(node.value))
        rounded = self.dialect.round.format(self.value(node)[0])
        high, low = self.number(MOST_DAYS + 1.0), self.number(-MOST_DAYS - 1.0)
        return self.dialect.whole.format(self.within(rounded, high, low))

    # -- choices -------------------------------------------------------------------------------------------------------

    def case(self, node: Node) -> Written:
        """``CASE``."""
        branches = zip(node.args[:-1:2], node.args[1:-1:2], strict=True)
        whens = " ".join(f"WHEN {self.condition(when)[0]} THEN {self.value(then)[0]}" for when, then in branches)
        return f"CASE {whens} ELSE {self.value(node.args[-1])[0]} END", _ATOM

    def call(self, node: Node) -> Written:
        """A function of the same name."""
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


_LOGIC: dict[str, Callable[[Writer, Node], Written]] = {
    "and": Writer.conjunction,
    "or": Writer.disjunction,
    "not": Writer.negation,
    "between": Writer.between,
    "in": Writer.membership,
    "is null": Writer.is_null,
    **dict.fromkeys(OPPOSITE, Writer.comparison),
}
_VALUES: dict[str, Callable[[Writer, Node], Written]] = {
    "name": Writer.name,
    "const": Writer.constant,
    "+": Writer.sum,
    "-": Writer.sum,
    "*": Writer.product,
    "/": Writer.quotient,
    "days": Writer.days,
    "date+": Writer.shift,
    "date-": Writer.shift,
    "neg": Writer.minus,
    "abs": Writer.absolute,
    "ln": Writer.logarithm,
    "round": Writer.rounded,
    "fen": Writer.rounded,
    "bounded": Writer.bounded,
    "case": Writer.case,
    "coalesce": Writer.call,
    "nullif": Writer.call,
    "least": Writer.extreme,
    "greatest": Writer.extreme,
}
