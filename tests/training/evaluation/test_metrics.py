import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.evaluation.metrics import auc, auc_standard_error, brier, calibration_error, figures_of, lift, measure

TAKEN = np.array([0.0, 0.0, 1.0, 1.0])
SCORES = np.array([0.1, 0.4, 0.35, 0.8])


def test_auc_is_the_share_of_pairs_in_the_right_order():
    assert auc(TAKEN, SCORES) == 0.75


def test_equal_scores_count_half():
    assert auc(np.array([0.0, 1.0]), np.array([0.3, 0.3])) == 0.5


def test_auc_is_that_of_scikit_learn():
    chance = np.random.default_rng(1)
    taken, scores = (chance.random(500) < 0.2).astype(float), chance.random(500).round(2)
    assert auc(taken, scores) == pytest.approx(roc_auc_score(taken, scores))


def test_standard_error_of_four_customers_by_hand():
    # placements of takers 0.5 and 1.0, of others 0.0 and 0.5: both variances 0.125, each over 2
    assert auc_standard_error(TAKEN, SCORES) == pytest.approx(math.sqrt(0.125 / 2 + 0.125 / 2))


def test_standard_error_is_the_spread_over_many_samples():
    chance = np.random.default_rng(2)
    drawn = [_sample(chance) for _ in range(300)]
    spread = np.std([auc(*one) for one in drawn])
    assert np.mean([auc_standard_error(*one) for one in drawn]) == pytest.approx(spread, rel=0.15)


def test_brier_score_by_hand():
    assert brier(TAKEN, SCORES) == pytest.approx((0.01 + 0.16 + 0.4225 + 0.04) / 4)


def test_calibration_error_by_hand():
    # two bins of two: |0.5 - 0.225| and |0.5 - 0.6|
    taken, scores = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.35, 0.4, 0.8])
    assert calibration_error(taken, scores, bins=2) == pytest.approx((0.275 + 0.1) / 2)


def test_lift_of_the_top_tenth_by_hand():
    taken = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert lift(taken, -np.arange(10.0)) == pytest.approx(5.0)
    assert lift(taken, np.arange(10.0)) == 0.0


def test_one_outcome_only_leaves_ranking_undefined():
    figures = figures_of(np.zeros(3), np.array([0.1, 0.2, 0.3]))
    assert figures["auc"] is None
    assert figures["lift_top_tenth"] is None
    assert figures["base_rate"] == 0.0


def test_those_who_held_none_are_measured_apart():
    held = np.array([True, False, False, True])
    figures = measure(TAKEN, SCORES, held)
    assert figures["customers"] == 4
    assert figures["none_held"]["customers"] == 2
    assert figures["none_held"]["auc"] == 0.0


def _sample(chance):
    taken = np.array([1.0] * 30 + [0.0] * 120)
    return taken, chance.normal(taken, 1.0)
