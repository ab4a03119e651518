"""The nested choice: shares by hand, what a shelf may not change, and one customer as many."""

from dataclasses import replace
from math import exp, log, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.scoring.choice import NOTHING_GONE, Choice, Nest, Nests, Shelf, by_odds, choose_one

NESTS = Nests("deposit", within=0.15, lambda_=0.25, kinds=(Nest("term", (0, 1)), Nest("cd", (2,))))
ALL = (True, True, True)


def shelf(now, then=None, opened=ALL, gone=NOTHING_GONE) -> Shelf:
    return Shelf(now, now if then is None else then, opened, gone)


def test_shares_of_an_unchanged_shelf_by_hand():
    assert choose_one(NESTS, 0.1, shelf([3.0, 1.0, 4.0])) == pytest.approx({0: 0.0375, 1: 0.0125, 2: 0.05})


def test_a_better_offer_by_the_formula_written_out():
    found = choose_one(NESTS, 0.1, shelf([6.0, 1.0, 4.0], [3.0, 1.0, 4.0]))
    term, cd = 4.0 * (7.0 / 4.0) ** 0.15, 4.0
    logit = log(0.1 / 0.9) + 0.25 * (log(term + cd) - log(4.0 + 4.0))
    family = 1.0 / (1.0 + exp(-logit))
    assert found[0] == pytest.approx(family * term / (term + cd) * 6.0 / 7.0)
    assert sum(found.values()) == pytest.approx(family)


def test_scores_of_kinds_take_the_place_of_attraction_between_kinds_where_every_open_kind_has_one():
    still = shelf([3.0, 1.0, 4.0])
    found = choose_one(NESTS, 0.1, still, {"term": 0.09, "cd": 0.01})
    assert found == pytest.approx({0: 0.0675, 1: 0.0225, 2: 0.01})
    assert choose_one(NESTS, 0.1, still, {"term": 0.09, "cd": nan}) == choose_one(NESTS, 0.1, still)


def test_a_closed_offer_leaves_its_part_to_the_others_and_the_family_as_it_is():
    found = choose_one(NESTS, 0.1, shelf([3.0, 1.0, 4.0], opened=(True, False, True)))
    assert found == pytest.approx({0: 0.1 * 3 / 7, 2: 0.1 * 4 / 7})


def test_an_offer_that_is_gone_counts_where_another_of_its_kind_or_family_is_open():
    kind_left = choose_one(NESTS, 0.1, shelf([3.0, 1.0, 4.0], gone={"cd": 4.0}))
    kind_gone = choose_one(NESTS, 0.1, shelf([3.0, 1.0, 4.0], gone={"structured": 4.0}))
    assert sum(kind_left.values()) < 0.1
    assert sum(kind_gone.values()) == pytest.approx(by_odds(0.1, (8.0 / 12.0) ** 0.25))
    assert choose_one(NESTS, 0.1, shelf([3.0, 1.0, 4.0], opened=(False,) * 3, gone={"cd": 4.0})) == {}


def test_a_new_kind_takes_its_part_and_raises_the_family():
    found = choose_one(NESTS, 0.1, shelf([3.0, 1.0, 4.0], [3.0, 1.0, 0.0]))
    assert found[2] > found[1]
    assert sum(found.values()) == pytest.approx(by_odds(0.1, 2.0**0.25))


attractions = st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3)
chances = st.floats(0, 1)
doors = st.lists(st.booleans(), min_size=3, max_size=3)


@given(attractions, doors, chances)
def test_an_unchanged_shelf_leaves_the_familys_propensity_as_it_is_to_the_bit(now, opened, propensity):
    assert Choice(NESTS, propensity, shelf(now, opened=opened)).propensity == propensity


@given(attractions, attractions, chances, st.floats(1e-3, 1e3))
def test_a_closed_offer_changes_no_bit_of_any_other(now, then, propensity, other):
    opened = (True, True, False)
    one = choose_one(NESTS, propensity, shelf(now, then, opened))
    assert one == choose_one(NESTS, propensity, shelf([*now[:2], other], [*then[:2], other], opened))
    fewer = replace(NESTS, kinds=NESTS.kinds[:1])
    assert one == choose_one(fewer, propensity, shelf(now, then, opened))


@given(attractions, chances, st.sampled_from([0, 1, 2]))
def test_a_twin_moves_no_more_than_three_percent_of_the_familys_volume(now, propensity, place):
    twin = replace(NESTS, kinds=tuple(_with(nest, place) for nest in NESTS.kinds))
    found = choose_one(twin, propensity, shelf([*now, now[place]], [*now, 0.0], (*ALL, True)))
    assert propensity * (1 - 1e-12) <= sum(found.values()) <= propensity * 1.03


def _with(nest: Nest, place: int) -> Nest:
    return replace(nest, offers=(*nest.offers, 3)) if place in nest.offers else nest


@given(attractions, chances, st.sampled_from([0, 1, 2]), st.floats(1.01, 100))
def test_a_better_offer_is_taken_by_more_and_its_family_by_no_fewer(now, propensity, place, better):
    raised = [one * better if number == place else one for number, one in enumerate(now)]
    before, after = choose_one(NESTS, propensity, shelf(now)), choose_one(NESTS, propensity, shelf(raised, now))
    assert after[place] >= before[place]
    assert sum(after.values()) >= sum(before.values()) * (1 - 1e-12)


rows = st.lists(st.tuples(attractions, attractions, doors, chances, st.floats(0, 1) | st.just(nan)), min_size=1)


@given(rows, st.booleans())
def test_one_customer_and_many_choose_to_the_same_bits(people, scored):
    columns = [list(np.array([one[part] for one in people]).T) for part in (0, 1, 2)]
    kinds = {"term": 0.2, "cd": np.array([one[4] for one in people])} if scored else {}
    choice = Choice(NESTS, np.array([one[3] for one in people]), Shelf(*columns, NOTHING_GONE), kinds)
    many = choice.offers()
    for row, (now, then, opened, propensity, score) in enumerate(people):
        told = {"term": 0.2, "cd": score} if scored else {}
        one = choose_one(NESTS, propensity, Shelf(now, then, opened, NOTHING_GONE), told)
        assert {place: many[place][row] for place in one} == one
        assert all(many[place][row] == 0.0 for place in many if place not in one)


def test_an_offers_change_since_the_reference_is_one_where_nothing_moved():
    assert Choice(NESTS, 0.1, shelf([3.0, 1.0, 4.0])).change(0) == 1.0
    better = Choice(NESTS, 0.1, shelf([6.0, 1.0, 4.0], [3.0, 1.0, 4.0]))
    assert better.change(0) > 1.0 > better.change(1)


def test_a_kind_in_which_nothing_attracts_counts_as_closed():
    still = shelf([3.0, 1.0, 0.0])
    assert Choice(NESTS, 0.1, still).offers() == pytest.approx({0: 0.075, 1: 0.025, 2: 0.0})
    assert choose_one(NESTS, 0.1, still) == pytest.approx({0: 0.075, 1: 0.025})
