"""Rates by group, worked out by hand: who is best served, how far the others are, and when that is an alert."""

import numpy as np
import pytest

from service.analysis.fairness.group_rates import band_ages, compare_rates, find_personal_groups


def told(**groups: tuple[int, int]) -> dict[str, tuple[float | None, bool]]:
    """Group -> (ratio, alert), where each has so many members and hits."""
    words = np.array([name for name, (size, _) in groups.items() for _ in range(size)], dtype=object)
    hits = np.array([float(place < hit) for size, hit in groups.values() for place in range(size)])
    rows = compare_rates(words, hits, np.ones(len(words), dtype=bool), 0.8)
    return {row.group: (row.ratio, row.alert) for row in rows}


def test_a_rate_is_compared_with_that_of_the_best_served() -> None:
    assert told(female=(400, 100), male=(400, 200)) == {"female": (0.5, True), "male": (1.0, False)}


def test_a_gap_that_chance_explains_is_no_alert() -> None:
    assert told(female=(120, 36), male=(120, 48)) == {"female": (0.75, False), "male": (1.0, False)}


def test_a_group_of_whom_nobody_is_served_is_an_alert() -> None:
    assert told(female=(400, 0), male=(400, 200)) == {"female": (0.0, True), "male": (1.0, False)}


def test_where_nobody_is_served_nothing_is_compared() -> None:
    assert told(female=(400, 0), male=(400, 0)) == {"female": (1.0, False), "male": (None, False)}


def test_small_groups_and_single_ones_say_nothing() -> None:
    assert told(female=(99, 0), male=(400, 200)) == {}
    assert told(female=(99, 0), male=(400, 200), other=(400, 100)) == {"male": (1.0, False), "other": (0.5, True)}


def test_the_interval_is_that_of_katz() -> None:
    words = np.array(["a"] * 200 + ["b"] * 200, dtype=object)
    hits = np.array([1.0] * 50 + [0.0] * 150 + [1.0] * 100 + [0.0] * 100)
    low = compare_rates(words, hits, np.ones(400, dtype=bool), 0.8)[0]
    spread = 1.959964 * np.sqrt(1 / 50 - 1 / 200 + 1 / 100 - 1 / 200)
    assert (low.ratio_low, low.ratio_high) == pytest.approx((0.5 * np.exp(-spread), 0.5 * np.exp(spread)), rel=1e-5)


def test_only_those_who_may_count() -> None:
    words = np.array(["a", "b"] * 300, dtype=object)
    hits = np.array([0.0, 1.0] * 300)
    may = np.array([False, True] * 300)
    assert compare_rates(words, hits, may, 0.8) == []


def test_ages_fall_into_bands_and_an_axis_with_one_group_is_left_out() -> None:
    ages = np.array([24.0, 25.0, 64.9, 65.0, np.nan])
    assert band_ages(ages).tolist() == ["under 25", "25 to 34", "55 to 64", "65 and over", None]
    sex = np.array(["female"] * 4 + [None], dtype=object)
    assert set(find_personal_groups({"age": ages, "sex": sex})) == {"age"}
