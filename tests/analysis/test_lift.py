"""Lift: intervals against published and hand-calculated figures, coverage by simulation, and words that can wait."""

from math import exp, log, sqrt

import numpy as np
import pytest

from service.analysis.lift import (
    CANNOT_TELL,
    LESS,
    MORE,
    Figures,
    detectable,
    difference,
    lift,
    needed,
    ratio,
    value,
    wilson,
)


def arm(customers: int, taken: int, value_yuan: float = 0.0, squares: float = 0.0) -> Figures:
    return Figures(customers, customers, customers, taken, value_yuan, squares)


@pytest.mark.parametrize(
    ("taken", "customers", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_published_intervals(taken: int, customers: int, low: float, high: float):
    """Newcombe 1998, Statistics in Medicine 17:857, table I, method 3."""
    assert wilson(taken, customers) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("one", "two", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_differences_have_newcombes_published_intervals(one, two, low: float, high: float):
    """Newcombe 1998, Statistics in Medicine 17:873, table II, method 10."""
    (x1, n1), (x2, n2) = one, two
    assert difference(arm(n1, x1), arm(n2, x2)) == pytest.approx((low, high), abs=5e-5)


def test_a_ratio_by_hand():
    half = 1.959964 * sqrt(1 / 60 - 1 / 1000 + 1 / 40 - 1 / 1000)
    assert ratio(arm(1000, 60), arm(1000, 40)) == pytest.approx((exp(log(1.5) - half), exp(log(1.5) + half)), rel=1e-6)


def test_value_by_hand():
    """100, 0, 0, 100 beside 0, 0, 0, 100: means 50 and 25, variances 10000/3 and 2500."""
    found = value(arm(4, 2, 200.0, 20_000.0), arm(4, 1, 100.0, 10_000.0))
    half = 1.959964 * sqrt(10_000 / 3 / 4 + 2_500 / 4)
    assert found == pytest.approx((25 - half, 25 + half), rel=1e-6)


def test_what_can_be_detected_and_how_many_it_takes_by_hand():
    """5 % in arms of 1,000: 2.801585 * sqrt(0.05 * 0.95 * 0.002); a tenth of 5 % is half a point."""
    assert detectable(arm(1000, 50), arm(1000, 50)) == pytest.approx(2.801585 * sqrt(0.0475 * 0.002), rel=1e-6)
    customers = needed(arm(1000, 50), arm(1000, 50))
    assert customers == pytest.approx(2.801585**2 * 0.0475 * 2 / 0.005**2, abs=1)
    assert detectable(arm(customers, customers // 20), arm(customers, customers // 20)) == pytest.approx(
        0.005, rel=1e-3
    )


def test_the_verdict_waits_until_there_is_something_to_say():
    assert lift(arm(10_000, 500), arm(1_000, 20)).verdict == MORE
    assert lift(arm(10_000, 500), arm(1_000, 90)).verdict == LESS
    assert lift(arm(10_000, 500), arm(1_000, 45)).verdict == CANNOT_TELL
    assert lift(arm(10, 9), arm(10, 0)).verdict == CANNOT_TELL, "nine customers are no evidence"


@pytest.mark.parametrize("pair", [(arm(0, 0), arm(0, 0)), (arm(100, 5), arm(0, 0)), (arm(0, 0), arm(100, 5))])
def test_what_is_undefined_is_none(pair):
    found = lift(*pair)
    assert (found.difference, found.ratio, found.ratio_interval, found.detectable, found.needed) == (None,) * 5
    assert found.verdict == CANNOT_TELL


@pytest.mark.parametrize(
    ("rate", "effect", "sizes"), [(0.05, 0.0, (4000, 200)), (0.05, 0.02, (4000, 400)), (0.3, 0.1, (300, 80))]
)
def test_intervals_hold_the_truth_as_often_as_they_say(rate: float, effect: float, sizes: tuple[int, int]):
    """2,000 experiments each, seeded: 95 % within three standard errors of the count (1.5 points)."""
    chance = np.random.default_rng(20261123)
    n1, n2 = sizes
    draws = zip(
        chance.binomial(n1, rate + effect, 2000).tolist(), chance.binomial(n2, rate, 2000).tolist(), strict=True
    )
    held = {"difference": 0, "ratio": 0}
    for x1, x2 in draws:
        low, high = difference(arm(n1, x1), arm(n2, x2))
        held["difference"] += low <= effect <= high
        bounds = ratio(arm(n1, x1), arm(n2, x2))
        held["ratio"] += bounds is not None and bounds[0] <= (rate + effect) / rate <= bounds[1]
    assert held["difference"] / 2000 == pytest.approx(0.95, abs=0.015)
    assert held["ratio"] / 2000 == pytest.approx(0.955, abs=0.02)


def test_where_nothing_is_to_be_found_something_is_said_in_one_of_twenty():
    chance = np.random.default_rng(7)
    said = [
        lift(arm(4000, x1), arm(400, x2)).verdict != CANNOT_TELL
        for x1, x2 in zip(
            chance.binomial(4000, 0.06, 2000).tolist(), chance.binomial(400, 0.06, 2000).tolist(), strict=True
        )
    ]
    assert 0.03 < np.mean(said) < 0.065
