"""Chance by hash: uniform, independent between salts, the same for ever."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.hashing import hash_fraction, hash_fractions, hash_order

UNITS = [f"c-{number}" for number in range(20_000)]


def test_a_fraction_is_the_first_53_bits_of_sha256_over_the_salt_and_the_unit():
    # printf 'salt\x1fc-1' | sha256sum
    assert hash_fraction("salt", "c-1") == (0xDCA7A7568335D841 >> 11) / 2**53


def test_fractions_are_uniform():
    found = hash_fractions("a", ((unit,) for unit in UNITS))
    share = np.bincount((found * 20).astype(int), minlength=20) / len(UNITS)
    assert share == pytest.approx(np.full(20, 0.05), abs=0.006)


def test_two_salts_are_independent():
    one, other = (hash_fractions(salt, ((unit,) for unit in UNITS)) for salt in ("a", "b"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.025


@given(st.text(max_size=8), st.lists(st.lists(st.text(max_size=6), min_size=1, max_size=3), min_size=1, max_size=5))
def test_many_fractions_are_each_ones_own(salt: str, units: list[list[str]]):
    assert hash_fractions(salt, units).tolist() == [hash_fraction(salt, *unit) for unit in units]


def test_every_order_is_equally_likely():
    found = Counter(tuple(hash_order("s", [unit], 3)) for unit in UNITS)
    assert len(found) == 6
    assert [count / len(UNITS) for count in found.values()] == pytest.approx([1 / 6] * 6, abs=0.012)


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_an_order_is_a_permutation(count: int):
    assert sorted(hash_order("s", ["c"], count)) == list(range(count))
