"""Exploration: as often as the policy says, uniform, and with the probability that stands beside each offer."""

from dataclasses import replace

import numpy as np
import pytest

from service.core.domain import Arm
from service.decision import decide, decide_many, population_of
from tests.decision.bank import DAY, NOON, PLAIN, RELEASE, RICH, context, customer, small_policy

EPSILON, CUSTOMERS = 0.4, 20_000
POLICY = small_policy(experiments=replace(PLAIN, exploration_epsilon=EPSILON))


@pytest.fixture(scope="module", params=[1, 2, 4, 6])
def drawn(request):
    """Many customers who differ in nothing but their id, and so only in their draw."""
    known = population_of(POLICY, [customer(RICH)])
    many = replace(
        known,
        customers=[f"c-{number}" for number in range(CUSTOMERS)],
        columns={name: np.repeat(column, CUSTOMERS, axis=0) for name, column in known.columns.items()},
        known=np.repeat(known.known, CUSTOMERS),
    )
    return decide_many(POLICY, many, context(limit=request.param), {}, RELEASE), request.param


def test_the_probability_beside_an_offer_is_the_share_of_draws_that_show_it(drawn):
    found, limit = drawn
    for offer in range(4):
        at = found.offer == offer
        said = np.unique(found.selection_probability[at])
        assert len(said) == 1, "one offer, one customer, one context: one probability"
        assert at.any(axis=1).mean() == pytest.approx(said[0], abs=0.015)
        assert said[0] >= EPSILON * min(limit, 4) / 4 - 1e-12


def test_explored_decisions_are_as_many_as_epsilon_says_and_put_every_offer_first_equally_often(drawn):
    found, _ = drawn
    assert found.explored.mean() == pytest.approx(EPSILON, abs=0.015)
    first = np.bincount(found.offer[found.explored, 0], minlength=4) / found.explored.sum()
    assert first == pytest.approx(np.full(4, 0.25), abs=0.025)


def test_no_offer_is_shown_twice(drawn):
    found, _ = drawn
    for row in found.offer[found.explored][:500]:
        shown = row[row >= 0].tolist()
        assert len(shown) == len(set(shown))


def test_the_same_day_gives_the_same_order_and_another_day_another():
    explorer = next(
        one for one in map(_person, range(100)) if decide(POLICY, one, context(), {}, RELEASE, "d").explored
    )
    days = [decide(POLICY, explorer, context(now=NOON + DAY * day), {}, RELEASE, "d").explored for day in range(40)]
    again = decide(POLICY, explorer, context(now=NOON + 1), {}, RELEASE, "d")
    assert again.treatments == decide(POLICY, explorer, context(), {}, RELEASE, "d").treatments
    assert 0 < sum(days) < 40


def test_the_holdout_never_explores():
    policy = small_policy(experiments=replace(PLAIN, exploration_epsilon=0.5, holdout_share=0.5))
    found = [decide(policy, _person(number), context(), {}, RELEASE, "d") for number in range(60)]
    held = [one for one in found if one.arm == Arm.HOLDOUT]
    assert held
    assert not any(one.explored for one in held)
    assert {treatment.selection_probability for one in held for treatment in one.treatments} == {1.0}


def _person(number: int):
    return customer(RICH, customer_id=f"p-{number}")
