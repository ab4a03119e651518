"""exp, log and power: right, and the same bits for a float and for an array."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.scoring.elementary import exp, log, power

exponents = st.lists(st.floats(-590, 590), min_size=1, max_size=40)
figures = st.lists(st.floats(1e-250, 1e250), min_size=1, max_size=40)


def test_powers_by_hand():
    assert exp(0.0) == 1.0
    assert log(1.0) == 0.0
    assert power(1.0, 0.15) == 1.0
    assert power(16.0, 0.25) == pytest.approx(2.0, rel=1e-15)


@given(exponents)
def test_exp_agrees_with_the_library_and_an_array_gives_the_same_bits(values: list[float]):
    found = exp(np.array(values)).tolist()
    assert found == [exp(value) for value in values]
    assert found == pytest.approx([math.exp(value) for value in values], rel=4e-15)


@given(figures)
def test_log_agrees_with_the_library_and_an_array_gives_the_same_bits(values: list[float]):
    found = log(np.array(values)).tolist()
    assert found == [log(value) for value in values]
    assert found == pytest.approx([math.log(value) for value in values], rel=4e-15, abs=4e-16)


@given(figures, st.floats(0, 1))
def test_a_power_gives_the_same_bits_for_one_and_for_many(values: list[float], exponent: float):
    assert power(np.array(values), exponent).tolist() == [power(value, exponent) for value in values]


def test_exponents_beyond_the_bound_are_held_and_stay_finite():
    assert exp(1e9) == exp(600.0) < math.inf
    assert exp(-1e9) == exp(-600.0) > 0.0
