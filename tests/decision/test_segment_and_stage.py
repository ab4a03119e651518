"""Where a customer stands says to whom a strategy speaks: in rules and targets, for one and for many, on replay."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.core.domain import Arm, Context, Decision, Snapshot
from service.decision import decide, decide_many, encode, population_of, replay
from service.rules.policy import Policy
from tests.decision.bank import (
    NOON,
    PLAIN,
    RELEASE,
    RICH,
    customer,
    fit,
    gate,
)
from tests.decision.standing import says, standing_policy
from tests.decision.strategies import as_columns, contexts, renamed, scores, snapshots

KEEN = {"segment:keen": 1.0}


def decided(policy: Policy, said: dict[str, float], **more: Any) -> Decision:
    return decide(policy, customer({**RICH, **more}), Context(NOON, limit=10), said, RELEASE, "d")


def reasons(found: Decision) -> set[str]:
    return {reason for one in found.treatments for reason in one.reasons}


def test_a_strategy_raises_only_for_the_customers_of_its_segments():
    open_to_all = {"gates": ()}
    assert reasons(decided(standing_policy(**open_to_all), KEEN)) == {"raise"}
    assert reasons(decided(standing_policy(**open_to_all), {"segment:idle": 1.0})) == set()
    assert reasons(decided(standing_policy(**open_to_all), {})) == set(), "unknown satisfies nothing"
    assert reasons(decided(standing_policy(None, **open_to_all), {})) == {"raise"}, "no target is everybody"


def test_an_applicability_gate_spares_who_is_outside_the_segments_and_stays_closed_to_who_may_be_inside():
    assert decided(standing_policy(), KEEN).withheld == {"big": 4}
    assert "big" not in decided(standing_policy(), {"segment:idle": 1.0}).withheld
    assert decided(standing_policy(), {}).withheld == {"big": 4}


def test_what_guards_the_customer_never_falls_away():
    guarded = standing_policy(gates=(gate("big", "suitability", "customer.total_yuan >= 500000"),))
    assert decided(guarded, {"segment:idle": 1.0}).withheld == {"big": 4}


@pytest.mark.parametrize(("age", "raised"), [(39, {"raise"}), (40, set())])
def test_a_target_may_be_a_stage_of_life(age: int, raised: set[str]):
    assert reasons(decided(standing_policy("customer.stage = 'young'", gates=()), {}, age=age)) == raised


def test_rules_may_read_where_the_customer_stands():
    rule = replace(
        fit("keen", "cost", "true", 2.0), when=says("customer.segment = 'keen' and customer.stage = 'settled'")
    )
    policy = standing_policy(None, gates=(), fits=(rule,))
    assert reasons(decided(policy, KEEN)) == {"keen"}
    assert reasons(decided(policy, KEEN, age=30)) == reasons(decided(policy, {})) == set()


def test_who_withdrew_personalisation_stands_nowhere():
    policy, refused = (
        standing_policy("customer.stage = 'settled'", gates=()),
        customer(RICH, {"personalisation": False}),
    )
    found = decide(policy, refused, Context(NOON, limit=10), KEEN, RELEASE, "d")
    assert (found.arm, reasons(found)) == (Arm.UNPERSONALISED, set())
    record = orjson.loads(encode(found, refused, Context(NOON, limit=10), KEEN, RELEASE))
    assert record["scores"] == {}


def test_the_record_keeps_the_segment_and_replays_without_a_model():
    policy, snapshot, at = standing_policy(), customer({**RICH, "total_yuan": 600_000.0}), Context(NOON, limit=10)
    found = decide(policy, snapshot, at, KEEN, RELEASE, "d")
    record = encode(found, snapshot, at, KEEN, RELEASE)
    assert orjson.loads(record)["scores"] == KEEN
    assert replay(record, policy) == record
    assert replay(record.replace(b"segment:keen", b"segment:idle"), policy) != record.replace(b":keen", b":idle")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(snapshots, scores), min_size=1, max_size=12),
    contexts,
    st.sampled_from(["customer.segment = 'keen'", "customer.stage = 'young' or customer.segment is null"]),
    st.integers(1, 5),
)
def test_one_and_many_agree_on_who_stands_where(
    people: list[tuple[Snapshot, dict]], at: Context, target: str, block: int
):
    policy = standing_policy(target, experiments=replace(PLAIN, holdout_share=0.3))
    several, spoken = renamed([one for one, _ in people]), [one for _, one in people]
    found = decide_many(policy, population_of(policy, several), at, as_columns(spoken), RELEASE, block=block)
    for row, (snapshot, said) in enumerate(zip(several, spoken, strict=True)):
        one = decide(policy, snapshot, at, said, RELEASE, "d")
        assert [policy.offers[p].id for p in found.offer[row] if p >= 0] == [each.offer for each in one.treatments]
        held = len(one.treatments)
        assert found.priority[row, :held].tolist() == [each.priority for each in one.treatments]
