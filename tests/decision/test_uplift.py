"""Uplift in the place of propensity: another order, nothing pushed that only harms, and all of it on record."""

from dataclasses import replace

import orjson
import pytest

from service.core.domain import Decision
from service.decision import decide, encode, replay, trace_cells
from service.decision.trace.drop_one import priority
from service.rendering import Subject, write_explanation
from service.rules.model.rules import StandingTest
from service.rules.policy import DEFAULT, load
from tests.decision.bank import ALL_CONSENTS, PLAIN, RELEASE, RICH, context, customer, small_policy

POLICY = small_policy()
BOTH = {"deposit": 0.9, "wealth": 0.02}
PERSUADED = {**BOTH, "uplift:deposit": 0.001, "uplift:wealth": 0.2}
"""They buy deposits anyway; only wealth do they buy because it is offered."""


def decided(spoken: dict, policy=POLICY, release=RELEASE) -> Decision:
    return decide(policy, customer(RICH, ALL_CONSENTS), context(limit=9), spoken, release, "d")


def of(family: str, decision: Decision):
    return [one for one in decision.treatments if {o.id: o.family for o in POLICY.offers}[one.offer] == family]


def test_what_the_offer_changes_orders_instead_of_what_would_be_bought_anyway():
    plain, gained = decided(BOTH), decided(PERSUADED)
    assert [one.offer for one in plain.treatments] != [one.offer for one in gained.treatments]
    assert of("deposit", plain)[0].rank == 1
    assert of("wealth", gained)[0].rank == 1


def test_the_uplift_is_the_first_factor_and_the_propensity_stays_what_it_was():
    plain = {one.offer: one for one in decided(BOTH).treatments}
    for one in decided(PERSUADED).treatments:
        share = next(offer.share for offer in POLICY.offers if offer.id == one.offer)
        family = next(offer.family for offer in POLICY.offers if offer.id == one.offer)
        assert one.uplift == PERSUADED[f"uplift:{family}"] * share
        assert one.priority == pytest.approx(
            one.uplift * one.value * one.fit * one.lever * one.response - one.contact_cost - one.price
        )
        if one.offer in plain:
            assert (one.propensity, one.propensity_source) == (
                plain[one.offer].propensity,
                plain[one.offer].propensity_source,
            )
    assert {one.uplift for one in plain.values()} == {None}


def test_a_family_without_uplift_is_ordered_by_its_propensity_beside_one_that_has_it():
    found = decided({**BOTH, "uplift:wealth": 0.2})
    assert {one.uplift for one in of("deposit", found)} == {None}
    assert of("deposit", found)[0].priority == of("deposit", decided(BOTH))[0].priority


def test_the_uplift_of_an_offer_with_a_model_of_its_own_follows_that_model():
    found = {one.offer: one for one in decided({**PERSUADED, "offer:equity": 0.005}).treatments}
    assert found["equity"].uplift == pytest.approx(0.2 * (0.005 / 0.02))


@pytest.mark.parametrize("gain", [0.0, -0.1])
def test_what_offering_does_not_help_is_not_offered_whatever_its_value_or_a_price_below_zero_says(gain: float):
    spoken = {**BOTH, "uplift:deposit": gain, "uplift:wealth": 0.2}
    subsidy = replace(RELEASE, prices={"family:deposit": -50.0})
    for release in (RELEASE, subsidy):
        assert of("deposit", decided(spoken, release=release)) == []
    assert of("deposit", decided({**BOTH, "uplift:wealth": 0.2}, release=subsidy))


def test_the_test_by_propensity_alone_hears_no_uplift():
    tested = small_policy(
        experiments=replace(PLAIN, tests=(StandingTest("propensity-only", "propensity-only", 1.0, "s"),))
    )
    found = decided(PERSUADED, tested)
    assert found.arm == "propensity-only"
    assert {one.uplift for one in found.treatments} == {None}
    assert [one.priority for one in found.treatments] == [one.propensity for one in found.treatments]


def test_a_decision_by_uplift_says_so_and_replays_to_the_same_bytes():
    snapshot = customer(RICH, ALL_CONSENTS)
    record = encode(decided(PERSUADED), snapshot, context(limit=9), PERSUADED, RELEASE)
    assert replay(record, POLICY) == record
    treatments = orjson.loads(record)["decision"]["treatments"]
    assert all(one["uplift"] > 0 for one in treatments)
    for cell in trace_cells(POLICY, snapshot, context(limit=9), PERSUADED, RELEASE):
        if cell.value is not None:
            assert cell.priority == pytest.approx(priority(cell, {}))


@pytest.mark.parametrize(("language", "adds", "harms"), [
    ("en", "Being offered it adds", "no likelier to take it"),
    ("zh", "推荐使其购买概率提高", "并不会提高其购买的可能"),
])  # fmt: skip
def test_the_explanation_says_that_uplift_ordered_it_and_what_harms(language: str, adds: str, harms: str):
    policy = load(DEFAULT)
    facts = {"age": 44, "demand_yuan": 180_000.0, "mobile_app_active": True, "logins_30d": 12, "risk_tolerance": 5,
             "risk_assessed_on": "2026-08-26"}  # fmt: skip
    snapshot, spoken = customer(facts), {**BOTH, "uplift:deposit": 0.1, "uplift:wealth": -0.1}
    at, release = context(limit=3), replace(RELEASE, policy=policy.hash)
    decision = decide(policy, snapshot, at, spoken, release, "d")
    told = write_explanation(Subject(policy, decision, snapshot, at, spoken, release), language)
    for one in told["offers"]:
        if one["outcome"] == "shown":
            assert adds in one["text"]
            assert one["factors"]["uplift"] > 0
        gates = any(channel["closed_by"] == [] for channel in one["channels"])
        if gates and one["factors"]["uplift"] < 0:
            assert harms in one["text"]
    assert any(harms in one["text"] for one in told["offers"])
