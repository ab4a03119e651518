"""Being offered at all, by group: a policy that shuts a group out is seen, whoever its own gates call eligible."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from service.analysis.fairness.fairness import (
    MARGIN,
    OFFERED,
    SHOWN,
    Fairness,
    Observed,
    _margins,
    may_be_offered,
    measure_policy,
)
from service.analysis.policy_checks.fair_terms import find_unfair_terms
from service.core.domain import Context, Release, Snapshot
from service.core.grid import start_of
from service.decision.privacy import PERSONALISATION
from service.rules.policy import DEFAULT, Policy, from_documents, load
from training.data.bank_tables import Customers
from training.synthetic import make

DAY = date(2026, 3, 10)
NOON = start_of(DAY, "Asia/Shanghai") + 12 * 3_600_000
PRIME = {"age": 40.0, "risk_tolerance": 5, "risk_assessed_on": "2026-01-10", "demand_yuan": 100_000.0}


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


@pytest.fixture(scope="module")
def people() -> list[Snapshot]:
    return [Snapshot(name, 1, attributes) for name, attributes in Customers(make(1_500, 7, DAY).customers)]


def measured(policy: Policy, people: list[Snapshot]) -> Fairness:
    return measure_policy(policy, people, Context(NOON), {}, Release(0, policy.hash, None))


def with_rule(policy: Policy, **keys: Any) -> Policy:
    documents = policy.documents
    plain = {
        "id": "more",
        "stage": "eligibility",
        "strategy": "portrait-matching",
        "reason": {"zh": "规则", "en": "A rule"},
    }
    documents["consumer"]["rules"].append(plain | keys)
    return from_documents(documents)


def gaps(found: Fairness) -> list[str]:
    return [gap.name for gap in found.find_gaps(OFFERED)]


def test_under_the_shipped_policy_no_group_is_offered_too_little(shipped: Policy, people: list[Snapshot]) -> None:
    found = measured(shipped, people)
    assert gaps(found) == []
    assert {one.axis for one in found.comparisons} == {"sex", "age", "region"}
    assert found.lawful["deposit"] > found.lawful["wealth"] > 300


def test_a_gate_that_shuts_women_out_does_not_take_them_out_of_the_comparison(
    shipped: Policy, people: list[Snapshot]
) -> None:
    found = measured(with_rule(shipped, applies="offer.family = 'wealth'", require="customer.sex = 'male'"), people)
    assert gaps(found) == ["sex/female/wealth"]
    assert found.lawful == measured(shipped, people).lawful
    [gap] = found.find_gaps(OFFERED)
    assert str(gap).startswith("sex female is offered wealth at 0.0%, 0.00 of the best-served group's (0.00 to 0.0")


def test_who_withdrew_personalisation_is_not_counted(shipped: Policy, people: list[Snapshot]) -> None:
    silent = [Snapshot(one.customer_id, 1, one.attributes, {PERSONALISATION: False}) for one in people[:100]]
    assert measured(shipped, [*silent, *people[100:]]).customers == len(people) - 100


@pytest.mark.parametrize(
    ("facts", "deposit", "wealth"),
    [
        (PRIME, True, True),
        ({}, True, False),
        (PRIME | {"age": 17.0}, True, False),
        (PRIME | {"risk_assessed_on": "2025-03-09"}, True, False),
        (PRIME | {"risk_assessed_on": "2025-03-10"}, True, True),
        (PRIME | {"deceased": True}, False, False),
        (PRIME | {"frozen": True}, False, False),
    ],
)
def test_who_counts_is_what_the_law_says(shipped: Policy, facts: dict[str, Any], deposit: bool, wealth: bool) -> None:
    may = may_be_offered(shipped, [Snapshot("c", 1, facts)], [NOON])
    assert (may["deposit"].tolist(), may["wealth"].tolist()) == ([deposit], [wealth])


def test_each_is_judged_on_their_own_day(shipped: Policy) -> None:
    people = [Snapshot("c", 1, PRIME | {"risk_assessed_on": "2025-03-10"})] * 2
    may = may_be_offered(shipped, people, [NOON, NOON + 86_400_000])
    assert may["wealth"].tolist() == [True, False]


def test_a_margin_is_yuan_whatever_the_lever(shipped: Policy, people: list[Snapshot]) -> None:
    documents = shipped.documents
    for offer in documents["catalogue"]["offers"]:
        offer["lever"] = 2
    plain, levered = (measured(policy, people).margins["sex"] for policy in (shipped, from_documents(documents)))
    for one, other in zip(plain, levered, strict=True):
        assert np.isclose(one.mean_yuan, other.mean_yuan, rtol=0.05)


FOR_MEN = {"stage": "fit", "when": "customer.sex = 'female' and offer.family = 'wealth'", "weight": 0.1}


def test_a_fit_rule_by_a_trait_across_kinds_is_seen_before_it_serves(shipped: Policy, people: list[Snapshot]) -> None:
    policy = with_rule(shipped, **FOR_MEN)
    assert find_unfair_terms(policy) == [], "it tells no two offers of one kind apart"
    found = measured(policy, people)
    assert [gap.name for gap in found.find_gaps(SHOWN) if gap.axis == "sex"] == ["sex/female/wealth"]
    [shown] = [one for one in found.comparisons if (one.axis, one.family, one.what) == ("sex", "wealth", SHOWN)]
    assert shown.without["female"] > 0.6, "without the rule they are shown it nearly as often"


def test_what_a_policy_shows_by_means_and_needs_is_no_gap(shipped: Policy, people: list[Snapshot]) -> None:
    found = measured(shipped, people)
    assert found.find_gaps(OFFERED, SHOWN, MARGIN) == ()
    assert all(one.without for one in found.comparisons if one.what == SHOWN)


def test_first_offers_worth_less_to_a_group_by_a_trait_are_a_gap() -> None:
    words = np.array(["a"] * 200 + ["b"] * 200, dtype=object)
    even, uneven = np.tile([9.0, 11.0], 200), np.r_[np.tile([9.0, 11.0], 100), np.tile([4.0, 6.0], 100)]
    [row] = [one for one in _margins(words, uneven, Observed([], {}, even), 0.8) if one.group == "b"]
    assert (row.mean_yuan, row.ratio, row.alert) == (5.0, 0.5, True)
    assert row.ratio_low is not None and row.ratio_high is not None
    assert 0.45 < row.ratio_low < 0.5 < row.ratio_high < 0.55
    assert not any(one.alert for one in _margins(words, uneven, Observed([], {}, uneven), 0.8)), "it does so without"
    assert not any(one.alert for one in _margins(words, uneven, None, 0.8)), "not known"


def coded(policy: Policy, people: list[Snapshot], right: float) -> tuple[Policy, list[Snapshot]]:
    """A policy by a code without a name, and customers whose code is their sex for this share of them."""
    documents = policy.documents
    row = {"name": "grp", "kind": "text", "values": ["x", "y"], "meaning": "A code of the core system"}
    documents["attributes"]["attributes"].append(row)
    rule = FOR_MEN | {"id": "more", "strategy": "portrait-matching", "reason": {"zh": "规则", "en": "A rule"}}
    documents["consumer"]["rules"].append(rule | {"when": "customer.grp = 'x' and offer.id = 'term-12m'"})
    chance = np.random.default_rng(1).random(len(people))
    codes = [("x" if one.attributes["sex"] == "male" else "y") if draw < right else "x"
             for one, draw in zip(people, chance, strict=True)]  # fmt: skip
    rows = [replace(one, attributes={**one.attributes, "grp": code}) for one, code in zip(people, codes, strict=True)]
    return from_documents(documents), rows


def test_a_code_that_equals_a_trait_is_found_on_the_customers_and_named(
    shipped: Policy, people: list[Snapshot]
) -> None:
    policy, rows = coded(shipped, people, right=0.95)
    assert find_unfair_terms(policy) == []
    found = measured(policy, rows)
    [proxy] = [one for one in found.proxies if one.attribute == "grp"]
    assert (proxy.axis, proxy.apart > 0.9) == ("sex", True)
    assert str(proxy).startswith("grp tells sex: its values lie 9")
    [unfair] = found.unfair
    assert unfair.where == 'consumer.yaml: rule "more"' and "reads sex (told by grp)" in unfair.message


def test_a_code_that_says_little_of_a_trait_is_none(shipped: Policy, people: list[Snapshot]) -> None:
    policy, rows = coded(shipped, people, right=0.5)
    found = measured(policy, rows)
    assert "grp" not in {one.attribute for one in found.proxies} and found.unfair == ()
