"""One customer: the arithmetic by hand, the order, the reasons."""

from dataclasses import replace

import numpy as np
import pytest

from service.core.domain import Arm, Context, Decision, Release, Snapshot
from service.core.errors import InvalidInput
from service.decision import decide
from service.decision.single import count_stops
from tests.decision.bank import (
    ALL_CONSENTS,
    DAY,
    HOUR,
    NOON,
    PLAIN,
    RELEASE,
    RICH,
    context,
    customer,
    event,
    offer,
    small_policy,
)

POLICY = small_policy()


def decided(
    snapshot: Snapshot, at: Context | None = None, scores: dict | None = None, policy=POLICY, release=RELEASE
) -> Decision:
    return decide(policy, snapshot, at or context(), scores or {}, release, "d-1")


def shown(decision: Decision) -> list[tuple[str, str]]:
    return [(one.offer, one.channel) for one in decision.treatments]


def test_priority_is_propensity_times_value_times_fit_times_lever_times_response_less_cost_and_price():
    # age 65, idle money: fit = 2 (elder) * 1.5 (idle money), branch response 1.5 from age 60, contact cost 1 yuan
    elder = customer({"age": 65, "total_yuan": 100_000.0, "demand_yuan": 60_000.0})
    found = decided(
        elder, context(channel="branch"), {"deposit": 0.4}, release=replace(RELEASE, prices={"channel:branch": 3.0})
    )
    (term,) = found.treatments
    assert term.offer == "term"
    assert term.propensity == pytest.approx(0.4 * 0.75)
    assert term.value == pytest.approx(10_000 * (0.025 - 0.015))
    assert (term.fit, term.response, term.lever, term.contact_cost, term.price) == (3.0, 1.5, 1.0, 1.0, 3.0)
    assert term.priority == pytest.approx(0.3 * 100 * 3 * 1.5 - 1 - 3)
    assert term.reasons == ("elder", "idle-money")


def test_unequal_weights_raise_each_concern_to_four_times_its_weight():
    policy = small_policy(weights={"consumer": 0.5, "cost": 0.125, "convenience": 0.25, "communication": 0.125})
    elder = customer({"age": 65, "total_yuan": 100_000.0, "demand_yuan": 60_000.0})
    (term,) = decided(elder, context(channel="branch"), policy=policy).treatments
    assert term.fit == pytest.approx(2.0**2.0 * 1.5**0.5)


def test_the_best_channel_is_chosen_and_the_others_follow_best_first():
    first = decided(customer(RICH, ALL_CONSENTS), scores={"deposit": 0.2}).treatments[0]
    assert (first.offer, first.channel) == ("term", "adviser_call")
    assert first.alternatives == ("mobile_app", "branch", "sms")


def test_the_channel_that_asks_is_the_only_one_that_competes_and_the_others_remain_alternatives():
    found = decided(customer(RICH, ALL_CONSENTS), context(channel="branch"), {"deposit": 0.2})
    assert {one.channel for one in found.treatments} == {"branch"}
    assert found.treatments[0].alternatives == ("adviser_call", "mobile_app", "sms")


def test_a_channel_the_policy_lacks_is_refused_by_name():
    with pytest.raises(InvalidInput, match='"fax" is not in the policy') as refused:
        decided(customer(RICH), context(channel="fax"))
    assert [each.where for each in refused.value.problems] == ["channel"]
    assert "mobile_app" in refused.value.problems[0].message


def test_equal_priorities_stand_in_the_policys_order():
    twins = small_policy(offers=(*(offer(name, "deposit", 0.5, minimum_yuan=50.0, rate=0.01) for name in "ba"),))
    assert shown(decided(customer(RICH), policy=twins)) == [("b", "mobile_app"), ("a", "mobile_app")]


def test_no_more_than_the_limit_is_shown():
    assert [len(decided(customer(RICH), context(limit=limit)).treatments) for limit in (1, 2, 9)] == [1, 2, 3 + 1]


def test_without_a_model_the_prior_speaks_and_says_so():
    found = decided(customer(RICH), scores={"deposit": None, "wealth": 0.5})
    sources = {one.offer: (one.propensity_source, one.propensity) for one in found.treatments}
    assert sources["term"] == ("prior", pytest.approx(0.1 * 0.75))
    assert sources["equity"] == ("family model", pytest.approx(0.5 * 0.5))


def test_a_price_on_an_offer_and_its_family_and_channel_add_up():
    prices = {"offer:term": 1.0, "family:deposit": 2.0, "channel:mobile_app": 4.0, "offer:gone": 99.0}
    found = decided(customer(RICH), context(channel="mobile_app"), release=Release(1, "p", None, prices))
    assert {one.offer: one.price for one in found.treatments} == {"term": 7.0, "equity": 4.0, "cash": 4.0}


def test_a_price_on_something_else_is_refused():
    with pytest.raises(InvalidInput, match=r"offer:, family: or channel:<id>, got planet:mars"):
        decided(customer(RICH), release=Release(1, "p", None, {"planet:mars": 1.0}))


def test_what_is_not_worth_its_cost_is_withheld_for_that_reason():
    poor = customer({"age": 30, "total_yuan": 100.0})
    found = decided(poor, context(channel="branch"))
    assert found.treatments == ()
    assert found.withheld == {"minimum": 1, "assessed": 2, "no-positive-value": 1}


def test_each_offer_is_withheld_for_the_gate_that_closed_its_last_channel():
    found = decided(customer({"total_yuan": 100_000.0, "risk_tolerance": 1, "risk_assessed_on": "2026-09-01"}))
    assert found.withheld == {"minimum": 1, "risk": 1}
    assert {one for one, _ in shown(found)} == {"term", "cash"}


def test_of_two_failing_gates_the_first_in_stage_order_is_named():
    found = decided(customer({"total_yuan": 100_000.0, "risk_tolerance": 1}, events=[event("accept", DAY, "equity")]))
    assert found.withheld == {"minimum": 1, "not-again": 1, "assessed": 1}


def test_an_unknown_customer_gets_what_needs_no_knowledge():
    found = decided(customer())
    assert shown(found) == [("term", "mobile_app")]
    assert (found.arm, found.personalised) == (Arm.UNPERSONALISED, False)


def test_withheld_counts_and_candidates_make_up_all_offers():
    found = decided(customer(RICH, events=[event("dismiss", HOUR, "cash")]), context(limit=10))
    assert sum(found.withheld.values()) + len(found.treatments) == len(POLICY.offers)


def test_the_holdout_is_served_by_priors_with_fit_and_response_neutral_and_the_same_gates():
    policy = small_policy(experiments=replace(PLAIN, holdout_share=0.5))
    found = decided(
        customer({**RICH, "age": 65}, ALL_CONSENTS, customer_id=_held_out(policy)),
        scores={"deposit": 0.9},
        policy=policy,
    )
    assert (found.arm, found.personalised) == (Arm.HOLDOUT, True)
    assert {(one.fit, one.response, one.propensity_source, one.reasons) for one in found.treatments} == {
        (1.0, 1.0, "prior", ())
    }
    refused = decided(customer({"age": 65}, customer_id=_held_out(policy)), policy=policy)
    assert refused.withheld == {"minimum": 1, "assessed": 2}


def _held_out(policy) -> str:
    ids = (f"c-{number}" for number in range(100))
    return next(one for one in ids if decided(customer(RICH, customer_id=one), policy=policy).arm == Arm.HOLDOUT)


def test_the_decision_carries_what_it_was_asked():
    found = decide(POLICY, customer(RICH), context(), {}, RELEASE, "d-9", ("models",))
    assert (found.id, found.customer_id, found.at, found.degraded) == ("d-9", "c-1", NOON, ("models",))


def test_only_what_the_law_closes_counts_as_a_stop() -> None:
    """Three offers in two channels: open; stopped in one channel; beaten by another offer, which is no fault."""
    first = np.array([[3, 3], [1, 3], [2, 2]])
    assert count_stops(["minimum", "law-tolerance", "dominated"], first, None) == {"law-tolerance": 1}
