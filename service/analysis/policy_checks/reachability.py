"""Whether an offer can reach anybody: customers made up from the policy's own words, walked towards what is closed.

The walk starts from a stranger and from a few customers whose balances are known; where a gate reads the trained
segment, from each of them in each segment too. Every step tries each single fact that a rule could depend on (values
and bounds of the rules, cases, ranges of the attributes, segments). It goes on from the customer who comes closest to
opening what is not reached yet. An offer counts as reached when any customer on the way could be offered it. The walk
finds witnesses and proves no absence: what stays unreached is a warning.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from service.core.domain import Context, Scalar, Snapshot
from service.core.expressions import Expression, Kind
from service.core.grid import Array, WorkCalendar
from service.decision.batch import population_of
from service.decision.compiled import CompiledPolicy, JudgedCells
from service.decision.population import Population
from service.rules.contact_gates import Crowd
from service.rules.policy import FitRule, GateRule, Policy
from service.rules.rulebook import open_cells
from service.scoring.propensity import SEGMENT

NOON = 1_773_115_200_000
"""2026-03-10 12:00 in Shanghai, a Tuesday: no holiday, no quiet hour."""
TODAY = "2026-03-10"
STEPS = 25
SEGMENT_NAME = "customer.segment"
Facts = dict[str, Scalar]
"""Raw attributes by name, and under ``SEGMENT_NAME`` the trained segment."""
MONEY = (0.0, 12_000.0, 120_000.0, 1_200_000.0)
"""What each balance of a customer to start from is, in yuan."""


def find_reached(compiled: CompiledPolicy) -> Array:
    """(m, k): the treatments that some customer tried could be offered: open, and worth their cost."""
    found = np.zeros((len(compiled.places.offers), len(compiled.places.channels)), dtype=bool)
    segments = _segments(compiled.policy)
    choices: list[tuple[str, Scalar]] = [*_choices(compiled), *((SEGMENT_NAME, segment) for segment in segments)]
    placed = ({**start, SEGMENT_NAME: segment} for segment in segments for start in starting_customers(compiled))
    for start in (*starting_customers(compiled), *placed):
        if _wanted(found).any():
            _walk(compiled, start, choices, found)
    return found


def starting_customers(compiled: CompiledPolicy) -> list[Facts]:
    """A stranger, and customers of whom every balance, figure and day is known, from poor to rich."""
    kinds = {one.name: one.kind for one in compiled.policy.attributes.attributes if one.name in _names(compiled)}
    days: Facts = {name: TODAY for name, kind in kinds.items() if kind == Kind.DATE}
    money = [name for name, kind in kinds.items() if kind == Kind.MONEY]
    return [{}, *(days | dict.fromkeys(money, amount) for amount in MONEY)]


def _names(compiled: CompiledPolicy) -> frozenset[str]:
    """The raw attributes that some rule or formula needs."""
    return frozenset(name.removeprefix("customer.") for name in compiled.columns.features.table.encode({}))


def _walk(compiled: CompiledPolicy, facts: Facts, choices: Sequence[tuple[str, Scalar]], found: Array) -> None:
    """Marks in ``found`` what the customers on the way can be offered."""
    for _ in range(STEPS):
        tried: list[Facts] = [facts, *({**facts, name: value} for name, value in choices)]
        cells = judge_customers(compiled, tried)
        shape = (len(tried), *found.shape)
        found |= (open_cells(cells.gate_masks, shape) & (np.broadcast_to(cells.priority, shape) > 0.0)).any(axis=0)
        wanted = _wanted(found)
        best = _nearest(cells, shape, wanted)
        if not wanted.any() or tried[best] == facts:
            break
        facts = tried[best]


def _wanted(found: Array) -> Array:
    """(m, k): the treatments of offers and channels that nobody reached yet."""
    offer, channel = np.any(found, axis=1, keepdims=True), np.any(found, axis=0, keepdims=True)
    wanted: Array = np.logical_not(np.logical_and(offer, channel))
    return wanted


def judge_customers(compiled: CompiledPolicy, customers: list[Facts]) -> JudgedCells:
    """All cells of customers made up of some facts, who agree to everything and to whom nothing happened yet."""
    count = len(customers)
    people = _people(compiled, customers)
    seen, moment = _columns_of(compiled, people, customers), compiled.columns.moment(NOON)
    contact = compiled.contact.check_many(Crowd(count, NOON, people.consents, people.past), moment, WorkCalendar())
    resolved = compiled.score_resolver.resolve_many({}, count)
    cost = compiled.contact_cost + compiled.prices({})
    return compiled.array_rules.judge(seen, seen, contact, resolved, cost, None)


def columns_of(compiled: CompiledPolicy, customers: Sequence[Facts]) -> dict[str, Any]:
    """What rules read of such customers."""
    return {**compiled.policy.static_columns, **_columns_of(compiled, _people(compiled, customers), customers)}


def _segments(policy: Policy) -> list[str]:
    """The trained segments that the policy names outside its gates; none where no gate reads the segment.

    Which segments exist only a bundle knows. A word that stands in gates alone may be misspelt.
    """
    conditions = (condition for gate in policy.gates for condition in (gate.require, gate.applies))
    if not any(condition is not None and SEGMENT_NAME in condition.names for condition in conditions):
        return []
    named = [target.when for target in policy.targets.values()]
    named += [variant.when for variant in policy.variants.values()]
    named += [fit.when for fit in policy.fits]
    named += [tag.when for tag in (*policy.portrait.needs, *policy.portrait.tags)]
    return list(dict.fromkeys(segment for when in named for segment in _segments_in(when)))


def _segments_in(expression: Expression) -> Iterator[str]:
    """The words that an expression compares the segment with."""
    for node in expression.tree.walk():
        if any(arg.op == "name" and arg.value == SEGMENT_NAME for arg in node.args):
            words = node.value if node.op == "in" else [arg.value for arg in node.args if arg.op == "const"]
            yield from (word for word in words if isinstance(word, str))


def _people(compiled: CompiledPolicy, customers: Sequence[Facts]) -> Population:
    consents = {f"marketing:{channel}": True for channel in compiled.places.channels} | _asked(compiled)
    known = [{name: value for name, value in one.items() if name != SEGMENT_NAME} for one in customers]
    return population_of(compiled.policy, [Snapshot(str(place), 1, one, consents) for place, one in enumerate(known)])


def _scores(customers: Sequence[Facts]) -> dict[str, Array]:
    """The score ``segment:<id>`` of each segment that some customer is in, (n,)."""
    segments = dict.fromkeys(one[SEGMENT_NAME] for one in customers if SEGMENT_NAME in one)
    return {
        f"{SEGMENT}{segment}": np.array([float(one.get(SEGMENT_NAME) == segment) for one in customers])
        for segment in segments
    }


def _columns_of(compiled: CompiledPolicy, people: Population, customers: Sequence[Facts]) -> dict[str, Any]:
    return compiled.columns.of_many(people, Context(NOON), _scores(customers), compiled.columns.moment(NOON))[0]


def _asked(compiled: CompiledPolicy) -> dict[str, bool]:
    rules = compiled.policy.contact.consents
    return {rule.purpose_for(channel): True for rule in rules for channel in compiled.places.channels}


def _nearest(cells: JudgedCells, shape: tuple[int, ...], wanted: Array) -> int:
    """The row whose wanted treatments are closed by the fewest gates; the first of equals."""
    closed = np.zeros(shape)
    for ok in cells.gate_masks:
        closed += ~np.broadcast_to(np.asarray(ok, dtype=bool), shape)
    closed += ~(np.broadcast_to(cells.priority, shape) > 0.0)
    return int((closed * wanted).sum(axis=(1, 2)).argmin())


def _choices(compiled: CompiledPolicy) -> Iterator[tuple[str, Scalar]]:
    """Every fact worth trying: (attribute, value)."""
    table, given = compiled.policy.attributes.attributes, dict(_given(compiled))
    numbers = sorted(set(_numbers(compiled)))
    for one in table:
        if one.name not in _names(compiled):
            continue
        values: list[Scalar] = [*given.get(f"customer.{one.name}", ())]
        if one.kind == Kind.BOOLEAN:
            values += [True, False]
        elif one.kind == Kind.DATE:
            values += [TODAY]
        elif one.kind == Kind.TEXT:
            values += [*(one.values or ("x",))]
        else:
            low, high = one.low or 0.0, one.high if one.high is not None else 1e7
            values += [number for number in (low, *numbers, high) if low <= number <= high]
        yield from ((one.name, value) for value in dict.fromkeys(values))


def _given(compiled: CompiledPolicy) -> Iterator[tuple[str, tuple[Scalar, ...]]]:
    """What the rules' own cases give, by name."""
    found: dict[str, list[Scalar]] = {}
    rules: tuple[GateRule | FitRule, ...] = (*compiled.policy.gates, *compiled.policy.fits)
    for rule in rules:
        for case in rule.cases:
            for name, value in case.given.items():
                found.setdefault(name, []).append(value)
    yield from ((name, tuple(values)) for name, values in found.items())


def _numbers(compiled: CompiledPolicy) -> Iterator[float]:
    """The figures that gates compare with: literals, and the numbers the offers state."""
    for rule in compiled.policy.gates:
        for expression in (rule.require, rule.applies):
            yield from _literals(expression)
    for offer in compiled.policy.offers:
        yield from (float(v) for v in offer.terms.values() if isinstance(v, int | float) and not isinstance(v, bool))


def _literals(expression: Expression | None) -> Iterator[float]:
    if expression is not None:
        nodes = (node for node in expression.tree.walk() if node.op == "const")
        yield from (float(n.value) for n in nodes if isinstance(n.value, int | float) and n.value == n.value)
