"""Positions, losses and intervals of a backtest, worked out by hand."""

import math

import numpy as np
import pytest

from training.report.backtest import intervals
from training.report.backtest.rankings import kind_loss, position, rank

CLOSED = -np.inf
MEMBERS = np.array([[True, False], [True, False], [False, True], [False, False]])
"""Two offers of the first kind, one of the second, and one of neither."""


def flags(*rows: str) -> np.ndarray:
    return np.array([[one == "x" for one in row] for row in rows])


def test_a_customer_sees_offers_and_two_of_the_wrong_kind_are_two_misses():
    found = rank(np.array([[9.0, 8.0, 7.0, 6.0]]), MEMBERS, flags(".x"))
    assert (found.offer.tolist(), found.kind.tolist(), found.first.tolist()) == ([3.0], [2.0], [0])


def test_an_offer_of_no_bought_kind_takes_a_place_of_its_own():
    found = rank(np.array([[2.0, 1.0, 3.0, 4.0]]), MEMBERS, flags("x."))
    assert (found.offer.tolist(), found.kind.tolist()) == ([3.0], [3.0])


def test_what_is_closed_has_no_position():
    found = rank(np.array([[CLOSED, CLOSED, 3.0, 4.0], [CLOSED] * 4]), MEMBERS, flags("x.", "x."))
    assert found.offer.tolist() == [math.inf, math.inf]
    assert found.first.tolist() == [3, -1]


def test_of_several_bought_kinds_the_first_counts_and_ties_go_to_the_order_of_the_shelf():
    assert position(np.array([[1.0, 1.0, 2.0]]), flags("xx.")).tolist() == [2.0]
    assert position(np.array([[1.0, 1.0, 2.0]]), flags("x.x")).tolist() == [1.0]


def test_the_loss_is_of_the_share_among_the_open_kinds():
    chances = np.array([[0.2, 0.6, 0.2], [0.2, 0.6, 0.2], [0.2, 0.6, 0.2], [0.2, 0.6, 0.2]])
    open_kinds = flags("xxx", "x.x", "..x", "xx.")
    found = kind_loss(chances, open_kinds, flags(".x.", "x..", "..x", "..x"))
    assert found[:2].tolist() == pytest.approx([-math.log(0.6), -math.log(0.5)])
    assert np.isnan(found[2:]).all()  # one open kind leaves no choice; a closed purchase is counted elsewhere


def test_several_purchases_of_one_buyer_are_one_mean():
    found = kind_loss(np.array([[0.5, 0.25, 0.25]]), flags("xxx"), flags("xx."))
    assert found.tolist() == pytest.approx([(math.log(2) + math.log(4)) / 2])


def test_nobody_has_no_share_and_one_customer_no_interval_of_a_mean():
    assert intervals.share(np.array([])) == {"value": None, "low": None, "high": None}
    assert intervals.mean(np.array([])) == {"value": None, "low": None, "high": None}
    assert intervals.mean(np.array([3.0])) == {"value": 3.0, "low": None, "high": None}


def test_a_share_of_nothing_still_has_an_upper_bound():
    found = intervals.share(np.zeros(20))
    assert found["value"] == found["low"] == 0.0
    assert 0.1 < found["high"] < 0.2
