"""Dominated offers: never made where a better one alike is open, and never compared by a benchmark."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.analysis.simulate import simulate
from service.core.domain import Context, Release, Snapshot
from service.core.errors import PolicyError
from service.decision import compile_policy, decide, decide_many, population_of, trace_cells
from service.decision.trace.funnel import trace_funnel
from service.rules.policy import DEFAULT, Policy, from_documents, load
from service.scoring.dominance import beaten_offers
from tests.gates.people import instant

NOON = instant("2026-03-10T12:00")
RELEASE = Release(1, "", None)
WIDE = Context(NOON, limit=30)
PEOPLE = [Snapshot(str(place), 1, {"demand_yuan": yuan, "age": 40.0}) for place, yuan in enumerate((500.0, 3e4, 9e5))]


def changed(change: Callable[[dict[str, Any]], object]) -> Policy:
    documents = load(DEFAULT).documents
    documents["experiments"]["exploration"]["epsilon"] = 0
    change(documents)
    return from_documents(documents)


def terms(documents: dict[str, Any], offer: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one["terms"] for one in documents["catalogue"]["offers"] if one["id"] == offer)
    return found


def with_rate(offer: str, **stated: float) -> Policy:
    return changed(lambda documents: terms(documents, offer).update(stated))


def test_no_shipped_offer_is_ever_dominated() -> None:
    assert beaten_offers(load(DEFAULT)) == {}


@pytest.mark.parametrize(
    ("stated", "beaten"),
    [
        ({"rate": 0.0120}, {}),
        ({"rate": 0.0125}, {"term-24m": ("term-12m",)}),
        ({"rate": 0.0126}, {"term-24m": ("term-12m",)}),
        ({"rate": 0.0126, "minimum_yuan": 51}, {}),
        ({"rate": 0.0126, "maximum_yuan": 1_000_000}, {}),
        ({"rate": 0.0084, "minimum_yuan": 50}, {"term-12m": ("term-3m", "term-6m")}),
    ],
)
def test_an_offer_is_beaten_by_one_no_worse_in_any_term_and_better_in_one(
    stated: dict[str, float], beaten: dict[str, tuple[str, ...]]
) -> None:
    assert beaten_offers(with_rate("term-12m", **stated)) == beaten


def test_two_offers_alike_beat_neither() -> None:
    def alike(documents: dict[str, Any]) -> None:
        terms(documents, "term-6m").update(rate=0.0085, term_months=3)

    assert beaten_offers(changed(alike)) == {}


def test_neither_wealth_nor_what_states_a_risk_is_compared() -> None:
    def benchmarks(documents: dict[str, Any]) -> None:
        for offer, figure in (("fixed-income-6m", 0.03), ("fixed-income-plus-12m", 0.02)):
            terms(documents, offer)["rate"] = figure
        terms(documents, "structured-3m")["rate"] = 0.05

    assert beaten_offers(changed(benchmarks)) == {}
    with pytest.raises(PolicyError) as raised:
        changed(
            lambda documents: documents["catalogue"]["families"]["wealth"].update(
                dominated_by={"more": ["benchmark"], "less": ["term_months"]}
            )
        )
    said = "\n".join(map(str, raised.value.problems))
    assert "dominated_by is not for wealth offers: asset-management products are never compared by yield" in said
    assert "more must be from" in said


def test_a_beaten_offer_is_closed_where_the_better_one_is_open_and_one_and_many_agree() -> None:
    policy = with_rate("term-12m", rate=0.0126)
    many = decide_many(policy, population_of(policy, PEOPLE), WIDE, {}, RELEASE, reasons=True)
    single = [decide(policy, person, WIDE, {}, RELEASE, "d") for person in PEOPLE]
    for row, found in enumerate(single):
        made = [policy.offers[place].id for place in many.offer[row] if place >= 0]
        assert made == [one.offer for one in found.treatments]
        assert [one.priority for one in found.treatments] == many.priority[row][many.offer[row] >= 0].tolist()
    assert many.withheld is not None
    assert many.withheld["dominated"] == sum(one.withheld.get("dominated", 0) for one in single) > 0
    offered = [{one.offer for one in found.treatments} for found in single]
    assert not any({"term-12m", "term-24m"} <= one for one in offered)


def test_where_the_better_one_is_closed_the_other_stays() -> None:
    policy = with_rate("term-12m", rate=0.0126)
    rich = decide(policy, PEOPLE[2], WIDE, {}, RELEASE, "d")
    offered = {one.offer for one in rich.treatments}
    assert "term-12m" not in offered, "large-cd-pays-more closes it"
    assert "term-24m" in offered
    assert "dominated" not in rich.withheld


def test_the_gate_is_named_in_trace_and_funnel_as_in_the_decision() -> None:
    policy = with_rate("term-12m", rate=0.0126)
    decided = decide(policy, PEOPLE[1], WIDE, {}, RELEASE, "d")
    traced = trace_cells(policy, PEOPLE[1], WIDE, {}, RELEASE)
    closed = {cell.offer for cell in traced if cell.closed_by == ("dominated",)}
    assert closed == {"term-24m"}
    taken: dict[str, int] = {}
    for step in trace_funnel(policy, traced):
        taken |= {gate: len(offers) for gate, offers in step.taken.items()}
    assert taken == decided.withheld
    reason = next(rule.reason for rule in policy.rules if rule.id == "dominated")
    assert reason["en"] == "Another open deposit pays no less, for no longer a term and no larger a minimum"


def test_an_arm_that_opens_the_better_one_closes_the_other_for_one_and_many() -> None:
    def tested(documents: dict[str, Any]) -> None:
        terms(documents, "term-12m").update(rate=0.0126)
        test = {"id": "no-tiers", "kind": "without-strategy", "strategy": "tiered-rates", "share": 0.4, "salt": "s"}
        documents["experiments"]["tests"] = [test]

    policy = changed(tested)
    crowd = [replace(PEOPLE[2], customer_id=f"c{number}") for number in range(40)]
    many = decide_many(policy, population_of(policy, crowd), WIDE, {}, RELEASE)
    single = [decide(policy, person, WIDE, {}, RELEASE, "d") for person in crowd]
    assert {one.arm for one in single} >= {"personalised", "no-tiers"}
    for row, found in enumerate(single):
        assert [policy.offers[at].id for at in many.offer[row] if at >= 0] == [one.offer for one in found.treatments]
        offered = {one.offer for one in found.treatments}
        assert ("term-24m" in offered) is (found.arm != "no-tiers")


def test_a_policy_that_compares_nothing_decides_as_before() -> None:
    policy = changed(lambda documents: documents["catalogue"]["families"]["deposit"].pop("dominated_by"))
    compiled = compile_policy(policy)
    assert "dominated" not in compiled.gate_ids
    assert "dominated" not in {rule.id for rule in policy.rules}
    before, now = (decide(one, PEOPLE[1], WIDE, {}, RELEASE, "d") for one in (policy, changed(lambda documents: None)))
    assert [(one.offer, one.priority) for one in before.treatments] == [
        (one.offer, one.priority) for one in now.treatments
    ]


def test_simulate_counts_what_is_dominated() -> None:
    old, new = changed(lambda documents: None), with_rate("term-12m", rate=0.0126)
    found = simulate(old, new, PEOPLE, Context(NOON), {}, RELEASE)
    (shift,) = found.volumes["dominated"]
    assert (shift.old, shift.new) == (0, 1)
    assert "offers closed because another open one beats them" in str(found)


def test_a_single_better_offer_is_not_closed_by_itself() -> None:
    mask = compile_policy(with_rate("term-12m", rate=0.0126)).dominance.add_mask([True], (1, 23, 6))[-1]
    assert isinstance(mask, np.ndarray)
    assert mask.all(axis=2).sum() == 22
