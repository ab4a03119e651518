"""Contract checks over any policy: the shipped one is clean, and every planted fault is found where it was planted."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from service.analysis.policy_checks.lint import Findings, lint_policy
from service.analysis.policy_checks.reachability import columns_of, find_reached, starting_customers
from service.core.domain import Context, Release, Snapshot
from service.decision import decide
from service.decision.compiled import compile_policy
from service.rules.policy import DEFAULT, Policy, from_documents, load

POLICY = load(DEFAULT)


def changed(change: Callable[[dict[str, Any]], Any]) -> Policy:
    documents = POLICY.documents
    change(documents)
    return from_documents(documents)


def rule(documents: dict[str, Any], concern: str, rule_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in documents[concern]["rules"] if one["id"] == rule_id)
    return found


def test_the_shipped_policy_proves_itself_and_starves_nobody() -> None:
    assert lint_policy(POLICY) == Findings((), ())


@pytest.mark.parametrize(("holds", "verb"), [("passes", "passes"), ("blocks", "blocks")])
def test_a_gate_without_a_case_of_either_sort_is_a_problem(holds: str, verb: str) -> None:
    def strip(documents: dict[str, Any]) -> None:
        one = rule(documents, "consumer", "insurance-age")
        one["cases"] = [case for case in one["cases"] if case["expect"] != holds]

    (problem,) = lint_policy(changed(strip)).problems
    assert problem.where == 'consumer.yaml: rule "insurance-age"'
    assert f"no case in which it {verb}" in problem.message


def test_a_fit_rule_that_judges_whom_nobody_knows_is_a_problem() -> None:
    def presume(documents: dict[str, Any]) -> None:
        one = rule(documents, "consumer", "savers-like-terms")
        one["when"] = "coalesce(customer.age, 40) >= 30"
        one["cases"] = [
            {"given": {"customer.age": 30}, "expect": "fires"},
            {"given": {"customer.age": 20}, "expect": "rests"},
        ]

    (problem,) = lint_policy(changed(presume)).problems
    assert problem.where == 'consumer.yaml: rule "savers-like-terms"'
    assert "unknown must be neutral" in problem.message


def test_a_gate_that_opens_on_the_unknown_is_a_warning_unless_a_case_says_so() -> None:
    def unsaid(documents: dict[str, Any]) -> None:
        one = rule(documents, "consumer", "accounts-not-frozen")
        one["cases"] = [case for case in one["cases"] if case["given"]]

    (warning,) = lint_policy(changed(unsaid)).warnings
    assert warning.where == 'consumer.yaml: rule "accounts-not-frozen"'


def test_an_offer_that_nobody_can_have_is_told() -> None:
    def starve(documents: dict[str, Any]) -> None:
        rule(documents, "consumer", "not-deceased")["require"] = (
            "not coalesce(customer.deceased, false) and offer.id <> 'term-12m'"
        )
        rule(documents, "consumer", "not-deceased")["cases"] = [
            {"given": {"offer": "term-6m"}, "expect": "passes"},
            {"given": {"offer": "term-6m", "customer.deceased": True}, "expect": "blocks"},
        ]

    found = lint_policy(changed(starve))
    assert [one.where for one in found.warnings] == ['catalogue.yaml: offer "term-12m"']


def test_a_strategy_without_a_rule_is_told() -> None:
    def idle(documents: dict[str, Any]) -> None:
        extra = {**documents["strategies"]["strategies"][0], "id": "idle-hands"}
        documents["strategies"]["strategies"].append(extra)

    assert 'strategies.yaml: strategy "idle-hands"' in {one.where for one in lint_policy(changed(idle)).warnings}


def test_every_witness_is_one_that_the_decision_itself_would_serve() -> None:
    """What ``find_reached`` calls reached is open in the decision's own grid."""
    cells = find_reached(compile_policy(POLICY))
    assert cells.any(axis=1).all()
    assert cells.any(axis=0).all()
    assert (
        columns_of(compile_policy(POLICY), starting_customers(compile_policy(POLICY)))["customer.demand_yuan"].shape[0]
        == 5
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_order_in_which_rules_are_written_opens_and_weighs_the_same(seed: int) -> None:
    chance = random.Random(seed)

    def shuffle(documents: dict[str, Any]) -> None:
        for concern in ("consumer", "cost", "convenience", "communication"):
            chance.shuffle(documents[concern]["rules"])

    shuffled = changed(shuffle)
    rich = {"age": 45, "risk_tolerance": 5, "risk_assessed_on": "2026-01-05", "demand_yuan": 390_000.0}
    rich |= {"time_deposit_yuan": 200_000.0, "wealth_product_yuan": 100_000.0, "logins_30d": chance.randrange(20)}
    for attributes in ({}, rich, {**rich, "age": 70}):
        snapshot = Snapshot("c-1", 1, attributes, {"marketing:sms": True})
        one, other = (
            decide(policy, snapshot, Context(1_773_115_200_000, limit=10), {}, Release(1, policy.hash, None), "d")
            for policy in (POLICY, shuffled)
        )
        if one.explored or other.explored:  # the draw of exploration depends on the policy's hash
            assert sum(one.withheld.values()) == sum(other.withheld.values())
            continue
        assert [(t.offer, t.channel) for t in one.treatments] == [(t.offer, t.channel) for t in other.treatments]
        assert [t.fit for t in one.treatments] == pytest.approx([t.fit for t in other.treatments])
        assert [t.priority for t in one.treatments] == pytest.approx([t.priority for t in other.treatments])
        assert sum(one.withheld.values()) == sum(other.withheld.values())
