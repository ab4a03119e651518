"""The arms: one customer in one of them, each without its own part of the method and nothing else, the gates in all."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.decision import NOW, customers
from service.core.domain import Arm, Context, Decision, Snapshot
from service.decision import decide, decide_many, encode, population_of, replay
from service.decision.arms.assignment import arm_of, experiment_arm
from service.decision.arms.policies import ARM_POLICIES
from service.rules.model.rules import TEST_KINDS, StandingTest
from service.rules.policy import DEFAULT, Policy, load
from tests.decision.bank import (
    ALL_CONSENTS,
    DAY,
    FITS,
    GATES,
    PLAIN,
    RELEASE,
    RICH,
    context,
    customer,
    event,
    lived,
    small_policy,
)
from tests.decision.strategies import as_columns, contexts, renamed, scores, snapshots

WITHHELD = ("portrait", "reminders")
STRATEGY = {"elder": "portrait", "not-again": "portrait", "risk": "portrait", "clicked": "reminders"}
RULES = {
    "gates": tuple(replace(rule, strategy=STRATEGY.get(rule.id, "s")) for rule in GATES),
    "fits": tuple(replace(rule, strategy=STRATEGY.get(rule.id, "s")) for rule in FITS),
}
PLAIN_TESTS = tuple(StandingTest(kind, kind, 0.09, f"salt-{kind}") for kind in TEST_KINDS[:-1])
STRATEGY_TESTS = tuple(StandingTest(f"no-{one}", "without-strategy", 0.09, one, one) for one in WITHHELD)
TESTED = replace(PLAIN, exploration_epsilon=0.2, holdout_share=0.05, tests=(*PLAIN_TESTS, *STRATEGY_TESTS))
POLICY = small_policy(experiments=TESTED, **RULES)
SURE = small_policy(experiments=replace(TESTED, exploration_epsilon=0.0), **RULES)
WHOLE = small_policy(experiments=PLAIN, **RULES)


def member(arm: str, attributes: dict, policy: Policy = SURE) -> Snapshot:
    """A customer of an arm."""
    ids = (f"m-{number}" for number in range(10_000))
    chosen = next(one for one in ids if experiment_arm(one, policy.experiments) == arm)
    return customer(attributes, ALL_CONSENTS, customer_id=chosen)


def served(arm: str, attributes: dict, spoken: dict | None = None, policy: Policy = SURE) -> Decision:
    return decide(policy, member(arm, attributes, policy), context(limit=9), spoken or {}, RELEASE, "d")


def without_experiments(snapshot: Snapshot, spoken: dict | None = None) -> Decision:
    """The whole method for the same customer."""
    return decide(WHOLE, snapshot, context(limit=9), spoken or {}, RELEASE, "d")


def test_every_customer_is_in_one_arm_and_the_shares_are_met():
    found = Counter(experiment_arm(f"c-{number}", TESTED) for number in range(40_000))
    assert set(found) == {Arm.PERSONALISED, Arm.HOLDOUT, *(test.id for test in TESTED.tests)}
    for test in TESTED.tests:
        assert found[test.id] / 40_000 == pytest.approx(test.share, abs=0.006)
    assert found[Arm.HOLDOUT] / 40_000 == pytest.approx(0.05, abs=0.006)


def test_a_new_test_moves_nobody_from_one_test_to_another_and_holds_nobody_else_out():
    more = replace(TESTED, tests=(*TESTED.tests, StandingTest("new", "random-relevant", 0.09, "new")))
    ids = [f"c-{number}" for number in range(5_000)]
    moves = {(experiment_arm(one, TESTED), experiment_arm(one, more)) for one in ids}
    assert {(was, now) for was, now in moves if was != now} == {(Arm.PERSONALISED, "new")}


def test_another_salt_draws_other_customers():
    tests = (replace(TESTED.tests[0], salt="another"), *TESTED.tests[1:])
    ids = [f"c-{number}" for number in range(5_000)]
    drawn = [
        {one for one in ids if experiment_arm(one, each) == TESTED.tests[0].id}
        for each in (TESTED, replace(TESTED, tests=tests))
    ]
    assert len(drawn[0] & drawn[1]) < 0.3 * len(drawn[0])


def test_the_holdout_is_who_it_was_before_there_were_tests():
    ids = [f"c-{number}" for number in range(5_000)]
    before = replace(TESTED, tests=())
    assert {one for one in ids if experiment_arm(one, before) == Arm.HOLDOUT} == {
        one for one in ids if experiment_arm(one, TESTED) == Arm.HOLDOUT
    }


@pytest.mark.parametrize("refusal", [{"personalisation": False}, {}])
def test_who_withdrew_or_is_unknown_is_in_no_experiment(refusal: dict[str, bool]):
    attributes = RICH if refusal else {}
    arms = {
        arm_of(customer(attributes, refusal, customer_id=f"c-{n}"), TESTED, trial)
        for n in range(300)
        for trial in (True, False)
    }
    assert arms == {Arm.UNPERSONALISED}


def test_every_kind_of_test_is_known_to_the_core():
    assert set(ARM_POLICIES) == {*Arm, *TEST_KINDS}


def test_propensity_only_orders_by_propensity_and_hears_the_models():
    found = served("propensity-only", RICH, {"wealth": 0.9})
    assert [one.offer for one in found.treatments] == ["cash", "equity", "term", "cd"]
    assert [one.priority for one in found.treatments] == [one.propensity for one in found.treatments]
    assert {(one.fit, one.lever, one.response, one.reasons) for one in found.treatments} == {(1.0, 1.0, 1.0, ())}
    assert found.treatments[0].propensity_source == "family model"


def test_without_levers_every_lever_is_one_and_all_else_as_it_was():
    snapshot = member("without-levers", RICH)
    found, whole = decide(SURE, snapshot, context(limit=9), {}, RELEASE, "d"), without_experiments(snapshot)
    assert {one.lever for one in found.treatments} == {1.0}
    assert {one.offer: (one.propensity, one.value, one.fit, one.response) for one in found.treatments} == {
        one.offer: (one.propensity, one.value, one.fit, one.response) for one in whole.treatments
    }
    raised = {one.offer: one.priority for one in whole.treatments}["equity"]
    plain = {one.offer: one for one in found.treatments}["equity"]
    assert plain.priority + plain.contact_cost == pytest.approx((raised + plain.contact_cost) / 1.5)


def test_eligibility_only_shows_the_open_offers_in_the_catalogues_order():
    found = served("eligibility-only", RICH, {"wealth": 0.9})
    assert [one.offer for one in found.treatments] == ["term", "cd", "cash", "equity"]
    assert {one.propensity_source for one in found.treatments} == {"prior"}
    refused = served("eligibility-only", {**RICH, "total_yuan": 100_000.0, "risk_tolerance": 1})
    assert [one.offer for one in refused.treatments] == ["term", "cash"]


def test_random_relevant_shows_all_that_may_be_made_each_equally_often():
    firsts = Counter(
        decide(SURE, one, context(limit=1), {}, RELEASE, "d").treatments[0].offer
        for one in (customer(RICH, customer_id=f"r-{n}") for n in range(6_000))
        if experiment_arm(one.customer_id, SURE.experiments) == "random-relevant"
    )
    assert set(firsts) == {"term", "cd", "cash", "equity"}
    assert min(firsts.values()) / sum(firsts.values()) > 0.17
    found = served("random-relevant", RICH)
    assert found.explored
    assert {one.selection_probability for one in found.treatments} == {1.0}


def test_a_withheld_strategy_loses_its_fit_and_applicability_rules_and_no_other():
    elder = {**RICH, "age": 70}
    snapshot = member("no-portrait", elder)
    found, whole = decide(SURE, snapshot, context(limit=9), {}, RELEASE, "d"), without_experiments(snapshot)
    assert "elder" in {reason for one in whole.treatments for reason in one.reasons}
    assert "elder" not in {reason for one in found.treatments for reason in one.reasons}
    bought = lived(snapshot, [event("accept", DAY, "term")])
    assert without_experiments(bought).withheld["not-again"] == 1
    assert "not-again" not in decide(SURE, bought, context(limit=9), {}, RELEASE, "d").withheld
    cautious = replace(snapshot, attributes={**elder, "risk_tolerance": 1})
    assert decide(SURE, cautious, context(limit=9), {}, RELEASE, "d").withheld["risk"] == 1


def test_a_treatment_credits_the_strategies_of_the_rules_that_raised_it_once_each():
    found = without_experiments(customer({**RICH, "age": 70, "demand_yuan": 200_000.0, "mobile_active": True}))
    term = {one.offer: one for one in found.treatments}["term"]
    assert "elder" in term.reasons
    assert term.strategies == ("portrait", "s")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(snapshots, scores), min_size=1, max_size=40), contexts, st.integers(1, 7), st.booleans())
def test_one_and_many_agree_bit_for_bit_in_every_arm(people, at: Context, block: int, on_trial: bool):
    several, spoken = renamed([one for one, _ in people]), [one for _, one in people]
    release = replace(RELEASE, on_trial=on_trial)
    found = decide_many(
        POLICY, population_of(POLICY, several), at, as_columns(spoken), release, reasons=True, block=block
    )
    withheld: Counter[str] = Counter()
    for row, (snapshot, said) in enumerate(zip(several, spoken, strict=True)):
        one = decide(POLICY, snapshot, at, said, release, "d")
        shown = len(one.treatments)
        assert (found.arms[row], found.explored[row]) == (one.arm, one.explored)
        assert [POLICY.offers[place].id for place in found.offer[row, :shown]] == [
            each.offer for each in one.treatments
        ]
        assert [POLICY.channels[p].id for p in found.channel[row, :shown]] == [each.channel for each in one.treatments]
        assert found.priority[row, :shown].tolist() == [each.priority for each in one.treatments]
        assert np.isnan(found.priority[row, shown:]).all()
        assert found.selection_probability[row, :shown].tolist() == [
            each.selection_probability for each in one.treatments
        ]
        raised = {rule.id for rule, fired in zip(POLICY.fits, found.spoken[row], strict=True) if fired}
        first = one.treatments[0].reasons if shown else ()
        assert raised == {rule.id for rule in POLICY.fits if rule.id in first and rule.weight > 1}
        withheld.update(one.withheld)
    assert found.withheld == +withheld


GUARDS = ("eligibility", "suitability", "contact")


@settings(max_examples=150, deadline=None)
@given(snapshots, contexts, scores, st.sampled_from([Arm.HOLDOUT, *(test.id for test in TESTED.tests)]))
def test_no_arm_opens_what_guards_the_customer(snapshot: Snapshot, at: Context, spoken, arm: str):
    """Whatever any arm shows, a policy of the guards alone leaves open as well."""
    mine = replace(snapshot, customer_id=member(arm, RICH, POLICY).customer_id)
    guards = tuple(rule for rule in RULES["gates"] if rule.stage in GUARDS)
    everyone = (StandingTest("all", "eligibility-only", 0.5, "x"),)
    bare = small_policy(gates=guards, fits=(), experiments=replace(PLAIN, tests=everyone))
    free = next(one for one in (f"g-{n}" for n in range(99)) if experiment_arm(one, bare.experiments) == "all")
    found = decide(POLICY, mine, replace(at, limit=9), spoken, RELEASE, "d")
    left = decide(bare, replace(snapshot, customer_id=free), replace(at, limit=9), {}, RELEASE, "d")
    open_ = {(one.offer, road) for one in left.treatments for road in (one.channel, *one.alternatives)}
    shown = {(one.offer, road) for one in found.treatments for road in (one.channel, *one.alternatives)}
    assert shown <= open_ or found.arm == Arm.UNPERSONALISED


@settings(max_examples=100, deadline=None)
@given(snapshots, contexts, scores, st.sampled_from([*Arm, *(test.id for test in TESTED.tests)]))
def test_every_arm_replays_to_the_same_bytes(snapshot: Snapshot, at: Context, spoken, arm: str):
    release = replace(RELEASE, on_trial=arm == Arm.CHALLENGER)
    known = arm in {Arm.HOLDOUT, *(test.id for test in TESTED.tests)}
    mine = replace(snapshot, customer_id=member(arm, RICH, POLICY).customer_id) if known else snapshot
    record = encode(decide(POLICY, mine, at, spoken, release, "d"), mine, at, spoken, release)
    assert replay(record, POLICY) == record


def test_the_shipped_policy_tests_each_of_its_strategies_and_every_kind():
    policy = load(DEFAULT)
    assert {test.strategy for test in policy.experiments.tests} - {None} == set(policy.strategies)
    assert {test.kind for test in policy.experiments.tests} == set(TEST_KINDS)


def test_one_and_many_agree_under_the_shipped_policy_in_every_arm():
    policy = load(DEFAULT)
    tests = tuple(replace(test, share=0.035) for test in policy.experiments.tests)
    policy = replace(policy, experiments=replace(policy.experiments, tests=tests, holdout_share=0.03))
    people, at = customers(policy, 400), Context(NOW, limit=5)
    spoken = dict(zip(("deposit", "wealth"), np.random.default_rng(5).random((2, len(people))) ** 3, strict=True))
    found = decide_many(policy, population_of(policy, people), at, spoken, RELEASE)
    assert set(found.arms) >= {test.id for test in tests}
    for row, snapshot in enumerate(people):
        own = {family: float(column[row]) for family, column in spoken.items()}
        one = decide(policy, snapshot, at, own, RELEASE, "d")
        shown = len(one.treatments)
        assert found.arms[row] == one.arm
        assert [policy.offers[p].id for p in found.offer[row, :shown]] == [each.offer for each in one.treatments]
        assert found.priority[row, :shown].tolist() == [each.priority for each in one.treatments]
        assert (found.offer[row, shown:] == -1).all()
