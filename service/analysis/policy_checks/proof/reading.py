"""Reading: the tree of a condition as a formula over variables. Pure.

``case``, ``coalesce``, ``nullif`` and the like inside a comparison become guards in front of it, so that what is left
compares plain values (``comparisons``). A feature that reads what the law reads is replaced by its expression; any
other is a column of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import product

from service.analysis.policy_checks.proof import truth
from service.analysis.policy_checks.proof.comparisons import Comparisons
from service.analysis.policy_checks.proof.sums import as_total
from service.analysis.policy_checks.proof.trees import (
    is_default,
    names_in,
    number_column,
    outcome_of,
    rename,
    within,
)
from service.analysis.policy_checks.proof.truth import ALWAYS, NEVER, UNDECIDED, Atom, Formula
from service.analysis.policy_checks.proof.variables import Vocabulary
from service.analysis.policy_checks.proof.wording import plain_value
from service.core.attributes import AttributeTable
from service.core.expressions.tree import OPPOSITE, Kind, Node, is_missing, null

MOST_CHOICES = 24
"""A value of more branches than this is not taken apart."""
MOST_SIZE = 3_000
"""Nor is a condition of more parts than this."""
Choices = list[tuple[Formula, Node]]
"""The plain values that a value may be, each under its guard; of the guards exactly one is true."""


class Reader(Comparisons):
    """Reads the conditions of one policy; see ``Comparisons`` for ``lawful`` and ``contact``.

    ``law``: reads the law's own, whose names are raw attributes whatever the policy's table makes of them.
    """

    def __init__(
        self,
        table: AttributeTable,
        vocabulary: Vocabulary,
        lawful: frozenset[str],
        contact: bool = False,
        law: bool = False,
    ) -> None:
        super().__init__(vocabulary, lawful, contact)
        self._table, self._law = table, law

    def read(self, node: Node) -> Formula:
        """The formula of a condition whose static parts are constants."""
        return self._condition(self._expanded(node))

    # -- features ------------------------------------------------------------------------------------------------------

    @cached_property
    def _features(self) -> Mapping[str, Node]:
        """The features that read what the law reads, or bear such a name, in terms of raw attributes.

        An attribute whose range is narrower than the law's is one, too: unknown outside of its range.
        """
        found: dict[str, Node] = {}
        if self._law:
            return found
        for one in self._table.attributes:
            name = f"customer.{one.name}"
            if self.vocabulary.is_narrowed(name):
                found[name] = within(number_column(name), *self.vocabulary.stated(name))
        for feature in self._table.features:
            names = [f"customer.{feature.name}", *feature.expression.names]
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
        return found if found.size <= MOST_SIZE else self.leave_free(node)

    def _taken_apart(self, node: Node) -> Formula:
        if node.op in _CONNECTED:
            return _CONNECTED[node.op](self, node)
        if node.op in OPPOSITE:
            return self._comparison(node.op, *node.args)
        if node.op == "const":
            value = plain_value(node.value)
            return UNDECIDED if is_missing(value) else ALWAYS if value else NEVER
        return self._flag(node) if node.op == "name" else self.leave_free(node)

    def _flag(self, node: Node) -> Formula:
        name = self.name_of(node.value)
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
            return self.leave_free(node)
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
            return self.missing_column(value.value)
        if value.op in ("least", "greatest"):
            return truth.conjunction([self._missing(arg) for arg in value.args])
        total = None if value.op == "days" else as_total(value, self.largest)
        if total is None and value.op != "days":
            return self.leave_free(Node("is null", Kind.BOOLEAN, (value,)), two_valued=True)
        parts = value.args if total is None else tuple(map(number_column, sorted(total.needed)))
        return truth.disjunction([self._missing(part) for part in parts])

    # -- comparisons ---------------------------------------------------------------------------------------------------

    def _comparison(self, op: str, left: Node, right: Node) -> Formula:
        if left.kind is Kind.BOOLEAN:
            same = truth.sameness(self._condition(left), self._condition(right))
            return same if op == "=" else truth.negation(same)
        lefts, rights = self._choices(left), self._choices(right)
        if lefts is None or rights is None or len(lefts) * len(rights) > MOST_CHOICES:
            return self.leave_free(Node(op, Kind.BOOLEAN, (left, right)))
        pairs = [
            (truth.conjunction([one, other]), self.compare(op, first, second))
            for one, first in lefts
            for other, second in rights
        ]
        found = truth.choice(pairs[:-1], pairs[-1][1])
        return found if found.size <= MOST_SIZE else self.leave_free(Node(op, Kind.BOOLEAN, (left, right)))


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
