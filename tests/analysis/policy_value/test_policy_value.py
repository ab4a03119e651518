"""IPS, SNIPS, DR, effective sample size and intervals against their published definitions, written out by hand."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from service.analysis import policy_value as pv
from service.analysis.policy_value.intervals import mean_interval, ratio_interval
from service.analysis.policy_value.verdict import Verdict

REWARDS = [10.0, 0.0, 4.0, 0.0, 6.0]
LOGGED = [0.5, 0.25, 0.8, 0.5, 0.4]
NEW = [0.25, 0.5, 0.4, 0.0, 0.8]
WEIGHTS = [0.5, 2.0, 0.5, 0.0, 2.0]
MODELLED = [8.0, 1.0, 5.0, 2.0, 5.0]
EXPECTED = [6.0, 2.0, 4.0, 3.0, 5.0]

logs = st.integers(2, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(-100, 100), min_size=n, max_size=n),
        st.lists(st.floats(0.01, 1), min_size=n, max_size=n),
        st.lists(st.floats(0, 1), min_size=n, max_size=n),
        st.lists(st.floats(-100, 100), min_size=n, max_size=n),
        st.lists(st.floats(-100, 100), min_size=n, max_size=n),
    )
)


def array(values):
    return np.array(values, dtype=np.float64)


def test_by_hand():
    rewards, weights = array(REWARDS), array(WEIGHTS)
    assert weights.tolist() == [new / old for new, old in zip(NEW, LOGGED, strict=True)]
    assert pv.ips(rewards, weights).value == (5 + 0 + 2 + 0 + 12) / 5
    assert pv.snips(rewards, weights).value == 19 / 5
    assert (
        pv.dr(rewards, weights, array(MODELLED), array(EXPECTED)).value
        == ((6 + 0.5 * 2) + (2 + 2 * -1) + (4 + 0.5 * -1) + (3 + 0) + (5 + 2 * 1)) / 5
    )
    assert pv.effective_sample_size(weights) == 25 / 8.5
    assert pv.logged_mean(rewards).value == 4.0


@given(logs)
def test_estimates_are_their_published_definitions_to_1e_9(log):
    rewards, old, new, modelled, expected = log
    n = len(rewards)
    horvitz_thompson = sum(r * q / p for r, p, q in zip(rewards, old, new, strict=True)) / n
    weights = array(new) / array(old)
    assert pv.ips(array(rewards), weights).value == pytest.approx(horvitz_thompson, rel=1e-9, abs=1e-9)
    dudik = sum(e + q / p * (r - m) for r, p, q, m, e in zip(rewards, old, new, modelled, expected, strict=True)) / n
    found = pv.dr(array(rewards), weights, array(modelled), array(expected)).value
    assert found == pytest.approx(dudik, rel=1e-9, abs=1e-9)
    whole = sum(q / p for p, q in zip(old, new, strict=True))
    if whole > 1e-6:
        swaminathan_joachims = sum(r * q / p for r, p, q in zip(rewards, old, new, strict=True)) / whole
        assert pv.snips(array(rewards), weights).value == pytest.approx(swaminathan_joachims, rel=1e-9, abs=1e-9)
        kish = whole**2 / sum((q / p) ** 2 for p, q in zip(old, new, strict=True))
        assert pv.effective_sample_size(weights) == pytest.approx(kish, rel=1e-9)


@given(logs)
def test_an_interval_holds_its_own_estimate(log):
    rewards, old, new, modelled, expected = map(array, log)
    found = [pv.ips(rewards, new / old), pv.dr(rewards, new / old, modelled, expected), pv.snips(rewards, new / old)]
    for estimate in filter(None, found):
        assert estimate.low - 1e-9 <= estimate.value <= estimate.high + 1e-9


@given(st.lists(st.floats(-1000, 1000), min_size=3, max_size=40), st.floats(0.1, 10), st.floats(-100, 100))
def test_intervals_move_with_the_unit_of_the_reward(terms, scale, shift):
    terms = array(terms)
    low, high = mean_interval(terms)
    np.testing.assert_allclose(
        mean_interval(scale * terms + shift), [scale * low + shift, scale * high + shift], rtol=1e-6, atol=1e-4
    )


def test_without_skewness_and_heavy_tails_the_interval_is_students():
    terms = stats.norm.ppf((np.arange(401) + 0.5) / 401)
    half = stats.t.ppf(0.975, 400) * terms.std(ddof=1) / sqrt(401)
    np.testing.assert_allclose(mean_interval(terms), [-half, half], rtol=2e-3)
    np.testing.assert_allclose(ratio_interval(terms + 5, np.ones(401)), [5 - half, 5 + half], rtol=2e-3)


def test_skewed_terms_reach_further_up_than_down():
    terms = np.exp(np.random.default_rng(1).normal(size=400))
    low, high = mean_interval(terms)
    assert high - terms.mean() > 1.1 * (terms.mean() - low)


def test_a_ratio_whose_denominator_may_be_zero_has_no_interval():
    assert ratio_interval(array([1.0, 0.0, 2.0]), array([1.0, -1.0, 0.5])) is None


def test_where_no_matching_row_earned_anything_the_interval_says_what_may_have_been_missed():
    rewards, weights = array([0.0] * 100 + [1.0]), array([1.0] * 100 + [0.0])
    found = pv.snips(rewards, weights)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025**0.01)


def judged(rewards, weights, share=None, actions=()):
    weights = array(weights)
    return pv.estimate_policy_value(pv.Terms(array(rewards), weights), pv.measure_support(weights, share, actions))


def test_the_same_policy_is_neither_better_nor_worse():
    found = judged([1.0, 0.0, 2.0] * 20, [1.0] * 60)
    assert found.verdict is Verdict.CANNOT_TELL
    assert found.difference.value == 0.0
    assert found.support.effective_sample_size == pytest.approx(60)


def test_a_policy_that_takes_only_what_earned_is_better_and_its_reverse_worse():
    rewards = [1.0, 0.0] * 200
    assert judged(rewards, [2.0, 0.0] * 200).verdict is Verdict.BETTER
    assert judged(rewards, [0.0, 2.0] * 200).verdict is Verdict.WORSE


@pytest.mark.parametrize(
    ("weights", "share", "actions", "why"),
    [
        ([1.0] * 400, 0.2, ["gold"], "20.0% of what the new policy does was never possible in the log: gold"),
        ([100.0] * 4 + [0.0] * 396, 0.0, [], "4.0 rows count effectively"),
        ([0.5] * 400, 0.0, [], "the mean weight is 0.5"),
        ([0.5] * 400, None, [], "50.0% of what the new policy does was never possible in the log"),
        ([0.0] * 400, 1.0, ["x"], "100.0%"),
    ],
)
def test_a_log_that_does_not_speak_of_the_policy_says_so(weights, share, actions, why):
    found = judged([1.0, 0.0] * 200, weights, share, actions)
    assert found.verdict is Verdict.NOT_SUPPORTED
    assert why in found.why


def test_one_row_of_a_tiny_propensity_counts_alone_and_overflows_nothing():
    rewards, weights = [1.0] + [0.0] * 20, [1e200] + [1.0] * 20
    assert pv.effective_sample_size(array(weights)) == 1.0
    found = judged(rewards, weights)
    assert found.verdict is Verdict.NOT_SUPPORTED
    figures = [found.ips, found.snips, found.difference, found.logged]
    assert np.isfinite([(one.value, one.low, one.high) for one in figures]).all()


@given(logs, st.sampled_from([2.0**-700, 2.0**-3, 2.0**10, 2.0**660]))
def test_the_effective_sample_size_does_not_know_the_unit_of_the_weights(log, unit):
    weights = array(log[2]) / array(log[1])
    if float(weights.max()) > 1e-3:
        found = pv.effective_sample_size(weights * unit)
        assert found == pytest.approx(pv.effective_sample_size(weights), rel=1e-9)
        assert 1.0 <= found <= len(weights) * (1 + 1e-9)


@given(st.lists(st.floats(-1000, 1000), min_size=3, max_size=40))
def test_intervals_of_huge_terms_are_those_of_the_same_terms_in_another_unit(terms):
    unit = 2.0**640
    spread = np.ptp(terms)
    if spread > 1e-3:
        low, high = mean_interval(array(terms))
        np.testing.assert_allclose(
            np.array(mean_interval(array(terms) * unit)) / unit, [low, high], rtol=1e-6, atol=1e-6
        )
