"""How firm the weights are, on one rule whose crossing is a logarithm."""

from dataclasses import replace
from math import log

import pytest

from service.analysis.weight_sensitivity import RESOLUTION, measure_weight_sensitivity, rebalance
from service.core.domain import Snapshot
from service.decision import decide_many, population_of
from service.decision.compiled import compile_policy
from tests.decision.bank import EQUAL, RELEASE, context, customer, fit, small_policy

# term 22.50 yuan; cd 3.75 x 4 ** (4 w) once consumer weighs w: equal where w = ln 6 / (4 ln 4) = 0.3231.
CROSSING = log(6) / (4 * log(4))
POLICY = small_policy(fits=(fit("prefers-cd", "consumer", "offer.id = 'cd'", 4.0),))
PEOPLE: list[Snapshot] = [customer({"total_yuan": 300_000.0}, customer_id=f"c-{n}") for n in range(10)]


def firmness(share: float = 0.05) -> dict[str, tuple[float | None, float | None]]:
    found = measure_weight_sensitivity(POLICY, population_of(POLICY, PEOPLE), context(), {}, RELEASE, share)
    return {one.concern: (one.down and one.down.weight, one.up and one.up.weight) for one in found}


def test_a_weight_moves_until_the_other_offer_wins():
    down, up = firmness()["consumer"]
    assert down is None
    assert up == pytest.approx(CROSSING, abs=RESOLUTION)
    assert up >= CROSSING


def test_a_weight_that_falls_lifts_the_others_in_proportion():
    # with cost at w the others have (1 - w) / 3 each: consumer reaches 0.3231 where w = 1 - 3 x 0.3231 = 0.0307
    down, up = firmness()["cost"]
    assert down == pytest.approx(1 - 3 * CROSSING, abs=RESOLUTION)
    assert up is None


def test_a_policy_weighs_otherwise_as_if_it_had_been_written_so():
    weights = rebalance(POLICY.weights, "consumer", 0.6)
    people = population_of(POLICY, PEOPLE)
    written = decide_many(replace(POLICY, weights=weights), people, context(), {}, RELEASE)
    weighed = decide_many(compile_policy(POLICY).with_weights(weights), people, context(), {}, RELEASE)
    assert weighed.priority.tobytes() == written.priority.tobytes()
    assert weighed.priority.tobytes() != decide_many(POLICY, people, context(), {}, RELEASE).priority.tobytes()


def test_all_change_at_once_here_so_any_share_has_the_same_reach():
    assert firmness(0.05) == firmness(1.0)


def test_the_share_is_measured_where_it_is_told():
    (consumer, *_) = measure_weight_sensitivity(POLICY, population_of(POLICY, PEOPLE), context(), {}, RELEASE)
    assert consumer.up is not None
    assert consumer.up.changed == 1.0
    assert str(consumer).split()[:2] == ["consumer", "0.2500"]
    assert "never" in str(consumer)
    assert consumer.document()["down"] is None


def test_progress_is_told_by_concern():
    told: list[tuple[int, int]] = []
    measure_weight_sensitivity(
        POLICY, population_of(POLICY, []), context(), {}, RELEASE, advance=lambda done, of: told.append((done, of))
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.25, 0.7, 1.0])
def test_weights_always_sum_to_one(weight: float):
    uneven = {"consumer": 0.4, "cost": 0.3, "convenience": 0.2, "communication": 0.1}
    for start in (uneven, EQUAL, {**dict.fromkeys(EQUAL, 0.0), "consumer": 1.0}):
        moved = rebalance(start, "consumer", weight)
        assert sum(moved.values()) == pytest.approx(1.0)
        assert moved["consumer"] == weight
    assert rebalance(uneven, "consumer", 0.1)["cost"] == pytest.approx(0.9 * 0.3 / 0.6)
