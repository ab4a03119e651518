"""A dropped label is unknown: to rules, targets, words and portraits, for one customer and for many, on replay."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.core.domain import Context, Decision, Release, Snapshot
from service.decision import decide, decide_many, encode, population_of, replay
from service.decision.portrait import Estimates, compile_portrait
from service.decision.positioning import choose_variants
from service.rules.model.portrait import Tag
from service.rules.model.targeting import Target
from service.rules.policy import DEFAULT, Policy, Strategy, load
from service.scoring.segments import Segment
from tests.decision.bank import NOON, PLAIN, RELEASE, RICH, WORDS, customer, fit, gate
from tests.decision.standing import says, standing_policy
from tests.decision.strategies import as_columns, contexts, renamed, scores, snapshots

KEEN = {"segment:keen": 1.0}
SEGMENTS = {"x": "customer.segment = 'keen'", "y": "customer.age >= 60"}


def labelled_policy(segments: dict[str, str] = SEGMENTS, **changes: Any) -> Policy:
    """A strategy for segments x and y, with a fit rule and an applicability gate."""
    targets = {name: Target(name, WORDS, says(when)) for name, when in segments.items()}
    whole = says(" or ".join(f"({when})" for when in segments.values()))
    strategies = {"s": Strategy("s", "consumer", WORDS, WORDS, WORDS, tuple(segments), True, whole)}
    return replace(standing_policy(None, **changes), strategies=strategies, targets=targets)


def decided(policy: Policy, dropped: tuple[str, ...] = (), said: dict[str, float] = KEEN, **facts: Any) -> Decision:
    consents = {f"label:{label}": False for label in dropped}
    return decide(policy, customer({**RICH, **facts}, consents), Context(NOON, limit=10), said, RELEASE, "d")


def reasons(found: Decision) -> set[str]:
    return {reason for one in found.treatments for reason in one.reasons}


@pytest.mark.parametrize(
    ("dropped", "raised"),
    [
        ((), {"raise"}),
        (("target:x",), set()),
        (("segment",), set()),
        (("target:y",), {"raise"}),
        (("stage",), {"raise"}),
        (("tag:x", "need:x"), {"raise"}),
    ],
)
def test_a_strategy_raises_nothing_by_a_segment_that_was_dropped(dropped: tuple[str, ...], raised: set[str]):
    assert reasons(decided(labelled_policy(gates=()), dropped)) == raised


def test_who_drops_one_of_two_segments_is_still_in_the_other():
    policy = labelled_policy(gates=())
    assert reasons(decided(policy, ("target:x",), age=70)) == {"raise"}
    assert reasons(decided(policy, ("target:x", "target:y"), age=70)) == set()


def test_a_dropped_segment_spares_no_gate_since_it_is_unknown():
    policy = labelled_policy(gates=(gate("big", "applicability", "customer.total_yuan >= 500000"),))
    assert "big" not in decided(policy, (), {"segment:idle": 1.0}).withheld, "outside both: spared"
    assert decided(policy, ("target:x",), {"segment:idle": 1.0}).withheld == {"big": 4}


def test_a_rule_that_reads_the_stage_does_not_fire_for_who_dropped_it():
    rule = replace(fit("old", "cost", "true", 2.0), when=says("customer.stage = 'settled'"))
    policy = standing_policy(None, gates=(), fits=(rule,))
    assert reasons(decided(policy)) == {"old"}
    assert reasons(decided(policy, ("stage",))) == set()


def test_a_yes_takes_the_label_back():
    policy, back = labelled_policy(gates=()), customer(RICH, {"label:target:x": True, "label:segment": True})
    assert reasons(decide(policy, back, Context(NOON, limit=10), KEEN, RELEASE, "d")) == {"raise"}


def test_the_record_holds_what_was_dropped_and_replays():
    policy, at = labelled_policy(gates=()), Context(NOON, limit=10)
    snapshot = customer(RICH, {"label:target:x": False})
    record = encode(decide(policy, snapshot, at, KEEN, RELEASE, "d"), snapshot, at, KEEN, RELEASE)
    assert orjson.loads(record)["snapshot"]["consents"] == {"label:target:x": False}
    assert replay(record, policy) == record
    taken_back = record.replace(b'"label:target:x":false', b'"label:target:x":true')
    assert replay(taken_back, policy) != taken_back


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(snapshots, scores), min_size=1, max_size=12), contexts, st.integers(1, 5))
def test_one_and_many_agree_to_the_bit_on_what_was_dropped(
    people: list[tuple[Snapshot, dict]], at: Context, block: int
):
    segments = {"x": "customer.segment = 'keen' or customer.stage = 'young'", "y": "customer.age >= 40"}
    policy = labelled_policy(segments, experiments=replace(PLAIN, holdout_share=0.3))
    several, spoken = renamed([one for one, _ in people]), [one for _, one in people]
    found = decide_many(policy, population_of(policy, several), at, as_columns(spoken), RELEASE, block=block)
    for row, (snapshot, said) in enumerate(zip(several, spoken, strict=True)):
        one = decide(policy, snapshot, at, said, RELEASE, "d")
        assert [policy.offers[p].id for p in found.offer[row] if p >= 0] == [each.offer for each in one.treatments]
        held = len(one.treatments)
        assert found.priority[row, :held].tolist() == [each.priority for each in one.treatments]


def test_an_offer_is_told_in_plain_words_to_who_dropped_the_segment():
    shipped = load(DEFAULT)
    certain = replace(shipped.experiments, exploration_epsilon=0.0, holdout_share=0.0, tests=())
    policy, at = replace(shipped, experiments=certain), Context(1_773_115_200_000, channel="mobile_app", limit=23)
    facts = {"age": 40, "demand_yuan": 20_000.0, "next_maturity_on": "2026-03-20"}

    def segments(consents: dict[str, bool]) -> set[str]:
        snapshot = Snapshot("c", 1, facts, consents)
        decision = decide(policy, snapshot, at, {}, Release(1, policy.hash, None), "d")
        return {policy.variants[one].segment for one in choose_variants(policy, decision, snapshot, at, {}).values()}

    assert "maturing" in segments({})
    assert "maturing" not in segments({"label:target:maturing": False})


def test_a_portrait_neither_gives_nor_misses_what_was_dropped():
    policy = standing_policy(None)
    tags = (Tag("t", WORDS, says("customer.age >= 18")), Tag("old", WORDS, says("customer.stage = 'settled'")))
    policy = replace(policy, portrait=replace(policy.portrait, tags=tags, needs=tags))
    builder, segment = compile_portrait(policy), Segment("keen", WORDS, WORDS, 0.5, {})

    def drawn(consents: dict[str, bool], trained: Segment | None) -> Any:
        return builder.build(customer(RICH, consents), (), NOON, Estimates("v", trained, reads=("age",)), False)

    whole = drawn({}, segment)
    assert (whole.stage, whole.tags, whole.needs, whole.dropped) == ("settled", ("t", "old"), ("t", "old"), ())
    part = drawn({"label:stage": False, "label:tag:t": False, "label:segment": False}, None)
    assert (part.stage, part.segment, part.tags, part.needs) == (None, None, (), ("t",))
    assert part.dropped == ("segment", "stage", "tag:t")
    assert not {"stage", "segment"} & set(part.missing)
