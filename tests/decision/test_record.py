"""The record: everything a decision was made from, and the same bytes when it is made again."""

from dataclasses import asdict, replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.decision import NOW, customers
from service.core.domain import LAWLESS, Context, Snapshot
from service.core.errors import Conflict
from service.decision import decide, decode, encode, replay
from service.decision.record import policy_as_decided
from service.rules.formulas import formulas_of
from service.rules.policy import DEFAULT, Policy, from_documents, load
from tests.decision.bank import ALL_CONSENTS, DAY, PLAIN, RELEASE, RICH, context, customer, event, small_policy
from tests.decision.strategies import contexts, scores, snapshots

POLICY = small_policy(experiments=replace(PLAIN, exploration_epsilon=0.3, holdout_share=0.3))


@given(snapshots, contexts, scores, st.sampled_from([(), ("models",)]), st.sampled_from([{}, {"offer:term": 0.1}]))
@settings(max_examples=200, deadline=None)
def test_a_stored_decision_replays_to_the_same_bytes(snapshot: Snapshot, at: Context, spoken, degraded, prices):
    release = replace(RELEASE, prices=prices)
    record = encode(decide(POLICY, snapshot, at, spoken, release, "d", degraded), snapshot, at, spoken, release)
    assert replay(record, POLICY) == record


@given(snapshots, contexts, scores)
@settings(max_examples=60, deadline=None)
def test_a_record_reads_back_as_the_decision_it_was(snapshot: Snapshot, at: Context, spoken):
    decision = decide(POLICY, snapshot, at, spoken, RELEASE, "d")
    found, kept, again, heard, release = decode(encode(decision, snapshot, at, spoken, RELEASE))
    assert (found, release) == (decision, RELEASE)
    if decision.personalised:
        assert (kept, again, heard) == (snapshot, at, spoken)
    else:
        assert (kept.attributes, again.trigger, again.amount_yuan, heard) == ({}, None, None, {})


def test_a_changed_record_no_longer_replays_to_itself():
    snapshot, spoken = customer(RICH, ALL_CONSENTS, [event("click", DAY, "term")]), {"deposit": 0.25}
    record = encode(decide(POLICY, snapshot, context(), spoken, RELEASE, "d"), snapshot, context(), spoken, RELEASE)
    forged = orjson.loads(record)
    forged["decision"]["treatments"][0]["priority"] += 1.0
    forged = orjson.dumps(forged, option=orjson.OPT_SORT_KEYS)
    assert replay(forged, POLICY) != forged


def test_every_decision_under_the_shipped_policy_replays():
    shipped = load(DEFAULT)
    policy = replace(shipped, experiments=replace(shipped.experiments, exploration_epsilon=0.3, holdout_share=0.2))
    release, at = replace(RELEASE, policy=policy.hash), Context(NOW, limit=5)
    for snapshot in customers(policy, 150):
        record = encode(
            decide(policy, snapshot, at, {"deposit": 0.3}, release, "d"), snapshot, at, {"deposit": 0.3}, release
        )
        assert replay(record, policy) == record


def test_a_record_is_not_replayed_under_another_policy():
    record = encode(decide(POLICY, customer(), context(), {}, RELEASE, "d"), customer(), context(), {}, RELEASE)
    with pytest.raises(Conflict, match="made under policy p-small, not p-other"):
        replay(record, replace(POLICY, hash="p-other"))


def test_what_was_not_a_number_is_kept_as_unknown_and_replays():
    snapshot, spoken = customer({**RICH, "age": float("nan")}), {"deposit": float("nan")}
    record = encode(decide(POLICY, snapshot, context(), spoken, RELEASE, "d"), snapshot, context(), spoken, RELEASE)
    assert orjson.loads(record)["snapshot"]["attributes"]["age"] is None
    assert replay(record, POLICY) == record


def test_a_record_of_an_earlier_form_replays_to_its_own_bytes():
    past, spoken = [event("survey", 2 * DAY, score=2.0), event("click", DAY, "term")], {"deposit": 0.25}
    snapshot, policy = customer(RICH, ALL_CONSENTS, past), load(DEFAULT)
    release = replace(RELEASE, policy=policy.hash, arithmetic=LAWLESS)
    decision = decide(policy, snapshot, context(), spoken, release, "d")
    assert decision.treatments
    made = unstated(encode(decision, snapshot, context(), spoken, release))
    fifth = orjson.dumps({**made, "format": 5})
    assert replay(fifth, policy) == fifth
    del made["snapshot"]["trails"], made["snapshot"]["surveys"]
    made["snapshot"]["events"] = [asdict(one) for one in past]
    fourth = orjson.dumps({**made, "format": 4})
    assert replay(fourth, policy) == fourth
    for treatment in made["decision"]["treatments"]:
        del treatment["uplift"]
    third = orjson.dumps({**made, "format": 3})
    assert replay(third, policy) == third
    for treatment in made["decision"]["treatments"]:
        treatment["propensity_source"] = "prior" if treatment["propensity_source"] == "prior" else "b-1"
    second = orjson.dumps({**made, "format": 2})
    assert replay(second, policy) == second
    for treatment in made["decision"]["treatments"]:
        del treatment["strategies"]
    del made["release"]["on_trial"]
    first = orjson.dumps({**made, "format": 1})
    assert replay(first, policy) == first


def test_a_record_of_the_time_before_money_was_compared_in_whole_fen_replays_as_it_was_decided():
    policy, at, held = load(DEFAULT), context(limit=50), {**RICH, "demand_yuan": 399_999.996}
    snapshot, release = customer(held, ALL_CONSENTS), replace(RELEASE, policy=policy.hash, arithmetic=LAWLESS)
    gate = "large-cd-pays-more"  # coalesce(customer.demand_yuan, 0) < 400000: true as it stands, false in whole fen
    then, now = (
        decide(each, snapshot, at, {}, release, "d") for each in (from_documents(policy.documents, exact=True), policy)
    )
    assert (then.withheld.get(gate), now.withheld.get(gate)) == (None, 2)
    made = unstated(encode(then, snapshot, at, {}, release))
    del made["snapshot"]["trails"], made["snapshot"]["surveys"]
    fourth = orjson.dumps({**made, "format": 4, "snapshot": {**made["snapshot"], "events": []}})
    assert replay(fourth, policy) == fourth
    fifth = orjson.dumps({**unstated(encode(now, snapshot, at, {}, release)), "format": 5})
    assert replay(fifth, policy) == fifth
    assert (policy_as_decided(fourth, policy) is policy, policy_as_decided(fifth, policy) is policy) == (False, True)


def test_money_of_every_name_is_compared_as_it_stands_where_a_policy_is_read_so():
    policy = load(DEFAULT)
    exact = from_documents(policy.documents, exact=True)
    assert exact.hash == policy.hash
    assert _in_fen(policy) > {"customer.demand_yuan", "customer.wealth_yuan"}
    assert _in_fen(exact) == {"customer.lifetime_value_yuan"}, "which tags of the portrait read, and no decision"


def unstated(record: bytes) -> dict[str, Any]:
    """The record as it was before form 6: of no arithmetic, without confirmations."""
    made: dict[str, Any] = orjson.loads(record)
    del made["release"]["arithmetic"]
    for treatment in made["decision"]["treatments"]:
        del treatment["confirmations"]
    return made


def _in_fen(policy: Policy) -> set[str]:
    """The names whose money is compared in whole fen."""
    nodes = (node for _, one in formulas_of(policy) for node in one.tree.walk() if node.op == "fen")
    return {node.args[0].value for node in nodes if node.args[0].op == "name"}


def test_what_models_say_of_offers_tickets_and_channels_decides_and_replays():
    policy, snapshot = small_policy(), customer(RICH, ALL_CONSENTS)
    spoken = {"deposit": 0.2, "offer:equity": 0.6, "ticket:deposit": 80_000.0, "response:sms": 2.5}
    decision = decide(policy, snapshot, context(limit=9), spoken, RELEASE, "d")
    found = {one.offer: one for one in decision.treatments}
    assert (found["equity"].propensity, found["equity"].propensity_source) == (0.6, "model")
    assert found["term"].value == pytest.approx(80_000 * 0.010)
    assert found["term"].propensity_source == "family model"
    assert found["cash"].propensity_source == "prior"
    record = encode(decision, snapshot, context(limit=9), spoken, RELEASE)
    assert replay(record, policy) == record
