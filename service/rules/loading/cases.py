"""A rule's own cases, run when the policy is checked: with these facts and nothing else known, does the rule hold?

``given`` names facts as a rule reads them (``customer.age: 70``); ``offer`` and ``channel`` choose a row of the
catalogue and the channels. A fact that is not given is unknown. A gate passes or blocks; a fit rule fires or rests.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.core.domain import Scalar
from service.core.errors import Problem
from service.core.expressions import Expression, Kind, compile_falsity, compile_truth
from service.rules.loading.documents.entry import quote_json
from service.rules.loading.documents.folder import nearest
from service.rules.loading.goods.terms import encode_value
from service.rules.loading.rule_files import FIT_VERBS, GATE_VERBS
from service.rules.model.rules import Case, FitRule, GateRule, Schema

Columns = dict[str, object]
_MEND = "what is unknown applies, and may close it: expected coalesce(...) or a stated term"


class CaseRunner:
    """Runs cases against one policy's schema and static columns."""

    def __init__(self, schema: Schema, static: Mapping[str, NDArray[Any]]) -> None:
        """``static`` holds ``offer.*`` as (1, m, 1) and ``channel.*`` as (1, 1, k)."""
        self.schema, self.static = schema, static
        self.rows = {source: [str(one) for one in static[f"{source}.id"].flat] for source in ("offer", "channel")}

    def problems(self, rules: Sequence[GateRule | FitRule]) -> list[Problem]:
        """Every case that cannot be run, or has another result than written."""
        return [
            Problem(f'{rule.concern}.yaml: rule "{rule.id}"', f"cases[{place}] {fault}")
            for rule in rules
            for place, case in enumerate(rule.cases, 1)
            for fault in self._faults(rule, case)
        ]

    def undecided_gates(self, rules: Sequence[GateRule | FitRule]) -> list[Problem]:
        """Gates whose ``applies`` is unknown for an offer or channel although the policy alone decides it: they would
        close.
        """
        gates = [rule for rule in rules if isinstance(rule, GateRule) and rule.applies is not None]
        return [
            Problem(f'{gate.concern}.yaml: rule "{gate.id}"', f"applies is unknown for {cell}; {_MEND}")
            for gate in gates
            for cell in self._unknown_cells(gate.applies)
        ]

    def _unknown_cells(self, applies: Expression | None) -> list[str]:
        """The first offer or channel for which a static condition is neither true nor false."""
        if applies is None or not applies.static:
            return []
        known = np.atleast_3d(
            compile_truth(applies, many=True)(self.static) | compile_falsity(applies, many=True)(self.static)
        )
        return [self._cell(int(offer), int(channel), applies) for _, offer, channel in np.argwhere(~known)[:1]]

    def _cell(self, offer: int, channel: int, applies: Expression) -> str:
        """The cell by its offer, or by its channel where only channels matter."""
        source, place = ("channel", channel) if applies.axes == {"channel"} else ("offer", offer)
        return f'{source} "{self.rows[source][place]}"'

    def _faults(self, rule: GateRule | FitRule, case: Case) -> list[str]:
        unfit = [*self._unfit(case.given), *self._unchosen(rule, case.given)]
        if unfit:
            return unfit
        verbs = GATE_VERBS if isinstance(rule, GateRule) else FIT_VERBS
        held = rule_holds(rule, self._columns(rule, case.given))
        return [] if held is case.holds else [f"expected that it {verbs[not case.holds]}, but it {verbs[not held]}"]

    def _unfit(self, given: Mapping[str, Scalar]) -> list[str]:
        """The facts that no customer can have, and the rows that are not there."""
        return [fault for name, value in given.items() for fault in self._objection(name, value)]

    def _objection(self, name: str, value: Scalar) -> list[str]:
        if name in self.rows:
            known = tuple(self.rows[name])
            return [] if value in known else [f"knows no {name} {quote_json(value)}; {nearest(str(value), known)}"]
        if name not in self.schema:
            return [f'gives "{name}"; {nearest(name, tuple(self.schema))[:200]}']
        kind = self.schema[name].kind
        return [] if _is_of_kind(kind, value) else [f"gives {name}: expected a {kind}, got {quote_json(value)}"]

    def _unchosen(self, rule: GateRule | FitRule, given: Mapping[str, Scalar]) -> list[str]:
        """A case of a rule that reads ``offer.*`` must name its offer; of one that reads ``channel.*``, its channel."""
        read = {name for expression in _expressions(rule) for name in expression.names} - set(given)
        return [
            f"must say which {source} it speaks of ({source}: ...)"
            for source in self.rows
            if source not in given and any(name.startswith(f"{source}.") for name in read)
        ]

    def _columns(self, rule: GateRule | FitRule, given: Mapping[str, Scalar]) -> Columns:
        names = {name for expression in _expressions(rule) for name in expression.names}
        return {name: self._column(name, given) for name in names}

    def _column(self, name: str, given: Mapping[str, Scalar]) -> object:
        source = name.partition(".")[0]
        if name not in given and source in self.rows:
            return self.static[name].reshape(-1)[[self.rows[source].index(str(given[source]))]].reshape(1, 1, 1)
        kind = self.schema[name].kind
        encoded = encode_value(kind, given.get(name))
        return np.array(encoded, dtype=object if kind is Kind.TEXT else float).reshape(1, 1, 1)


def rule_holds(rule: GateRule | FitRule, columns: Mapping[str, object]) -> bool:
    """Whether a gate's ``require`` is true or its ``applies`` false; whether a fit rule's ``when`` is true.

    ``columns`` are all (1, 1, 1).
    """
    if isinstance(rule, FitRule):
        return _is(compile_truth(rule.when, many=True)(columns))
    spared = rule.applies is not None and _is(compile_falsity(rule.applies, many=True)(columns))
    return spared or _is(compile_truth(rule.require, many=True)(columns))


def _is(found: object) -> bool:
    return bool(np.all(found))  # type: ignore[call-overload]


def _expressions(rule: GateRule | FitRule) -> list[Expression]:
    if isinstance(rule, FitRule):
        return [rule.when]
    return [rule.require, *([rule.applies] if rule.applies is not None else [])]


def _is_of_kind(kind: Kind, value: Scalar) -> bool:
    if value is None:
        return True
    if kind is Kind.BOOLEAN:
        return isinstance(value, bool)
    if kind in (Kind.TEXT, Kind.DATE):
        return isinstance(value, str) and (kind is Kind.TEXT or _is_date(value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: str) -> bool:
    try:
        return encode_value(Kind.DATE, value) is not None
    except ValueError:
        return False
