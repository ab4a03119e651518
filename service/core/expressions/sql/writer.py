"""One walk over the tree that writes SQL text, with no more brackets than needed."""

from collections.abc import Callable, Mapping
from typing import Any

from service.core.expressions.bounds import CEILING, MOST_DAYS
from service.core.expressions.sql import literals
from service.core.expressions.sql.binding import AND, ATOM, COMPARISON, NOT, OR, PRODUCT, SIGN, SUM, Written, bracket
from service.core.expressions.sql.dialects import Dialect
from service.core.expressions.tree import LOGIC, OPPOSITE, Kind, Node


class Writer:
    """Writes one expression in one dialect."""

    def __init__(self, dialect: Dialect, columns: Mapping[str, str]) -> None:
        self.dialect = dialect
        self.columns = columns

    # -- conditions and values: two things only where the database has no boolean values -------------------------------

    def condition(self, node: Node) -> Written:
        """``node`` as a condition."""
        if node.op in LOGIC:
            return _LOGIC[node.op](self, node)
        if self.dialect.truth_values:
            return self.value(node)
        return f"{self.bound(node, SUM)} = 1", COMPARISON

    def value(self, node: Node) -> Written:
        """``node`` as a value."""
        if node.op not in LOGIC:
            return _VALUES[node.op](self, node)
        if self.dialect.truth_values:
            return self.condition(node)
        held = self.condition(node)[0]
        return f"CASE WHEN {held} THEN 1 WHEN NOT ({held}) THEN 0 END", ATOM

    def bound(self, node: Node, level: int) -> str:
        """A value, in brackets if it binds more loosely than ``level``."""
        return bracket(self.value(node), level)

    def holds(self, node: Node, level: int) -> str:
        """A condition, in brackets if it binds more loosely than ``level``."""
        return bracket(self.condition(node), level)

    def list(self, nodes: tuple[Node, ...]) -> str:
        """Values with commas between."""
        return ", ".join(self.value(node)[0] for node in nodes)

    # -- leaves --------------------------------------------------------------------------------------------------------

    def name(self, node: Node) -> Written:
        """The column of a name."""
        return self.columns.get(node.value, node.value), ATOM

    def constant(self, node: Node) -> Written:
        """A literal of the tree."""
        return self.literal(node.kind, node.value)

    def literal(self, kind: Kind | None, constant: Any) -> Written:
        """A literal of ``kind``; a negative number binds like a minus."""
        negative = kind in (Kind.NUMBER, Kind.MONEY) and constant < 0
        return literals.write_literal(self.dialect, kind, constant), SIGN if negative else ATOM

    def number(self, number: float) -> str:
        """A double."""
        return literals.write_number(self.dialect, number)

    # -- logic ---------------------------------------------------------------------------------------------------------

    def conjunction(self, node: Node) -> Written:
        """``AND``."""
        return " AND ".join(self.holds(arg, AND + 1) for arg in node.args), AND

    def disjunction(self, node: Node) -> Written:
        """``OR``."""
        return " OR ".join(self.holds(arg, OR + 1) for arg in node.args), OR

    def negation(self, node: Node) -> Written:
        """``NOT``, and ``IS NOT NULL``."""
        if node.args[0].op == "is null":
            return f"{self.bound(node.args[0].args[0], SUM)} IS NOT NULL", COMPARISON
        return f"NOT {self.holds(node.args[0], COMPARISON + 1)}", NOT

    def comparison(self, node: Node) -> Written:
        """A comparison."""
        left, right = (self.bound(arg, SUM) for arg in node.args)
        return f"{left} {node.op} {right}", COMPARISON

    def between(self, node: Node) -> Written:
        """``BETWEEN``."""
        inner, low, high = (self.bound(arg, SUM) for arg in node.args)
        return f"{inner} BETWEEN {low} AND {high}", COMPARISON

    def membership(self, node: Node) -> Written:
        """``IN``."""
        members = ", ".join(self.literal(node.args[0].kind, member)[0] for member in node.value)
        return f"{self.bound(node.args[0], SUM)} IN ({members})", COMPARISON

    def is_null(self, node: Node) -> Written:
        """``IS NULL``."""
        return f"{self.bound(node.args[0], SUM)} IS NULL", COMPARISON

    # -- arithmetic ----------------------------------------------------------------------------------------------------

    def sum(self, node: Node) -> Written:
        """``+`` and ``-``."""
        left, right = self.bound(node.args[0], SUM), self.bound(node.args[1], PRODUCT)
        return f"{left} {node.op} {right}", SUM

    def product(self, node: Node) -> Written:
        """``*``."""
        left, right = self.bound(node.args[0], PRODUCT), self.bound(node.args[1], SIGN)
        return f"{left} * {right}", PRODUCT

    def quotient(self, node: Node) -> Written:
        """``/``, always of doubles, by a divisor that is not 0."""
        left, right = node.args
        divided = self.bound(left, PRODUCT)
        if self.dialect.whole_division and left.op == "name":
            divided = f"CAST({divided} AS {self.dialect.double})"
        return f"{divided} / {self.divisor(right)}", PRODUCT

    def divisor(self, node: Node) -> str:
        """The divisor, NULL where it is 0."""
        if node.op == "const" and node.value:
            return self.bound(node, SIGN)
        if node.op == "nullif" and node.args[1].op == "const" and node.args[1].value == 0:
            return self.value(node)[0]
        return f"NULLIF({self.value(node)[0]}, {self.number(0.0)})"

    def minus(self, node: Node) -> Written:
        """Unary minus."""
        return f"-{self.bound(node.args[0], ATOM)}", SIGN

    def absolute(self, node: Node) -> Written:
        """``ABS``."""
        return f"ABS({self.value(node.args[0])[0]})", ATOM

    def logarithm(self, node: Node) -> Written:
        """``LN``, NULL for 0 and less."""
        zero = self.number(0.0)
        return f"LN(NULLIF(GREATEST({self.value(node.args[0])[0]}, {zero}), {zero}))", ATOM

    def rounding(self, node: Node) -> Written:
        """Rounding, halves away from zero."""
        if self.dialect.round_to is not None:
            return self.dialect.round_to.format(self.value(node.args[0])[0], node.value), ATOM
        return self.scaled_rounding(node.args[0], node.value)

    def scaled_rounding(self, node: Node, digits: int) -> Written:
        """Rounding on the double itself: scale, round to a whole number, scale back."""
        if digits == 0:
            return self.dialect.round.format(self.value(node)[0]), ATOM
        power = self.number(10.0 ** abs(digits))
        there, back = ("*", "/") if digits > 0 else ("/", "*")
        return f"{self.dialect.round.format(f'{self.bound(node, PRODUCT)} {there} {power}')} {back} {power}", PRODUCT

    def bounding(self, node: Node) -> Written:
        """NULL beyond the ceiling."""
        return self.within(self.value(node.args[0])[0], self.number(CEILING), self.number(-CEILING)), ATOM

    def within(self, written: str, high: str, low: str) -> str:
        """NULL unless ``low < written < high``, mentioning ``written`` once."""
        return f"NULLIF(NULLIF(GREATEST(LEAST({written}, {high}), {low}), {high}), {low})"

    def days(self, node: Node) -> Written:
        """``date - date``."""
        return self.dialect.days.format(self.bound(node.args[0], SUM), self.bound(node.args[1], PRODUCT)), ATOM

    def shift(self, node: Node) -> Written:
        """``date + days``."""
        start, days = self.bound(node.args[0], SUM), self.whole_days(node.args[1])
        sign = node.op[-1]
        if self.dialect.shift.startswith("DATE_ADD"):
            sign = "-" if sign == "-" else ""
        return self.dialect.shift.format(start, sign, days), ATOM

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
        return f"CASE {whens} ELSE {self.value(node.args[-1])[0]} END", ATOM

    def call(self, node: Node) -> Written:
        """A function of the same name."""
        return f"{node.op.upper()}({self.list(node.args)})", ATOM

    def extreme(self, node: Node) -> Written:
        """Least or greatest. Oracle's are NULL where any argument is; the other databases skip NULL, as this language
        does.
        """
        if self.dialect.truth_values:
            return self.call(node)
        beyond = self.beyond(node.kind, node.op == "least")
        filled = ", ".join(f"COALESCE({self.value(arg)[0]}, {beyond})" for arg in node.args)
        return f"NULLIF({node.op.upper()}({filled}), {beyond})", ATOM

    def beyond(self, kind: Kind | None, above: bool) -> str:
        """A value that no column holds: it replaces NULL where NULL must lose every comparison."""
        if kind is Kind.DATE:
            return "DATE '9999-12-31'" if above else "DATE '0001-01-01'"
        return self.number(1e120 if above else -1e120)


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
    "round": Writer.rounding,
    "fen": Writer.rounding,
    "bounded": Writer.bounding,
    "case": Writer.case,
    "coalesce": Writer.call,
    "nullif": Writer.call,
    "least": Writer.extreme,
    "greatest": Writer.extreme,
}
