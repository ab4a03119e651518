"""Drift: PSI and KS by hand and against scipy, then laws they keep, then the verdicts."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ks_2samp

from service.analysis.drift import (
    DRIFTED,
    STEADY,
    TOO_FEW,
    WATCH,
    compare_calibration,
    ks,
    measure_drift,
    measure_shift,
    psi,
    tenths,
)
from service.core.attributes import parse_table
from service.core.errors import PolicyError
from service.rules.model.monitoring import Monitoring
from service.rules.policy import DEFAULT, load
from service.scoring.reference import count_cells, faults, reference_of

BOUNDS = Monitoring()
Floats = Any


@pytest.fixture
def calm() -> np.random.Generator:
    return np.random.default_rng(5)


def shares(*figures: float) -> Floats:
    return np.array(figures)


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_psi_of_two_cells_by_hand() -> None:
    by_hand = (0.3 - 0.6) * math.log(0.3 / 0.6) + (0.7 - 0.4) * math.log(0.7 / 0.4)
    assert psi(shares(0.6, 0.4), shares(0.3, 0.7)) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.3 * math.log(2) + 0.3 * math.log(1.75))


def test_an_empty_cell_counts_as_one_in_ten_thousand() -> None:
    by_hand = (1e-4 - 0.5) * math.log(1e-4 / 0.5) + (1.0 - 0.5) * math.log(1.0 / 0.5)
    assert psi(shares(0.5, 0.5), shares(0.0, 1.0)) == pytest.approx(by_hand)


def test_ks_is_the_widest_gap_of_the_running_sums() -> None:
    assert ks(shares(0.2, 0.3, 0.5), shares(0.5, 0.3, 0.2)) == pytest.approx(0.3)


def test_a_reference_keeps_each_shared_value_as_a_cell_of_its_own() -> None:
    reference = reference_of(shares(1, 1, 2, 5, float("nan")))
    assert reference == {"edges": [2.0, 5.0], "shares": [0.4, 0.2, 0.2], "unknown": 0.2, "customers": 5}
    assert count_cells(reference, shares(0, 2, 3, 99, float("nan"), float("nan"))).tolist() == [1, 2, 1, 2]


def test_rare_and_new_words_count_as_others() -> None:
    words = np.array(["north"] * 300 + ["south"] * 299 + ["hermit"], dtype=object)
    reference = reference_of(words)
    assert reference["words"] == ["north", "south"]
    assert count_cells(reference, np.array(["north", "mars", None], dtype=object)).tolist() == [1, 0, 1, 1]


def test_tenths_join_neighbours_until_they_hold_a_tenth() -> None:
    assert tenths(shares(0.05, 0.05, 0.3, 0.04, 0.06, 0.5)).tolist() == [0, 0, 1, 2, 2, 3]
    assert tenths(shares(0.48, 0.48, 0.04)).tolist() == [0, 1, 1]


def test_calibration_by_hand() -> None:
    p, taken = np.full(400, 0.5), np.array([1.0] * 260 + [0.0] * 140)
    found = compare_calibration("deposit", p, taken, replace(BOUNDS, certainty=0.95))
    spread = 1.959964 * math.sqrt(400 * 0.25)
    assert found.ratio == pytest.approx(260 / 200)
    assert found.ratio_low == pytest.approx((260 - spread) / 200, abs=1e-4)
    assert found.ratio_high == pytest.approx((260 + spread) / 200, abs=1e-4)
    assert found.verdict == WATCH


@pytest.mark.parametrize(("taken", "verdict"), [(100, STEADY), (125, WATCH), (300, DRIFTED), (20, DRIFTED)])
def test_outcomes_that_leave_the_propensities_behind_are_told(taken: int, verdict: str) -> None:
    outcomes = np.array([1.0] * taken + [0.0] * (1000 - taken))
    assert compare_calibration("wealth", np.full(1000, 0.1), outcomes, BOUNDS).verdict == verdict


# -- laws --------------------------------------------------------------------------------------------------------------

COUNTS = arrays(np.int64, 6, elements=st.integers(0, 50)).filter(lambda counts: counts.sum() > 0)


@given(COUNTS, COUNTS)
def test_both_are_symmetric_and_never_negative_and_zero_on_the_same(one: Floats, other: Floats) -> None:
    a, b = one / one.sum(), other / other.sum()
    assert psi(a, b) == pytest.approx(psi(b, a)) and psi(a, b) >= 0.0
    assert ks(a, b) == pytest.approx(ks(b, a)) and 0.0 <= ks(a, b) <= 1.0
    assert psi(a, a) == 0.0 and ks(a, a) == 0.0


FEW = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0, 7.0]), min_size=1, max_size=60)


@given(FEW, FEW)
def test_ks_is_scipys_where_each_cell_is_one_value(before: list[float], now: list[float]) -> None:
    found = measure_shift("x", "feature", reference_of(np.array(before)), np.array(now), BOUNDS)
    if set(now) <= set(before):
        exact = ks_2samp(before, now, method="asymp").statistic
        assert found.ks == pytest.approx(exact, abs=1e-6)


def test_ks_of_many_values_misses_scipys_by_less_than_two_cells(calm: np.random.Generator) -> None:
    before, now = calm.normal(0, 1, 5000), calm.normal(0.3, 1.2, 3000)
    found = measure_shift("x", "feature", reference_of(before), now, BOUNDS).ks
    exact = ks_2samp(before, now).statistic
    assert found is not None
    assert exact - 0.02 <= found <= exact + 1e-6


@given(st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), min_size=1, max_size=300))
def test_a_column_against_itself_has_not_moved(column: list[float | None]) -> None:
    values = np.array([float("nan") if value is None else value for value in column])
    reference = reference_of(values)
    assert list(faults({"features": {"x": reference}, "scores": {}})) == []
    assert sum(reference["shares"]) + reference["unknown"] == pytest.approx(1.0)
    found = measure_shift("x", "feature", reference, values, BOUNDS)
    assert found.psi == 0.0
    assert found.ks in (0.0, None)


def test_by_chance_alone_less_than_one_in_fifty_columns_is_above_its_noise(calm: np.random.Generator) -> None:
    draws = [(calm.normal(0, 1, 4000), calm.normal(0, 1, 400)) for _ in range(300)]
    found = [measure_shift("x", "feature", reference_of(before), now, BOUNDS) for before, now in draws]
    assert sum(one.psi > one.psi_noise for one in found) <= 6 + 6
    assert sum((one.ks or 0.0) > (one.ks_noise or 0.0) for one in found) <= 6 + 6


# -- verdicts ----------------------------------------------------------------------------------------------------------


def verdict_of(before: Floats, now: Floats) -> str:
    return measure_shift("x", "feature", reference_of(before), now, BOUNDS).verdict


def test_a_figure_that_moved_far_drifted_and_one_that_moved_a_little_is_watched(calm: np.random.Generator) -> None:
    before = calm.normal(0, 1, 20_000)
    assert verdict_of(before, calm.normal(0, 1, 2000)) == STEADY
    assert verdict_of(before, calm.normal(0.38, 1, 2000)) == WATCH
    assert verdict_of(before, calm.normal(1.0, 1, 2000)) == DRIFTED


def test_too_few_customers_say_nothing(calm: np.random.Generator) -> None:
    assert verdict_of(calm.normal(0, 1, 2000), calm.normal(3, 1, 199)) == TOO_FEW


def test_what_chance_explains_is_no_drift() -> None:
    bounds = replace(BOUNDS, least_customers=1, psi_watch=1e-9, psi_alert=1e-9, ks_watch=1e-9, ks_alert=1e-9)
    found = measure_shift("x", "feature", reference_of(np.arange(1000.0)), np.arange(0.0, 1000.0, 40.0), bounds)
    assert found.psi > 0.0
    assert found.verdict == STEADY
    assert measure_shift("x", "feature", reference_of(np.arange(1000.0)), np.full(25, 3.0), bounds).verdict == DRIFTED


def test_customers_of_whom_a_figure_is_suddenly_unknown_have_drifted(calm: np.random.Generator) -> None:
    before = calm.normal(0, 1, 5000)
    now = np.where(calm.random(1000) < 0.3, np.nan, calm.normal(0, 1, 1000))
    found = measure_shift("x", "feature", reference_of(before), now, BOUNDS)
    assert found.verdict == DRIFTED
    assert found.unknown_now == pytest.approx(0.3, abs=0.05)


def test_a_new_word_that_many_use_has_drifted() -> None:
    before = np.array(["app", "branch"] * 500, dtype=object)
    assert verdict_of(before, np.array(["app", "branch", "robot"] * 200, dtype=object)) == DRIFTED


def test_the_worst_comes_first_and_what_has_no_reference_is_left_out(calm: np.random.Generator) -> None:
    before = {"still": calm.normal(0, 1, 3000), "moved": calm.normal(0, 1, 3000), "gone": calm.normal(0, 1, 3000)}
    references = {
        "features": {name: reference_of(values) for name, values in before.items()},
        "scores": {"deposit": reference_of(calm.random(3000))},
    }
    now = {"still": before["still"], "moved": before["moved"] + 2, "new": before["still"]}
    found = measure_drift(references, now, {"deposit": calm.random(3000)}, BOUNDS)
    assert [one.name for one in found.shifts] == ["deposit", "moved", "still"]
    assert found.drifted == ("moved",)
    assert found.document()["drifted"] == ["moved"]


@pytest.mark.parametrize("broken", [None, {"x": {}}, {"x": {"edges": [1.0], "shares": [1.0], "unknown": 0}}])
def test_a_damaged_reference_is_a_fault(broken: Any) -> None:
    assert len(list(faults({"features": broken, "scores": {}}))) == 1
    assert list(faults(broken)) == ["must hold features and scores"]


def test_what_only_grows_is_not_compared_and_neither_is_what_is_derived_from_it() -> None:
    table = parse_table(
        {
            "attributes": [
                {"name": "number", "kind": "number", "grows": True},
                {"name": "age", "kind": "number"},
            ],
            "features": [
                {"name": "number_log", "kind": "number", "expression": "ln(1 + customer.number)"},
                {"name": "old", "kind": "boolean", "expression": "customer.age > 60"},
            ],
        }
    )
    assert table.growing == {"number", "number_log"}
    before = np.arange(2_000.0)
    references = {"features": {name: reference_of(before) for name in ("number", "age")}, "scores": {}}
    today = {"number": before + 1_500, "age": before}
    assert measure_drift(references, today, {}, BOUNDS).drifted == ("number",)
    assert measure_drift(references, today, {}, BOUNDS, growing=table.growing).drifted == ()


def test_only_numbers_may_be_said_to_grow() -> None:
    with pytest.raises(PolicyError, match="grows belongs to numbers and money only"):
        parse_table({"attributes": [{"name": "day", "kind": "date", "grows": True}]})


def test_the_shipped_table_says_that_relationship_numbers_grow() -> None:
    assert "relationship_number" in load(DEFAULT).attributes.growing
