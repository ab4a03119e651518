"""What a bundle remembers of whom it learned from: every one of them is recognised, and nobody can be named by it."""

from datetime import date

import numpy as np
import pytest

from training.bundles.learned_from import Memory

UNTIL = date(2026, 5, 1)
LEARNED = [f"c{number:05d}" for number in range(0, 10_000, 2)]
STRANGERS = [f"c{number:05d}" for number in range(1, 10_000, 2)]


@pytest.fixture(scope="module")
def memory() -> Memory:
    return Memory.of(LEARNED, UNTIL, "files")


def test_whoever_it_has_learned_from_is_recognised(memory: Memory) -> None:
    assert memory.may_know(LEARNED).all()
    assert memory.customers == 5_000


def test_it_is_sure_of_every_second_stranger_and_takes_the_other_for_one_of_them(memory: Memory) -> None:
    assert len(memory.bits) == 7_214  # 5,000 / ln 2 = 7,213.48
    assert memory.bits.mean() == pytest.approx(0.5, abs=0.02)
    assert memory.may_know(STRANGERS).mean() == pytest.approx(0.5, abs=0.03)


def test_how_many_of_some_customers_it_has_learned_from_is_told_and_nobody_by_chance(memory: Memory) -> None:
    assert memory.about(memory.may_know(STRANGERS)) == 0
    assert memory.about(memory.may_know([*STRANGERS[:1_000], *LEARNED[:1_000]])) == pytest.approx(1_000, abs=100)
    assert memory.about(memory.may_know(LEARNED)) == 5_000


def test_the_estimate_by_hand() -> None:
    half = Memory(UNTIL, 1, b"", np.array([True, False]))
    assert half.about(np.array([True] * 90 + [False] * 10)) == 80  # (90 - 50) / 0.5
    assert half.about(np.array([True] * 60 + [False] * 40)) == 0  # 50 + 3 sqrt(25) = 65 by chance


def test_who_tries_every_possible_customer_finds_a_crowd_and_no_one(memory: Memory) -> None:
    """An erased customer hides among as many as never were customers at all."""
    possible = [f"c{number:05d}" for number in range(100_000)]
    assert memory.may_know(possible).sum() > 9 * len(LEARNED)


def test_another_bundle_has_another_salt_so_that_two_filters_do_not_show_who_is_gone(memory: Memory) -> None:
    later = Memory.of(LEARNED[1:], UNTIL, "files of the next month")
    assert later.salt != memory.salt
    size = min(len(later.bits), len(memory.bits))
    assert (later.bits[:size] != memory.bits[:size]).mean() == pytest.approx(0.5, abs=0.05)
    assert Memory.of(LEARNED, UNTIL, "files").document == memory.document, "the same files, the same bytes"


def test_it_is_read_back_as_it_was_written(memory: Memory) -> None:
    again = Memory.read(memory.document)
    assert again is not None
    assert (again.until, again.customers, again.salt) == (UNTIL, 5_000, memory.salt)
    assert (again.bits == memory.bits).all()
    assert Memory.of([], UNTIL, "nobody").may_know(["a"]).tolist() == [False]


def test_a_memory_that_another_version_wrote_in_its_own_form_tells_nothing(memory: Memory) -> None:
    assert Memory.read({"format": 2, "filter": "xor8", "until": "2026-05-03"}) is None
    assert Memory.read({**memory.document, "format": 2}) is None
