"""Cells: the gates that guard each offer in each channel, and the statutory ones, as formulas. Pure.

A gate guards a cell where no arm and no test of the policy can drop it. It passes where ``require`` is true, where
``applies`` is false, or where the customer is outside its strategy's segments; a label that the customer dropped spares
nobody. What the policy alone decides is folded for the cell first; cells of the same figures share their formulas.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from service.analysis.policy_checks.proof import truth
from service.analysis.policy_checks.proof.questions import Questions
from service.analysis.policy_checks.proof.reading import Reader
from service.analysis.policy_checks.proof.truth import ALWAYS, Formula
from service.analysis.policy_checks.proof.variables import Vocabulary
from service.core.attributes import AttributeTable
from service.core.expressions import Expression, Kind, Name, fold, parse
from service.core.expressions.tree import Columns, is_missing
from service.decision.law import kind_columns
from service.rules.loading.rule_files import FALLS_AWAY
from service.rules.model.contact import ConsentRule
from service.rules.policy import Channel, GateRule, Offer, Policy
from service.rules.rulebook import falls_away
from service.rules.statutory import ANSWERS, LAW_COLUMNS, LAW_SCHEMA, STATUTORY, StatutoryGate, read_expressions

CONSENT = "history.consent"
MOST_QUESTIONS = 20_000
"""Questions that are kept for further policies."""
_OWN_ANSWERS = {"contact": "consent.contact"}
_FLAG = Name(Kind.BOOLEAN, frozenset({"customer"}))


@dataclass(frozen=True, slots=True)
class Guard:
    """One gate of the policy in one cell: its rule, text and names, and the formula that is true where it passes."""

    rule: str
    text: str
    names: frozenset[str]
    passes: Formula


@dataclass(frozen=True, slots=True)
class Cell:
    """One offer in one channel."""

    offer: Offer
    channel: Channel
    guards: tuple[Guard, ...]


@dataclass(frozen=True)
class _Gate:
    """A gate before it is folded: a customer passes where ``require`` is true or one of ``spares`` is false."""

    id: str
    require: Expression
    spares: tuple[Expression, ...]
    contact: bool = False
    law: bool = False
    static_names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = frozenset().union(*(one.names for one in (self.require, *self.spares)))
        static = tuple(sorted(name for name in names if name.startswith(("offer.", "channel.", "kind."))))
        object.__setattr__(self, "static_names", static)

    @property
    def text(self) -> str:
        return self.require.text

    @cached_property
    def texts(self) -> tuple[str, ...]:
        return self.require.text, *(one.text for one in self.spares)


class Readings:
    """What was read under one table of attributes and one schema: policies that share these share the work.

    Threads may share it too: whatever two of them find at once is equal.
    """

    def __init__(self, table: AttributeTable, names: Mapping[str, Name]) -> None:
        self.vocabulary = Vocabulary(table, names)
        self.questions = Questions(self.vocabulary)
        lawful = frozenset({*LAW_COLUMNS, *ANSWERS})
        self._law = Reader(table, self.vocabulary, lawful, law=True)
        self._readers = {contact: Reader(table, self.vocabulary, lawful, contact) for contact in (False, True)}
        self._read: dict[tuple[Any, ...], Formula] = {}

    def passes(self, gate: _Gate, figures: Sequence[Any], columns: Callable[[], Columns]) -> Formula:
        """The formula that is true where a gate passes in a cell of these figures, which ``columns`` makes columns."""
        key = (*gate.texts, gate.contact, gate.law, *figures)
        if key not in self._read:
            self._read[key] = self._formula(gate, columns())
        return self._read[key]

    def _formula(self, gate: _Gate, columns: Columns) -> Formula:
        reader = self._law if gate.law else self._readers[gate.contact]
        require, *spares = (reader.read(fold(one, columns).program) for one in (gate.require, *gate.spares))
        return truth.disjunction(
            [truth.certainty(require), *(truth.certainty(truth.negation(spare)) for spare in spares)]
        )


@lru_cache(maxsize=2)
def _readings(table: AttributeTable, names: tuple[tuple[str, Name], ...]) -> Readings:
    return Readings(table, dict(names))


def _shared_readings(policy: Policy) -> Readings:
    """The readings of the policy's table and schema; begun anew once they hold very many."""
    names = {**policy.schema, **LAW_SCHEMA, **dict.fromkeys(_purposes(policy), _FLAG)}
    found = _readings(policy.attributes, tuple(sorted(names.items())))
    if len(found.questions) <= MOST_QUESTIONS:
        return found
    _readings.cache_clear()
    return _readings(policy.attributes, tuple(sorted(names.items())))


class Cells:
    """The cells of a policy, and the laws in each of them."""

    def __init__(self, policy: Policy) -> None:
        self._policy, self.readings = policy, _shared_readings(policy)
        self._static = {**policy.static_columns, **kind_columns(policy)}
        self.vocabulary = self.readings.vocabulary
        self._gates = [_of_rule(rule, policy) for rule in policy.gates if not _may_fall_away(rule, policy)]
        self._laws = [_of_law(row) for row in STATUTORY]
        self._consents = {
            channel.id: [
                _of_consent(rule, channel) for rule in policy.contact.consents if rule.direction == channel.direction
            ]
            for channel in policy.channels
        }

    def __iter__(self) -> Iterator[Cell]:
        """Every cell, offer by offer."""
        for offer_place, offer in enumerate(self._policy.offers):
            for channel_place, channel in enumerate(self._policy.channels):
                yield Cell(offer, channel, tuple(self._guards(channel, offer_place, channel_place)))

    def law(self, row: StatutoryGate, offer_place: int, channel_place: int) -> Formula:
        """The statutory gate in that cell: true where it passes."""
        return self._passes(self._laws[STATUTORY.index(row)], offer_place, channel_place)

    def _guards(self, channel: Channel, offer_place: int, channel_place: int) -> Iterator[Guard]:
        for gate in (*self._gates, *self._consents[channel.id]):
            passes = self._passes(gate, offer_place, channel_place)
            if passes is not ALWAYS:
                yield Guard(gate.id, gate.text, gate.require.names, passes)

    def _passes(self, gate: _Gate, offer_place: int, channel_place: int) -> Formula:
        figures = [self._figure(name, offer_place, channel_place) for name in gate.static_names]
        return self.readings.passes(gate, figures, lambda: self._columns(gate, figures))

    def _columns(self, gate: _Gate, figures: Sequence[Any]) -> dict[str, Any]:
        return {name: self._column(name, value) for name, value in zip(gate.static_names, figures, strict=True)}

    def _figure(self, name: str, offer_place: int, channel_place: int) -> Any:
        """What the cell states of a name; None where the policy has no such term, or the cell does not state it."""
        column = self._static.get(name)
        if column is None:
            return None
        value = column.flat[channel_place if name.startswith("channel.") else offer_place]
        return None if is_missing(value) else value

    def _column(self, name: str, value: Any) -> Any:
        """What one cell states, as the column of a grid of one cell."""
        column = self._static.get(name)
        if column is not None and column.dtype == object:
            return np.full((1, 1, 1), value, dtype=object)
        return np.full((1, 1, 1), np.nan if value is None else value)


def _of_consent(rule: ConsentRule, channel: Channel) -> _Gate:
    """A consent rule in one channel as the expression it means."""
    name = _answer(rule, channel)
    text = f"consent.personal and coalesce(consent.contact, true) and {name}"
    return _Gate(rule.id, parse(text, {**ANSWERS, name: _FLAG}, Kind.BOOLEAN), ())


def _of_rule(rule: GateRule, policy: Policy) -> _Gate:
    strategy = policy.strategies.get(rule.strategy)
    target = strategy.target if strategy is not None and rule.stage in FALLS_AWAY else None
    spares = [one for one in (rule.applies, target) if one is not None]
    return _Gate(rule.id, rule.require, tuple(spares), rule.stage == "contact")


def _of_law(row: StatutoryGate) -> _Gate:
    applies, require = read_expressions(row)
    return _Gate(row.id, require, () if applies is None else (applies,), law=True)


def _may_fall_away(rule: GateRule, policy: Policy) -> bool:
    """Whether a standing test serves some customers without the rule."""
    return any(test.strategy is not None and falls_away(rule, test.strategy) for test in policy.experiments.tests)


def _answer(rule: ConsentRule, channel: Channel) -> str:
    """The name under which the customer's answer to a consent rule is read."""
    purpose = rule.purpose_for(channel.id)
    return CONSENT if purpose == f"marketing:{channel.id}" else _OWN_ANSWERS.get(purpose, _own(purpose))


def _own(purpose: str) -> str:
    """The name of the answer to a purpose that the law does not know."""
    return "consent.to_" + "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in purpose)


def _purposes(policy: Policy) -> set[str]:
    rules: Sequence[ConsentRule] = policy.contact.consents
    return {_own(rule.purpose_for(channel.id)) for rule in rules for channel in policy.channels}
