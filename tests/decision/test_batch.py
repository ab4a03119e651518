"""Many customers get what one would, to the last bit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.decision import NOW, customers, widened
from service.core.domain import Context, Snapshot
from service.decision import decide, decide_many, population_of
from service.rules.policy import DEFAULT, load
from tests.decision.bank import ALL_CONSENTS, PLAIN, RELEASE, RICH, context, customer, small_policy
from tests.decision.strategies import as_columns, contexts, renamed, scores, snapshots

POLICY = small_policy(
    experiments=replace(PLAIN, exploration_epsilon=0.3, holdout_share=0.3),
    weights={"consumer": 0.4, "cost": 0.3, "convenience": 0.2, "communication": 0.1},
)
RELEASES = [RELEASE, replace(RELEASE, prices={"channel:adviser_call": 2.0, "offer:term": 0.37})]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(snapshots, scores), min_size=1, max_size=12),
    contexts,
    st.sampled_from(RELEASES),
    st.integers(1, 5),
)
def test_one_and_many_agree_bit_for_bit(people: list[tuple[Snapshot, dict]], at: Context, release, block: int):
    several, spoken = renamed([one for one, _ in people]), [one for _, one in people]
    found = decide_many(
        POLICY, population_of(POLICY, several), at, as_columns(spoken), release, reasons=True, block=block
    )
    withheld: dict[str, int] = {}
    for row, (snapshot, said) in enumerate(zip(several, spoken, strict=True)):
        one = decide(POLICY, snapshot, at, said, release, "d")
        offers = [POLICY.offers[place].id for place in found.offer[row] if place >= 0]
        roads = [POLICY.channels[place].id for place in found.channel[row] if place >= 0]
        assert offers == [treatment.offer for treatment in one.treatments]
        assert roads == [treatment.channel for treatment in one.treatments]
        held = len(offers)
        assert found.priority[row, :held].tolist() == [treatment.priority for treatment in one.treatments]
        assert found.selection_probability[row, :held].tolist() == [
            each.selection_probability for each in one.treatments
        ]
        assert np.isnan(found.priority[row, held:]).all()
        assert (found.arms[row], found.explored[row]) == (one.arm, one.explored)
        for gate, offers_withheld in one.withheld.items():
            withheld[gate] = withheld.get(gate, 0) + offers_withheld
    assert found.withheld == withheld


@pytest.mark.parametrize("channel", [None, "mobile_app", "sms"])
def test_one_and_many_agree_on_the_shipped_policy(channel: str | None):
    policy = widened(load(DEFAULT))
    policy = replace(policy, experiments=replace(policy.experiments, exploration_epsilon=0.3, holdout_share=0.2))
    people = customers(policy, 250)
    people += [replace(one, consents={**one.consents, "personalisation": False}) for one in people[:30]]
    chance = np.random.default_rng(2).random((2, len(people))) ** 3
    spoken = dict(zip(("deposit", "wealth"), chance, strict=True))
    at = Context(NOW, channel, limit=5)
    found = decide_many(policy, population_of(policy, people), at, spoken, RELEASE, reasons=True, block=64)
    withheld: dict[str, int] = {}
    for row, snapshot in enumerate(people):
        own = {family: float(column[row]) for family, column in spoken.items()}
        one = decide(policy, snapshot, at, own, RELEASE, "d")
        shown = len(one.treatments)
        assert [policy.offers[place].id for place in found.offer[row, :shown]] == [
            each.offer for each in one.treatments
        ]
        assert found.priority[row, :shown].tolist() == [each.priority for each in one.treatments]
        assert np.isnan(found.priority[row, shown:]).all()
        for gate, offers in one.withheld.items():
            withheld[gate] = withheld.get(gate, 0) + offers
    assert found.withheld == withheld


def test_one_customer_may_also_be_a_population():
    found = decide_many(POLICY, population_of(POLICY, [customer(RICH, ALL_CONSENTS)]), context(), {}, RELEASE)
    one = decide(POLICY, customer(RICH, ALL_CONSENTS), context(), {}, RELEASE, "d")
    assert found.priority[0].tolist() == [treatment.priority for treatment in one.treatments]


def test_nobody_gets_nothing():
    found = decide_many(POLICY, population_of(POLICY, []), context(), {}, RELEASE, reasons=True)
    assert (found.offer.shape, found.withheld) == ((0, 3), {})


@pytest.mark.parametrize("channel", [None, "mobile_app"])
def test_a_limit_beyond_all_offers_leaves_places_empty(channel: str | None):
    found = decide_many(POLICY, population_of(POLICY, [customer()]), context(limit=7, channel=channel), {}, RELEASE)
    assert found.offer.tolist() == [[0, -1, -1, -1, -1, -1, -1]]
    assert found.candidates.tolist() == [1]
