"""Priority, order and probability, by hand and by brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.grid import GridIndex
from service.scoring.arbitration import (
    candidates,
    prices,
    priorities,
    ranking,
    ranking_many,
    selection_probability,
)

PLACES = GridIndex([("a", "deposit"), ("b", "wealth"), ("c", "deposit")], [("app", "inbound"), ("sms", "outbound")])
levels = st.sampled_from([float("-inf"), 1.0, 2.0, 2.0, 3.5])


def test_priority_by_hand():
    cell = np.full((1, 1, 1), 0.1), np.full((1, 1, 1), 2_000.0), np.full((1, 1, 1), 1.5)
    assert priorities(*cell, 2.0, 0.5, np.full((1, 1, 1), 12.0)).item() == pytest.approx(
        0.1 * 2_000 * 1.5 * 2 * 0.5 - 12
    )


def test_only_what_is_allowed_and_above_zero_is_a_candidate():
    priority = np.array([[[1.0, 0.0, -1.0, np.nan, 5.0]]])
    allowed = np.array([[[True, True, True, True, False]]])
    assert candidates(priority, allowed).ravel().tolist() == [1.0, *[float("-inf")] * 4]


def test_prices_of_offer_family_and_channel_add_up_in_each_cell():
    found = prices({"offer:a": 1.0, "family:deposit": 10.0, "channel:sms": 100.0, "offer:unknown": 7.0}, PLACES)
    assert found[0].tolist() == [[11.0, 111.0], [0.0, 100.0], [10.0, 110.0]]


@given(st.lists(levels, min_size=1, max_size=8), st.integers(1, 10))
def test_one_order_and_many_are_the_same_with_ties_in_the_policys_order(best: list[float], limit: int):
    expected = sorted([place for place, level in enumerate(best) if level > 0], key=lambda place: (-best[place], place))
    assert ranking(best) == expected
    many = ranking_many(np.array([best]), limit)[0].tolist()
    assert many == (expected + [-1] * limit)[:limit]


@given(st.integers(1, 9), st.integers(1, 12), st.floats(0, 1))
def test_the_probabilities_of_all_offers_sum_to_the_number_shown(limit: int, offers: int, epsilon: float):
    total = sum(selection_probability(place < limit, limit, offers, epsilon) for place in range(offers))
    assert total == pytest.approx(min(limit, offers))
