"""What a bundle remembers of whom it learned from: every one of them is recognised, and nobody can be named by it."""

from datetime import date

import numpy as np
import pytest

from training.bundles.learned_from import LearnedFrom

UNTIL = date(2026, 5, 1)
LEARNED = [f"c{number:05d}" for number in range(0, 10_000, 2)]
STRANGERS = [f"c{number:05d}" for number in range(1, 10_000, 2)]


@pytest.fixture(scope="module")
def learned_from() -> LearnedFrom:
    return LearnedFrom.by_customers(LEARNED, UNTIL, "files")


def test_whoever_it_has_learned_from_is_recognised(learned_from: LearnedFrom) -> None:
    assert learned_from.may_know(LEARNED).all()
    assert learned_from.customers == 5_000


def test_it_is_sure_of_every_second_stranger_and_takes_the_other_for_one_of_them(learned_from: LearnedFrom) -> None:
    assert len(learned_from.bits) == 7_214  # 5,000 / ln 2 = 7,213.48
    assert learned_from.bits.mean() == pytest.approx(0.5, abs=0.02)
    assert learned_from.may_know(STRANGERS).mean() == pytest.approx(0.5, abs=0.03)


def test_how_many_of_some_customers_it_has_learned_from_is_told_and_nobody_by_chance(learned_from: LearnedFrom) -> None:
    assert learned_from.estimate(learned_from.may_know(STRANGERS)) == 0
    assert learned_from.estimate(learned_from.may_know([*STRANGERS[:1_000], *LEARNED[:1_000]])) == pytest.approx(
        1_000, abs=100
    )
    assert learned_from.estimate(learned_from.may_know(LEARNED)) == 5_000


def test_the_estimate_by_hand() -> None:
    half = LearnedFrom(UNTIL, 1, b"", np.array([True, False]))
    assert half.estimate(np.array([True] * 90 + [False] * 10)) == 80  # (90 - 50) / 0.5
    assert half.estimate(np.array([True] * 60 + [False] * 40)) == 0  # 50 + 3 sqrt(25) = 65 by chance


def test_who_tries_every_possible_customer_finds_a_crowd_and_no_one(learned_from: LearnedFrom) -> None:
    """An erased customer hides among as many as never were customers at all."""
    possible = [f"c{number:05d}" for number in range(100_000)]
    assert learned_from.may_know(possible).sum() > 9 * len(LEARNED)


def test_another_bundle_has_another_salt_so_that_two_filters_do_not_show_who_is_gone(learned_from: LearnedFrom) -> None:
    later = LearnedFrom.by_customers(LEARNED[1:], UNTIL, "files of the next month")
    assert later.salt != learned_from.salt
    size = min(len(later.bits), len(learned_from.bits))
    assert (later.bits[:size] != learned_from.bits[:size]).mean() == pytest.approx(0.5, abs=0.05)
    assert LearnedFrom.by_customers(LEARNED, UNTIL, "files").document == learned_from.document, (
        "the same files, the same bytes"
    )


def test_it_is_read_back_as_it_was_written(learned_from: LearnedFrom) -> None:
    again = LearnedFrom.read(learned_from.document)
    assert again is not None
    assert (again.until, again.customers, again.salt) == (UNTIL, 5_000, learned_from.salt)
    assert (again.bits == learned_from.bits).all()
    assert LearnedFrom.by_customers([], UNTIL, "nobody").may_know(["a"]).tolist() == [False]


def test_a_filter_that_another_version_wrote_in_its_own_form_tells_nothing(learned_from: LearnedFrom) -> None:
    assert LearnedFrom.read({"format": 2, "filter": "xor8", "until": "2026-05-03"}) is None
    assert LearnedFrom.read({**learned_from.document, "format": 2}) is None
