"""What no policy may open: each gate that the law asks for is missed when it is gone."""

from dataclasses import replace

import pytest

from service.analysis.policy_checks import conduct
from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, Policy, load


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


def without(policy: Policy, gate: str) -> Policy:
    kept = tuple(rule for rule in policy.gates if rule.id != gate)
    assert len(kept) == len(policy.gates) - 1
    return replace(policy, gates=kept)


def test_the_shipped_policy_breaks_nothing(shipped: Policy) -> None:
    assert conduct.find_breaches(shipped) == []
    conduct.assert_compliant(shipped)


@pytest.mark.parametrize(
    ("gate", "offer", "who"),
    [
        ("tolerance-covers-risk", "mixed-r3", "of tolerance C2"),
        ("tolerance-covers-risk", "structured-3m", "of tolerance unknown"),
        ("assessment-valid", "cash-r1", "whose risk assessment is missing or expired"),
        ("care-from-65", "equity-r4", "of 65 or more, or of unknown age, not face to face"),
        ("adults-only", "bond-fund-r2", "under 18"),
    ],
)
def test_a_policy_without_a_gate_of_the_law_is_refused(shipped: Policy, gate: str, offer: str, who: str) -> None:
    with pytest.raises(PolicyError) as refused:
        conduct.assert_compliant(without(shipped, gate))
    assert (f'offer "{offer}"', f"is open to a customer {who}") in [
        (p.where, p.message) for p in refused.value.problems
    ]


def test_a_policy_that_asks_no_consent_is_refused_in_every_outbound_channel(shipped: Policy) -> None:
    found = conduct.find_breaches(replace(shipped, contact=replace(shipped.contact, consents=())))
    outbound = {channel.id for channel in shipped.channels if channel.direction == "outbound"}
    assert {f'channel "{one}"' for one in outbound} == {problem.where for problem in found}


def test_a_wealth_offer_without_risk_level_is_refused(shipped: Policy) -> None:
    bare = [replace(one, terms={**one.terms, "risk": None}) if one.id == "cash-r1" else one for one in shipped.offers]
    opened = without(without(replace(shipped, offers=tuple(bare)), "tolerance-covers-risk"), "assessment-valid")
    found = conduct.find_breaches(opened)
    assert ('offer "cash-r1"', "is open to a customer although it states no risk level") in [
        (problem.where, problem.message) for problem in found
    ]


def test_words_are_read_again_before_they_are_served(shipped: Policy) -> None:
    key = ("cash-r1", "mobile_app", "zh")
    said = replace(shipped.messages[key], body="ＢＡＯ 保 證 收益，年化3.5%")
    found = conduct.find_breaches(replace(shipped, messages={**shipped.messages, key: said}))
    assert {problem.where for problem in found} == {'message of offer "cash-r1"'}
    assert any('"保证"' in problem.message for problem in found)
    assert any("per cent" in problem.message for problem in found)
