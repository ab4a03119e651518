"""Comparisons: of plain values, without ``case`` or ``coalesce`` inside, as atoms over variables. Pure.

A value of one column is cut where it changes (``cuts``); a date is read against ``context.today``; a sum of columns is
one number (``sums``). All else is free: true, false or unknown, the same for the same text.
"""

import operator
from collections.abc import Callable, Mapping

from service.analysis.policy_checks.proof import truth
from service.analysis.policy_checks.proof.cuts import Uncut, find_cuts, slope
from service.analysis.policy_checks.proof.sums import Total, as_total
from service.analysis.policy_checks.proof.trees import (
    TODAY,
    YEAR_AGO,
    days_around,
    decide,
    is_unknown,
    names_in,
    outcome_of,
    write_factor,
)
from service.analysis.policy_checks.proof.truth import ALWAYS, NEVER, UNDECIDED, Atom, Formula, Value
from service.analysis.policy_checks.proof.variables import YEAR_DAYS, Variable, Vocabulary
from service.analysis.policy_checks.proof.wording import plain_value, spell, spell_number
from service.core.expressions.tree import MIRRORED, NAN, Columns, Kind, Node, is_missing
from service.rules.history.columns import NOTHING


class Comparisons:
    """Reads comparisons; ``lawful`` are the names that the law reads.

    ``contact``: those of contact rules, which count the past also of customers without personalisation; so its counts
    are variables of their own.
    """

    def __init__(self, vocabulary: Vocabulary, lawful: frozenset[str], contact: bool = False) -> None:
        self.vocabulary, self.lawful = vocabulary, lawful
        self._apart = frozenset(NOTHING) if contact else frozenset[str]()

    def compare(self, op: str, left: Node, right: Node) -> Formula:
        """A comparison of plain values."""
        if left.op == "const" and right.op != "const":
            op, left, right = MIRRORED[op], right, left
        node, names = Node(op, Kind.BOOLEAN, (left, right)), names_in(left, right)
        if any(side.op == "const" and is_missing(side.value) for side in (left, right)):
            return UNDECIDED
        if not names:
            return _CONSTANTS[decide(node, {})]
        if left.kind is Kind.TEXT:
            return self._words(node) if len(names) == 1 and right.op == "const" else self.leave_free(node)
        dates = names - {TODAY, YEAR_AGO}
        if len(dates) <= 1 and self._moves_with_the_day(node, names):
            return self._dated(node, next(iter(dates), None))
        return self._of_one(node, next(iter(names))) if len(names) == 1 else self._of_many(node)

    def _moves_with_the_day(self, node: Node, names: frozenset[str]) -> bool:
        """Whether a comparison of days stays as it is when all of them move together."""
        absolute = any(each.op == "const" and each.kind is Kind.DATE for each in node.walk())
        relative = names & {TODAY, YEAR_AGO}
        return bool(relative) and not absolute and all(self.vocabulary.kind(name) is Kind.DATE for name in names)

    def _words(self, node: Node) -> Formula:
        name, word = self.name_of(node.args[0].value), plain_value(node.args[1].value)
        if word is None:
            return UNDECIDED
        equal, other = (truth.TRUE, truth.FALSE) if node.op == "=" else (truth.FALSE, truth.TRUE)

        def judge(value: Value) -> int:
            return truth.UNKNOWN if value is None else equal if value == word else other

        return Atom(spell(node), [name], judge, {name: (word,)}, key=f"{name}: {spell(node)}")

    def _of_one(self, node: Node, column: str) -> Formula:
        """A comparison of one column with constants."""
        variable = self.vocabulary.column(column, self._own(column))
        if variable.kind is Kind.DATE:
            return self._on_a_day(node, variable)
        cuts = self._cuts(node, {column: 1}, lambda number: {column: number}, variable)
        if cuts is None:
            return self.leave_free(node)

        def judge(value: Value) -> int:
            return decide(node, {column: NAN if value is None else value})

        return Atom(spell(node), [variable.name], judge, {variable.name: cuts}, key=f"{variable.name}: {spell(node)}")

    def _on_a_day(self, node: Node, variable: Variable) -> Formula:
        """A comparison of a date with days of the calendar: free, but for an unknown date."""
        free = self.leave_free(node, two_valued=True, opaque=False)
        if not variable.nullable:
            return free
        missing = Atom(f"{variable.name} is null", [variable.name], is_unknown)
        return truth.choice([(missing, UNDECIDED)], free)

    def _dated(self, node: Node, column: str | None) -> Formula:
        """A comparison of days: of one date, of today, and of the day a year ago."""
        year = self.vocabulary.add(Variable(YEAR_DAYS, Kind.NUMBER, 365.0, 366.0, whole=True, nullable=False))
        if column is None:
            return Atom(spell(node), [year], lambda days: decide(node, days_around(days)), {year: (365.0, 366.0)})
        variable, cuts = self.vocabulary.column(column, self._own(column)), set[float]()
        for days in (365.0, 366.0):
            found = self._cuts(node, {column: 1}, lambda ago, days=days: days_around(days, column, ago), variable)  # type: ignore[misc]
            if found is None:
                return self.leave_free(node)
            cuts |= set(found)
        return Atom(
            spell(node),
            [variable.name, year],
            lambda ago, days: decide(node, days_around(days, column, ago)),
            {variable.name: tuple(sorted(cuts)), year: (365.0, 366.0)},
        )

    def _cuts(
        self, node: Node, slopes: Mapping[str, int], place: Callable[[float], Columns], variable: Variable
    ) -> tuple[float, ...] | None:
        """Where a comparison of one column changes; None where it cannot be told."""
        left, right = node.args
        if left.op == "name" and right.op == "const" and left.kind is Kind.NUMBER:
            return (float(right.value),)
        moves = slope(left, slopes), slope(right, slopes)
        if None in moves or moves[0] == moves[1] != 0:
            return None
        try:
            return tuple(find_cuts(left, right, place, variable.low, variable.high, variable.whole))
        except Uncut:
            return None

    def _of_many(self, node: Node) -> Formula:
        """A comparison of several columns: as one sum, or free."""
        left, right = (as_total(arg, self.largest) for arg in node.args)
        if left is None or right is None:
            return self.leave_free(node)
        total = left.plus(right.scale(-1.0))
        if not total.factors:
            return self.leave_free(node)
        needed = [self.missing_column(name) for name in sorted(total.needed)]
        lead = min(total.factors)
        op = node.op if total.factors[lead] > 0.0 else MIRRORED[node.op]
        total = total.divide(abs(total.factors[lead]))
        return truth.choice([(truth.disjunction(needed), UNDECIDED)], self._sum(op, total))

    def _sum(self, op: str, total: Total) -> Formula:
        """A sum against a figure; so near to the figure that rounding decides, either way."""
        factors = total.factors
        sign = 1.0 if factors[min(factors)] > 0.0 else -1.0
        sum_text = " + ".join(f"{write_factor(sign * factors[part])}{part}" for part in sorted(factors))
        figure, near = -sign * total.constant, total.tolerance
        text = f"{sum_text} {op} {spell_number(figure)}"
        name = self.vocabulary.add(Variable(f"the sum {sum_text}", Kind.NUMBER, nullable=False, blurred=True))
        edge = self.vocabulary.add(Variable(f"whether {text}, by rounding", Kind.BOOLEAN, nullable=False))

        def is_near(value: Value) -> int:
            assert isinstance(value, float)
            return truth.TRUE if abs(value - figure) <= near else truth.FALSE

        def judge(value: Value) -> int:
            assert isinstance(value, float)
            return truth.TRUE if _COMPARED[op](value, figure) else truth.FALSE

        cuts = {name: (figure - near, figure + near)}
        columns = frozenset(factors)
        by_rounding = (Atom(f"{text}, nearly", [name], is_near, cuts, columns=columns), Atom(edge, [edge], outcome_of))
        return truth.choice(
            [by_rounding], Atom(text, [name], judge, {name: (figure - near, figure, figure + near)}, columns=columns)
        )

    def leave_free(self, node: Node, two_valued: bool = False, opaque: bool = True) -> Formula:
        """A condition as a truth value of its own: nothing but its text is known of it.

        ``opaque``: it might be known better, where it reads nothing but what the law reads.
        """
        text = spell(node)
        names = names_in(node)
        key = f"{text}{' (contact)' if names & self._apart else ''}"
        name = self.vocabulary.add(Variable(f"whether {key}", Kind.BOOLEAN, nullable=not two_valued))
        known_better = opaque and bool(names) and names <= self.lawful
        return Atom(key, [name], outcome_of, opaque=known_better, columns=names)

    def name_of(self, name: str) -> str:
        """The variable of a column."""
        return self.vocabulary.column(name, self._own(name)).name

    def _own(self, name: str) -> str | None:
        return f"{name} (contact)" if name in self._apart else None

    def largest(self, name: str) -> float:
        """The largest size of a column's numbers."""
        return max(map(abs, self.vocabulary.range(name)))

    def missing_column(self, column: str) -> Formula:
        """Whether a column is NULL."""
        name = self.name_of(column)
        return Atom(f"{name} is null", [name], is_unknown)


_CONSTANTS = {truth.TRUE: ALWAYS, truth.FALSE: NEVER, truth.UNKNOWN: UNDECIDED}
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
