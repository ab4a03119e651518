"""Whether an offer can reach anybody: behind a gate that reads the trained segment as well."""

from dataclasses import replace

import numpy as np

from service.analysis.policy_checks.lint import lint_policy
from service.analysis.policy_checks.reachability import find_reached
from service.core.expressions import Expression, Kind, Name, parse
from service.core.grid import Array
from service.decision.compiled import compile_policy
from service.rules.model.targeting import Target
from service.rules.policy import DEFAULT, Policy, from_documents, load
from tests.decision.bank import GATES, OFFERS, SCHEMA, WORDS, gate, small_policy

WEALTH = np.array([offer.family == "wealth" for offer in OFFERS])


def says(condition: str) -> Expression:
    return parse(condition, {**SCHEMA, "customer.segment": Name(Kind.TEXT, frozenset({"customer"}))}, Kind.BOOLEAN)


def reached_behind(condition: str) -> Array:
    """(m,) the offers of the small bank that can be reached where wealth is for those of whom the condition is true."""
    closed = replace(gate("for-savers", "applicability", "true", "offer.family = 'wealth'"), require=says(condition))
    savers = Target("savers", WORDS, says("customer.segment in ('term-savers', 'wealth-holders')"))
    policy = small_policy(gates=(*GATES, closed), targets={"savers": savers})
    return find_reached(compile_policy(policy)).any(axis=1)


def test_an_offer_behind_a_gate_on_a_segment_can_be_reached() -> None:
    assert reached_behind("true").all()
    assert reached_behind("customer.segment = 'wealth-holders'").all()
    assert reached_behind("customer.segment = 'term-savers' and customer.demand_yuan >= 100000").all()


def test_a_gate_on_a_segment_that_the_policy_names_nowhere_else_closes_its_offers() -> None:
    assert reached_behind("customer.segment = 'term-saver'").tolist() == (~WEALTH).tolist()


def gated() -> Policy:
    """The shipped policy, whose wealth is for term savers with money."""
    documents = load(DEFAULT).documents
    passes = {"offer": "cash-r1", "customer.segment": "term-savers", "customer.demand_yuan": 200_000.0}
    rule = {
        "id": "wealth-for-savers",
        "stage": "applicability",
        "strategy": "portrait-matching",
        "applies": "offer.family = 'wealth'",
        "require": "customer.segment = 'term-savers' and customer.demand_yuan >= 100000",
        "reason": {"zh": "客群不符", "en": "Not in the segment"},
        "cases": [{"given": passes, "expect": "passes"}, {"given": {"offer": "cash-r1"}, "expect": "blocks"}],
    }
    documents["consumer"]["rules"].append(rule)
    return from_documents(documents)


def test_a_gate_that_reads_a_segment_of_the_shipped_policy_warns_of_nothing() -> None:
    assert lint_policy(gated()).warnings == ()
