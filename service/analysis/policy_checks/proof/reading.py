"""Reading: the tree of a condition as a formula over variables. Pure.

``case``, ``coalesce``, ``nullif`` and the like inside a comparison become guards in front of it, so that what is left
compares plain values. Of these, a value of one column is cut where it changes (``cuts``); a date is read against
``context.today``; a sum of columns is one number (``sums``). All else is free: true, false or unknown, the same for the
same text. A feature that reads what the law reads is replaced by its expression; any other is a column of its own.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import product

from service.analysis.policy_checks.proof import truth
from service.analysis.policy_checks.proof.cuts import Uncut, find_cuts, slope
from service.analysis.policy_checks.proof.sums import Total, as_total
from service.analysis.policy_checks.proof.trees import (
    TODAY,
    YEAR_AGO,
    days_around,
    decide,
    is_default,
    is_unknown,
    names_in,
    number_column,
    outcome_of,
    rename,
    write_factor,
)
from service.analysis.policy_checks.proof.truth import ALWAYS, NEVER, UNDECIDED, Atom, Formula, Value
from service.analysis.policy_checks.proof.variables import YEAR_DAYS, Variable, Vocabulary
from service.analysis.policy_checks.proof.wording import plain_value, spell, spell_number
from service.core.attributes import AttributeTable
from service.core.expressions.tree import MIRRORED, NAN, OPPOSITE, Columns, Kind, Node, is_missing, null
from service.rules.history.columns import NOTHING

MOST_CHOICES = 24
"""A value of more branches than this is not taken apart."""
MOST_SIZE = 3_000
"""Nor is a condition of more parts than this."""
Choices = list[tuple[Formula, Node]]
"""The plain values that a value may be, each under its guard; of the guards exactly one is true."""


class Reader:
    """Reads the conditions of one policy; ``lawful`` are the names that the law reads.

    ``contact``: those of contact rules, which count the past also of customers without personalisation; so its counts
    are variables of their own.
    """

    def __init__(
        self, table: AttributeTable, vocabulary: Vocabulary, lawful: frozenset[str], contact: bool = False
    ) -> None:
        self.vocabulary, self.lawful = vocabulary, lawful
        self._table = table
        self._apart = frozenset(NOTHING) if contact else frozenset[str]()

    def read(self, node: Node) -> Formula:
        """The formula of a condition whose static parts are constants."""
        return self._condition(self._expanded(node))

    # -- features ------------------------------------------------------------------------------------------------------

    @cached_property
    def _features(self) -> Mapping[str, Node]:
        """The features that read what the law reads, in terms of raw attributes."""
        found: dict[str, Node] = {}
        for feature in self._table.features:
            names = feature.expression.names
            if any(name in self.lawful or name in found for name in names):
                tree = rename(feature.expression.tree, found)
                guarded = tree.kind in (Kind.NUMBER, Kind.MONEY)
                found[f"customer.{feature.name}"] = replace(tree, op="bounded", args=(tree,)) if guarded else tree
        return found

    def _expanded(self, node: Node) -> Node:
        return rename(node, self._features)

    # -- conditions ----------------------------------------------------------------------------------------------------

    def _condition(self, node: Node) -> Formula:
        found = self._taken_apart(node)
        return found if found.size <= MOST_SIZE else self._free(node)

    def _taken_apart(self, node: Node) -> Formula:
        if node.op in _CONNECTED:
            return _CONNECTED[node.op](self, node)
        if node.op in OPPOSITE:
            return self._comparison(node.op, *node.args)
        if node.op == "const":
            value = plain_value(node.value)
            return UNDECIDED if is_missing(value) else ALWAYS if value else NEVER
        return self._flag(node) if node.op == "name" else self._free(node)

    def _flag(self, node: Node) -> Formula:
        name = self._variable(node.value)
        return Atom(name, [name], outcome_of)

    def _chain(self, node: Node) -> Formula:
        join = truth.conjunction if node.op == "and" else truth.disjunction
        return join([self._condition(arg) for arg in node.args])

    def _case(self, node: Node) -> Formula:
        pairs = zip(node.args[:-1:2], node.args[1:-1:2], strict=True)
        branches = [(self._condition(guard), self._condition(branch)) for guard, branch in pairs]
        return truth.choice(branches, self._condition(node.args[-1]))

    def _first_known(self, node: Node) -> Formula:
        return truth.first_known([self._condition(arg) for arg in node.args])

    def _nullif(self, node: Node) -> Formula:
        left, right = (self._condition(arg) for arg in node.args)
        return truth.choice([(truth.sameness(left, right), UNDECIDED)], left)

    def _between(self, node: Node) -> Formula:
        inner, low, high = node.args
        return truth.conjunction([self._comparison(">=", inner, low), self._comparison("<=", inner, high)])

    def _member(self, node: Node) -> Formula:
        (inner,), kind = node.args, node.args[0].kind
        members = [Node("const", kind, value=member) for member in node.value]
        return truth.disjunction([self._comparison("=", inner, member) for member in members])

    def _is_null(self, node: Node) -> Formula:
        (inner,) = node.args
        if inner.kind is Kind.BOOLEAN:
            return truth.certainty(self._condition(inner), truth.UNKNOWN)
        choices = self._choices(inner)
        if choices is None:
            return self._free(node)
        return truth.choice([(guard, self._missing(value)) for guard, value in choices], NEVER)

    # -- values under guards -------------------------------------------------------------------------------------------

    def _choices(self, node: Node) -> Choices | None:
        """The plain values that a value may be; None where there are too many."""
        if node.op in ("name", "const") or is_default(node):
            return [(ALWAYS, node)]
        if node.op == "case":
            return self._case_choices(node)
        args = [self._choices(arg) for arg in node.args]
        known = [each for each in args if each is not None]
        count = 1
        for each in known:
            count *= len(each)
        if len(known) < len(args) or count > MOST_CHOICES:
            return None
        return self._joined(node, known)

    def _joined(self, node: Node, args: list[Choices]) -> Choices | None:
        found: Choices = []
        for combination in product(*args):
            guard = truth.conjunction(each for each, _ in combination)
            values = tuple(value for _, value in combination)
            for inner, value in _LIFTED.get(node.op, Reader._kept)(self, node, values):
                found.append((truth.conjunction([guard, inner]), value))
        return found if len(found) <= MOST_CHOICES else None

    def _kept(self, node: Node, values: tuple[Node, ...]) -> Choices:
        return [(ALWAYS, replace(node, args=values))]

    def _case_choices(self, node: Node) -> Choices | None:
        found: Choices = []
        open_: Formula = ALWAYS
        for condition, branch in [*zip(node.args[:-1:2], node.args[1:-1:2], strict=True), (None, node.args[-1])]:
            holds = ALWAYS if condition is None else truth.certainty(self._condition(condition))
            inner = self._choices(branch)
            if inner is None:
                return None
            found += [(truth.conjunction([open_, holds, guard]), value) for guard, value in inner]
            open_ = truth.conjunction([open_, truth.negation(holds)])
        return [pair for pair in found if pair[0] is not NEVER] if len(found) <= MOST_CHOICES else None

    def _first_known_choices(self, node: Node, values: tuple[Node, ...]) -> Choices:
        found: Choices = []
        open_: Formula = ALWAYS
        for value in values[:-1]:
            missing = self._missing(value)
            found.append((truth.conjunction([open_, truth.negation(missing)]), value))
            open_ = truth.conjunction([open_, missing])
        return [*found, (open_, values[-1])]

    def _nullif_choices(self, node: Node, values: tuple[Node, ...]) -> Choices:
        equal = truth.certainty(self._comparison("=", *values))
        nothing = Node("const", node.kind, value=null(node.kind))
        return [(equal, nothing), (truth.negation(equal), values[0])]

    def _absolute_choices(self, node: Node, values: tuple[Node, ...]) -> Choices:
        (value,) = values
        zero = Node("const", value.kind, value=0.0)
        negative = truth.certainty(self._comparison("<", value, zero))
        turned = replace(node, op="neg", args=values)
        return [(negative, turned), (truth.negation(negative), value)]

    def _extreme_choices(self, node: Node, values: tuple[Node, ...]) -> Choices:
        """The smaller or larger of two at a time; a value of one column alone stays as it is."""
        if len(names_in(*values)) < 2:
            return self._kept(node, values)
        op, (first, *rest) = "<" if node.op == "least" else ">", values
        found: Choices = [(ALWAYS, first)]
        for value in rest:
            found = [pair for guard, best in found for pair in self._better(op, guard, best, value)]
            if len(found) > MOST_CHOICES:
                break
        return found

    def _better(self, op: str, guard: Formula, best: Node, value: Node) -> Choices:
        wins = truth.certainty(self._comparison(op, value, best))
        taken = truth.conjunction(
            [truth.negation(self._missing(value)), truth.disjunction([wins, self._missing(best)])]
        )
        return [
            (truth.conjunction([guard, taken]), value),
            (truth.conjunction([guard, truth.negation(taken)]), best),
        ]

    def _missing(self, value: Node) -> Formula:
        """Whether a plain value is NULL."""
        if value.op == "const" or is_default(value):
            return ALWAYS if value.op == "const" and is_missing(value.value) else NEVER
        if value.op == "name":
            name = self._variable(value.value)
            return Atom(f"{name} is null", [name], is_unknown)
        if value.op in ("least", "greatest"):
            return truth.conjunction([self._missing(arg) for arg in value.args])
        total = None if value.op == "days" else as_total(value, self._size)
        if total is None and value.op != "days":
            return self._free(Node("is null", Kind.BOOLEAN, (value,)), two_valued=True)
        parts = value.args if total is None else tuple(map(number_column, sorted(total.needed)))
        return truth.disjunction([self._missing(part) for part in parts])

    # -- comparisons ---------------------------------------------------------------------------------------------------

    def _comparison(self, op: str, left: Node, right: Node) -> Formula:
        if left.kind is Kind.BOOLEAN:
            same = truth.sameness(self._condition(left), self._condition(right))
            return same if op == "=" else truth.negation(same)
        lefts, rights = self._choices(left), self._choices(right)
        if lefts is None or rights is None or len(lefts) * len(rights) > MOST_CHOICES:
            return self._free(Node(op, Kind.BOOLEAN, (left, right)))
        pairs = [
            (truth.conjunction([one, other]), self._plain(op, first, second))
            for one, first in lefts
            for other, second in rights
        ]
        found = truth.choice(pairs[:-1], pairs[-1][1])
        return found if found.size <= MOST_SIZE else self._free(Node(op, Kind.BOOLEAN, (left, right)))

    def _plain(self, op: str, left: Node, right: Node) -> Formula:
        """A comparison of plain values."""
        if left.op == "const" and right.op != "const":
            op, left, right = MIRRORED[op], right, left
        node, names = Node(op, Kind.BOOLEAN, (left, right)), names_in(left, right)
        if any(side.op == "const" and is_missing(side.value) for side in (left, right)):
            return UNDECIDED
        if not names:
            return _CONSTANTS[decide(node, {})]
        if left.kind is Kind.TEXT:
            return self._words(node) if len(names) == 1 and right.op == "const" else self._free(node)
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
        name, word = self._variable(node.args[0].value), plain_value(node.args[1].value)
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
            return self._free(node)

        def judge(value: Value) -> int:
            return decide(node, {column: NAN if value is None else value})

        return Atom(spell(node), [variable.name], judge, {variable.name: cuts}, key=f"{variable.name}: {spell(node)}")

    def _on_a_day(self, node: Node, variable: Variable) -> Formula:
        """A comparison of a date with days of the calendar: free, but for an unknown date."""
        free = self._free(node, two_valued=True, opaque=False)
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
                return self._free(node)
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
        left, right = (as_total(arg, self._size) for arg in node.args)
        if left is None or right is None:
            return self._free(node)
        total = left.plus(right.scale(-1.0))
        if not total.factors:
            return self._free(node)
        needed = [self._missing(number_column(name)) for name in sorted(total.needed)]
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

    # -- the rest ------------------------------------------------------------------------------------------------------

    def _free(self, node: Node, two_valued: bool = False, opaque: bool = True) -> Formula:
        """A condition as a truth value of its own: nothing but its text is known of it.

        ``opaque``: it might be known better, where it reads nothing but what the law reads.
        """
        text = spell(node)
        names = names_in(node)
        key = f"{text}{' (contact)' if names & self._apart else ''}"
        name = self.vocabulary.add(Variable(f"whether {key}", Kind.BOOLEAN, nullable=not two_valued))
        known_better = opaque and bool(names) and names <= self.lawful
        return Atom(key, [name], outcome_of, opaque=known_better, columns=names)

    def _variable(self, name: str) -> str:
        return self.vocabulary.column(name, self._own(name)).name

    def _own(self, name: str) -> str | None:
        return f"{name} (contact)" if name in self._apart else None

    def _size(self, name: str) -> float:
        return max(map(abs, self.vocabulary.range(name)))


_CONNECTED: Mapping[str, Callable[[Reader, Node], Formula]] = {
    "not": lambda reader, node: truth.negation(reader._condition(node.args[0])),
    "and": Reader._chain,
    "or": Reader._chain,
    "case": Reader._case,
    "coalesce": Reader._first_known,
    "nullif": Reader._nullif,
    "between": Reader._between,
    "in": Reader._member,
    "is null": Reader._is_null,
}
_LIFTED: Mapping[str, Callable[[Reader, Node, tuple[Node, ...]], Choices]] = {
    "coalesce": Reader._first_known_choices,
    "nullif": Reader._nullif_choices,
    "abs": Reader._absolute_choices,
    "least": Reader._extreme_choices,
    "greatest": Reader._extreme_choices,
}
_CONSTANTS = {truth.TRUE: ALWAYS, truth.FALSE: NEVER, truth.UNKNOWN: UNDECIDED}
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
