"""Lifetime value: the formula by hand, survival, and a lapse estimate read from a manifest."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import BundleError
from service.scoring.lifetime import Lapse, faults, lifetime_value, survival

DOCUMENT = {
    "figures": [{"name": "demand_yuan", "scale": "plain", "mean": 1000.0, "deviation": 500.0}],
    "table": {"attributes": [{"name": "demand_yuan", "kind": "money", "meaning": "Demand deposits"}], "features": []},
    "horizon_days": 92,
    "intercept": -1.0,
    "weights": [-2.0],
    "calibration": {"x": [0.0, 1.0], "y": [0.0, 1.0]},
}


def test_three_years_by_hand() -> None:
    # 100 * 0.9 / 1.05 + 100 * 0.81 / 1.1025 + 50 * 0.729 / 1.157625 = 85.7143 + 73.4694 + 31.4869
    assert lifetime_value([100, 100, 50], [0.9, 0.81, 0.729], 0.05) == pytest.approx(190.6706, abs=1e-4)


def test_who_stays_for_certain_at_no_discount_is_worth_the_sum_of_margins() -> None:
    assert lifetime_value([10, 20, 30], survival(0.0, 92, 3), 0.0) == 60.0


def test_who_leaves_for_certain_is_worth_nothing() -> None:
    assert lifetime_value([10, 20], survival(1.0, 92, 2), 0.05) == 0.0


def test_a_tenth_lost_each_half_year_leaves_81_percent_after_a_year() -> None:
    assert survival(0.1, 365.25 / 2, 2) == pytest.approx([0.81, 0.6561])


def test_margins_and_survivals_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError):
        lifetime_value([1, 2], [1], 0.0)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 30))
def test_a_higher_chance_to_leave_is_never_worth_more(one: float, other: float, years: int) -> None:
    low, high = sorted([one, other])
    margins = [100.0] * years
    assert lifetime_value(margins, survival(low, 92, years), 0.04) >= lifetime_value(
        margins, survival(high, 92, years), 0.04
    )


def test_lapse_is_the_logistic_curve_of_standardised_figures() -> None:
    # z = (1500 - 1000) / 500 = 1; score = -1 - 2 = -3
    assert Lapse(DOCUMENT).predict_one({"demand_yuan": 1500}) == pytest.approx(1 / (1 + exp(3)))


def test_the_calibration_has_the_last_word() -> None:
    flat = Lapse({**DOCUMENT, "calibration": {"x": [0.0, 1.0], "y": [0.25, 0.25]}})
    assert flat.predict_one({"demand_yuan": 1500}) == 0.25


def test_who_is_unknown_has_no_chance_to_lapse_rather_than_none_at_all() -> None:
    assert Lapse(DOCUMENT).predict_one({}) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights": [1.0, 2.0]}, "one finite weight for each of 1 figures"),
        ({"weights": [float("nan")]}, "one finite weight"),
        ({"calibration": {"x": [0.0, 1.0], "y": [0.5, 0.1]}}, "rises within 0 to 1"),
        ({"calibration": {"x": [0.0], "y": [1.5]}}, "rises within 0 to 1"),
        ({"horizon_days": 0}, "at least a day"),
        ({"figures": []}, "got none"),
        ({"figures": [{"name": "demand_yuan", "scale": "cube", "mean": 0, "deviation": 1}]}, "log or plain"),
        ({"figures": [{"name": "nobody", "scale": "log", "mean": 0, "deviation": 1}]}, "got nobody"),
    ],
)
def test_a_damaged_estimate_is_refused_with_a_sentence(change: dict[str, object], said: str) -> None:
    assert list(faults(DOCUMENT)) == []
    (fault,) = faults({**DOCUMENT, **change})
    assert said in fault


@pytest.mark.parametrize("document", [None, [], "x", {}, {**DOCUMENT, "table": 3}, {**DOCUMENT, "weights": "x"}])
def test_what_is_no_estimate_at_all_is_a_fault_and_no_crash(document: object) -> None:
    assert len(list(faults(document))) == 1


def test_an_estimate_without_a_figure_known_to_the_table_never_opens() -> None:
    with pytest.raises(BundleError):
        Lapse({**DOCUMENT, "figures": [{"name": "nobody", "scale": "log", "mean": 0, "deviation": 1}]})
