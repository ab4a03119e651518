import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.scoring.models.calibration import Calibration, faults
from training.models.calibration import Table, calibrate, calibrate_by_curve


def test_rising_rates_stay_as_they_are():
    table = calibrate(np.array([0.1, 0.1, 0.6, 0.6]), np.array([0.0, 1.0, 1.0, 1.0]), group=2)
    assert table.x == (0.0, 0.1, 0.6, 1.0)
    assert table.y == pytest.approx((0.5, 0.5, 1.0, 1.0), abs=1e-8)


def test_violators_are_pooled_to_their_mean():
    table = calibrate(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1.0, 0.0, 1.0]), group=1)
    assert table.x == pytest.approx((0.0, 0.1, 0.25, 0.4, 1.0))
    assert table.y == pytest.approx((0.0, 0.0, 0.5, 1.0, 1.0), abs=1e-8)


def test_scores_between_two_points_are_read_by_a_straight_line():
    table = calibrate(np.array([0.2, 0.2, 0.4, 0.4]), np.array([0.0, 0.0, 0.0, 1.0]), group=2)
    assert table.apply(np.array([0.3]))[0] == pytest.approx(0.25, abs=1e-8)


def test_equal_scores_never_part():
    table = calibrate(np.array([0.5] * 10), np.array([1.0, 0.0] * 5), group=3)
    assert table.apply(np.array([0.5]))[0] == pytest.approx(0.5, abs=1e-8)


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=2, max_size=60), st.integers(1, 20))
def test_the_table_is_one_that_serving_reads_and_keeps_the_order(pairs, group):
    scores, taken = (np.array(column) for column in zip(*pairs, strict=True))
    table = calibrate(scores, taken, group)
    assert faults(list(table.x), list(table.y)) == []
    assert all(low < high for low, high in zip(table.y, table.y[1:], strict=False))
    assert Calibration(table.x, table.y).calibrate_many(scores) == pytest.approx(table.apply(scores), abs=1e-6)


def test_calibrated_scores_sum_to_the_number_of_takers():
    chance = np.random.default_rng(3)
    truth = chance.beta(1, 6, 20_000)
    taken = (chance.random(20_000) < truth).astype(float)
    distorted = truth**2
    assert calibrate(distorted, taken).apply(distorted).sum() == pytest.approx(taken.sum(), rel=0.01)


def test_scores_that_differ_by_a_hair_stay_together():
    table = calibrate(np.array([0.3, 0.3 + 1e-15]), np.array([0.0, 1.0]), group=1)
    assert table.apply(np.array([0.3]))[0] == pytest.approx(0.5, abs=1e-8)


def test_over_sampled_takers_are_corrected_by_hand():
    # Half of the sample took it, one in ten of all customers: odds shrink ninefold. 0.5 -> 0.1; 0.9 (odds 9) -> 0.5.
    table = Table((0.0, 0.5, 0.9, 1.0), (0.0, 0.5, 0.9, 1.0)).at_rate(0.5, 0.1)
    assert table.y == pytest.approx((0.0, 0.1, 0.5, 1.0))
    assert table.x == (0.0, 0.5, 0.9, 1.0)


def test_a_sample_at_the_true_rate_is_left_as_it_is():
    table = Table((0.0, 0.4, 1.0), (0.02, 0.3, 0.8))
    assert table.at_rate(0.3, 0.3).y == pytest.approx(table.y)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_there_and_back_again_is_where_it_began(sampled, true):
    table = Table((0.0, 0.4, 1.0), (0.02, 0.3, 0.8))
    assert table.at_rate(sampled, true).at_rate(true, sampled).y == pytest.approx(table.y)


def test_corrected_probabilities_hold_among_all_customers():
    """Takers kept, one in nineteen of the others kept: the corrected mean over all customers is their true rate."""
    chance = np.random.default_rng(3)
    p = chance.beta(1, 19, 40_000)
    took = (chance.random(40_000) < p).astype(float)
    kept = (took > 0) | (chance.random(40_000) < 1 / 19)
    table = calibrate(p[kept], took[kept]).at_rate(float(took[kept].mean()), float(took.mean()))
    assert table.apply(p).mean() == pytest.approx(took.mean(), abs=0.004)


def test_a_curve_finds_the_probabilities_that_scores_were_bent_from() -> None:
    chance = np.random.default_rng(1)
    true = chance.beta(1, 9, 20_000)
    taken = (chance.random(20_000) < true).astype(float)
    table = calibrate_by_curve(true**0.5 / (true**0.5 + (1.0 - true) ** 0.5), taken)
    bent = np.array([0.1, 0.3, 0.5])
    assert table.apply(bent) == pytest.approx(bent**2 / (bent**2 + (1.0 - bent) ** 2), abs=0.03)
    assert (np.diff(table.y) > 0).all()


def test_of_a_curve_no_score_is_without_any_hope_and_none_is_certain() -> None:
    scores = np.linspace(0.001, 0.3, 1_000)
    taken = (scores > 0.2).astype(float)
    found = calibrate_by_curve(scores, np.where(np.arange(1_000) % 7 == 0, 1.0 - taken, taken)).apply(scores)
    assert (found > 0.0).all()
    assert (found < 1.0).all()
    assert (np.diff(found) > 0).all()


def test_a_curve_never_falls_even_where_the_scores_mislead() -> None:
    scores = np.linspace(0.01, 0.5, 500)
    table = calibrate_by_curve(scores, (scores < 0.2).astype(float))
    assert (np.diff(table.y) > 0).all()
