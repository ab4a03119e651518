"""What no policy may open: each gate that the law asks for is missed when it is gone, and the words are read again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from service.analysis.policy_checks import conduct
from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, Policy, from_documents, load


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


def told(policy: Policy) -> list[str]:
    return [str(problem) for problem in conduct.find_breaches(policy)]


def changed(policy: Policy, change: Callable[[dict[str, Any]], object]) -> Policy:
    """The policy of changed documents."""
    documents = policy.documents
    change(documents)
    return from_documents(documents)


def test_the_shipped_policy_breaks_nothing(shipped: Policy) -> None:
    assert conduct.find_breaches(shipped) == []
    conduct.assert_compliant(shipped)


def test_a_policy_without_a_gate_of_the_law_is_refused_with_a_customer_for_whom_it_is_open(shipped: Policy) -> None:
    bare = tuple(rule for rule in shipped.gates if rule.id != "tolerance-covers-risk")
    with pytest.raises(PolicyError) as refused:
        conduct.assert_compliant(replace(shipped, gates=bare))
    assert str(refused.value.problems[0]) == (
        'offer "structured-3m": in channel "mobile_app" it is open to this customer: tolerance C1,'
        " assessed today, age 18; against law-tolerance: The product's risk is above the customer's tolerance, or one"
        " of the two is unknown (NFRA order 2025 No. 7 art. 12 (suitability))"
    )


def test_what_every_offer_breaks_is_told_once(shipped: Policy) -> None:
    bare = tuple(rule for rule in shipped.gates if rule.id != "not-deceased")
    (problem,) = conduct.find_breaches(replace(shipped, gates=bare))
    assert problem.where == "every offer"
    assert problem.message.startswith('offer "demand-sweep" in channel "mobile_app" is open to this customer: deceased')


def test_a_strategy_that_is_switched_off_takes_no_guard_with_it(shipped: Policy) -> None:
    off = {
        **shipped.strategies,
        "portrait-matching": replace(shipped.strategies["portrait-matching"], enabled=False),
    }
    assert told(replace(shipped, strategies=off)) == []


def test_a_guard_in_the_stage_that_a_switched_off_strategy_drops_is_missed(shipped: Policy) -> None:
    def move(documents: dict[str, Any]) -> None:
        (rule,) = (one for one in documents["consumer"]["rules"] if one["id"] == "assessment-valid")
        rule["stage"] = "applicability"
        (strategy,) = (one for one in documents["strategies"]["strategies"] if one["id"] == rule["strategy"])
        strategy["enabled"] = False
        documents["experiments"]["tests"] = []

    assert any("law-assessment" in one for one in told(changed(shipped, move)))


def test_a_feature_of_what_the_law_reads_is_seen_through(shipped: Policy) -> None:
    def hide(documents: dict[str, Any]) -> None:
        row = {"name": "trust", "kind": "number", "expression": "customer.risk_tolerance + 1", "meaning": "Trust"}
        documents["attributes"]["features"].append(row)
        (rule,) = (one for one in documents["consumer"]["rules"] if one["id"] == "tolerance-covers-risk")
        rule["require"] = "customer.trust >= offer.risk"
        rule["cases"] = []

    found = told(changed(shipped, hide))
    assert len(found) == 11
    assert "tolerance C1, " in found[0]


def test_words_are_read_again_before_they_are_served(shipped: Policy) -> None:
    key = ("cash-r1", "mobile_app", "zh")
    said = replace(shipped.messages[key], body="ＢＡＯ 保 證 收益，年化3.5%")
    found = conduct.find_breaches(replace(shipped, messages={**shipped.messages, key: said}))
    assert {problem.where for problem in found} == {'message of offer "cash-r1"'}
    assert any('"保证"' in problem.message for problem in found)
    assert any("yield-figure" in problem.message for problem in found)
