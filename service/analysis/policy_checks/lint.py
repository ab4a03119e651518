"""Lint: what every policy must hold besides being readable: its rules prove themselves, and no offer is unreachable.

``problems`` are faults: a rule without a case that holds and one that does not, a fit rule that fires for an unknown
customer, a weight outside (0, 4], an answer that depends on the order of the rules. ``warnings`` are what a marketer
may mean but should see: a gate that opens on the unknown though no case says so, an offer or a channel that no customer
tried can get, a strategy without a rule, a count that reads every event of a customer.

Not part of reading a policy: one that served years ago must still be read, to replay what it decided.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np

from service.analysis.policy_checks.reachability import columns_of, find_reached, starting_customers
from service.core.domain import KEPT
from service.core.errors import Problem
from service.core.expressions import Kind, compile_falsity, compile_truth
from service.core.grid import Array
from service.decision.compiled import CompiledPolicy, compile_policy
from service.rules.history.lookback import most_by_rule
from service.rules.model.targeting import ALL
from service.rules.policy import ContactRule, FitRule, GateRule, Policy
from service.rules.rulebook import Rulebook

MOST_WEIGHT = 4.0
CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Findings:
    """The problems of a policy, and its warnings."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def lint_policy(policy: Policy) -> Findings:
    """Everything that the checks find in a policy; some tenths of a second."""
    compiled = compile_policy(policy)
    problems = [
        *_uncased((*policy.gates, *policy.contact.rules, *policy.fits)),
        *_undeclared(policy),
        *_presuming(policy),
        *_overweight(policy),
        *_orderly(compiled),
    ]
    return Findings(tuple(problems), (*_trusting(policy), *_starved(compiled), *_idle(policy), *_reckoning(policy)))


def _where(rule: GateRule | ContactRule | FitRule) -> str:
    file = "contact" if isinstance(rule, ContactRule) else rule.concern
    return f'{file}.yaml: rule "{rule.id}"'


def _uncased(rules: tuple[GateRule | ContactRule | FitRule, ...]) -> Iterator[Problem]:
    """A rule shows by its own cases when it holds and when it does not."""
    for rule in rules:
        verbs = {True: "fires", False: "rests"} if isinstance(rule, FitRule) else {True: "passes", False: "blocks"}
        for holds in {True, False} - {case.holds for case in rule.cases}:
            yield Problem(_where(rule), f"has no case in which it {verbs[holds]}; expected at least one")


def _undeclared(policy: Policy) -> Iterator[Problem]:
    """Segments that a strategy names and strategies.yaml does not declare."""
    for strategy in policy.strategies.values():
        for name in strategy.segments:
            if name != ALL and name not in policy.targets:
                where = f'strategies.yaml: strategy "{strategy.id}"'
                yield Problem(where, f'segments name "{name}", which `segments` of strategies.yaml does not declare')


def _presuming(policy: Policy) -> Iterator[Problem]:
    """Fit rules that fire for an unknown customer."""
    for fit in policy.fits:
        if not fit.when.static and np.any(compile_truth(fit.when, many=True)(_ignorance(policy))):
            yield Problem(_where(fit), "fires for a customer of whom nothing is known; unknown must be neutral")


def _trusting(policy: Policy) -> Iterator[Problem]:
    """Gates that open on the unknown though no case says that this is meant."""
    for gate in policy.gates:
        if not _states_the_unknown(gate) and _reads_the_customer(gate) and not _closed_by_ignorance(gate, policy):
            yield Problem(_where(gate), "lets through a customer of whom nothing is known, and no case says so")


def _closed_by_ignorance(gate: GateRule, policy: Policy) -> bool:
    """True where the gate is closed to the unknown wherever it applies."""
    nothing = _ignorance(policy)
    passes = compile_truth(gate.require, many=True)(nothing)
    applies = True if gate.applies is None else ~np.asarray(compile_falsity(gate.applies, many=True)(nothing))
    return not np.any(passes & applies)


def _reads_the_customer(gate: GateRule) -> bool:
    return any(name.startswith("customer.") for name in gate.require.names)


def _states_the_unknown(gate: GateRule) -> bool:
    """A case in which nothing of the customer is given, and the gate passes."""
    return any(case.holds and not any(name.startswith("customer.") for name in case.given) for case in gate.cases)


def _ignorance(policy: Policy) -> Mapping[str, Any]:
    """Every name a rule may read, unknown but for what the policy itself states."""
    unknown: dict[str, Any] = {
        name: np.full((1, 1, 1), None if entry.kind is Kind.TEXT else nan, dtype=_type(entry.kind))
        for name, entry in policy.schema.items()
    }
    return {**unknown, **policy.static_columns}


def _type(kind: Kind) -> type:
    return object if kind is Kind.TEXT else float


def _overweight(policy: Policy) -> Iterator[Problem]:
    for rule in policy.fits:
        if not 0.0 < rule.weight <= MOST_WEIGHT:
            yield Problem(_where(rule), f"weight must be above 0 to {MOST_WEIGHT:g}, got {rule.weight:g}")


def _orderly(compiled: CompiledPolicy) -> Iterator[Problem]:
    """A problem where the rules in the opposite order open other cells or weigh differently, beyond rounding."""
    policy = compiled.policy
    turned = replace(policy, gates=policy.gates[::-1], fits=policy.fits[::-1])
    one, other = (
        _judged(Rulebook(each, many=True), columns_of(compiled, starting_customers(compiled)))
        for each in (policy, turned)
    )
    if not np.array_equal(one[0], other[0]) or not np.allclose(one[1], other[1], rtol=CLOSE):
        yield Problem("rules", "answer differently in another order")


def _judged(book: Rulebook, seen: Mapping[str, Any]) -> tuple[Array, Any]:
    every = np.ones((1, 1, 1), dtype=bool)
    for gate in (*book.gates, *book.contact):
        every = every & gate.passes(seen)
    return every, book.fitness(seen).value


def _starved(compiled: CompiledPolicy) -> Iterator[Problem]:
    """Offers and channels that none of the customers tried can be offered, or be reached by."""
    cells = find_reached(compiled)
    for place, offer in enumerate(compiled.policy.offers):
        if not cells[place].any():
            yield Problem(f'catalogue.yaml: offer "{offer.id}"', "could be offered to none of the customers tried")
    for place, channel in enumerate(compiled.policy.channels):
        if not cells[:, place].any():
            yield Problem(f'channels.yaml: channel "{channel.id}"', "could reach none of the customers tried")


def _idle(policy: Policy) -> Iterator[Problem]:
    """Enabled strategies without a rule."""
    speaking = {rule.strategy for rule in policy.rules}
    for strategy in policy.strategies.values():
        if strategy.enabled and strategy.id not in speaking:
            yield Problem(f'strategies.yaml: strategy "{strategy.id}"', "has no rule; expected at least one")


def _reckoning(policy: Policy) -> Iterator[Problem]:
    """Where a count of events is not compared with a number of at most ``KEPT``, every decision reads every event."""
    for where, most in most_by_rule(policy).items():
        if most > KEPT:
            fault = f"counts beyond {KEPT} events, so that decisions read all of a customer's and grow slow with them; "
            yield Problem(where, fault + f"compare the count with a number below {KEPT}")
