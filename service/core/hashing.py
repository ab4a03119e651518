"""Reproducible randomness: assignment to arms and random order, by SHA-256 of a salt and a name.

The same salt and unit always give the same answer, in every process, on every machine, on replay. Another salt gives an
independent one, so two experiments do not share their customers. Nothing here knows what an arm means.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256, shake_256
from math import ceil

import numpy as np
from numpy.typing import NDArray

BUCKETS = 10_000
"""Units are divided into so many equal parts before tests draw from them; a share is a whole number of parts."""

_NOBODY, _TAKEN = -1, -2
_SEPARATOR = "\x1f"
_SPACE = float(1 << 53)


def hash_fraction(salt: str, *unit: object) -> float:
    """A uniform number in [0, 1) from the first 53 bits of SHA-256 of the salt and the parts of the unit's name.

    >>> hash_fraction("s", "c-1") == hash_fraction("s", "c-1")
    True
    >>> hash_fraction("s", "c-1") == hash_fraction("t", "c-1")
    False
    """
    return (int.from_bytes(_digest(salt, unit)[:8]) >> 11) / _SPACE


def hash_fractions(salt: str, units: Iterable[Sequence[object]]) -> NDArray[np.float64]:
    """``hash_fraction`` of each unit: the same numbers, about twice as fast for many units."""
    begun = sha256(f"{salt}{_SEPARATOR}".encode("utf-8", "surrogatepass"))

    def digest(unit: Sequence[object]) -> bytes:
        one = begun.copy()
        one.update(_name(unit))
        return one.digest()[:8]

    heads = np.frombuffer(b"".join(map(digest, units)), dtype=">u8")
    return (heads >> np.uint64(11)).astype(np.float64) / _SPACE


def assign_buckets(tests: Iterable[tuple[str, str, float]], taken: float, rest: str) -> list[str]:
    """Which of ``tests`` (name, salt, share) each bucket of [0, 1) belongs to; ``rest`` where no test drew it.

    Each test draws its share of the buckets in the order of its own salt. It draws from the free buckets: not among the
    first ``taken`` of [0, 1), and not drawn by a test before it. So a unit is in one test at most, and a share is met
    exactly while buckets last. A test that grows, shrinks or ends moves a unit of another test only where both drew it.

    >>> found = assign_buckets([("a", "s", 0.1), ("b", "t", 0.2)], 0.5, "none")
    >>> found.count("a"), found.count("b"), set(found[:5000])
    (1000, 2000, {'none'})
    """
    owner = np.full(BUCKETS, _NOBODY)
    owner[: ceil(round(taken * BUCKETS, 6))] = _TAKEN
    names = []
    for number, (name, salt, share) in enumerate(tests):
        places = _shuffled(salt)
        owner[places[owner[places] == _NOBODY][: round(share * BUCKETS)]] = number
        names.append(name)
    return [names[number] if number >= 0 else rest for number in owner.tolist()]


def _shuffled(salt: str) -> NDArray[np.intp]:
    """The buckets in the order of 64 bits each of SHAKE-256 of the salt."""
    stream = shake_256(salt.encode("utf-8", "surrogatepass")).digest(8 * BUCKETS)
    return np.argsort(np.frombuffer(stream, dtype=">u8"), kind="stable")


def hash_order(salt: str, unit: Sequence[object], count: int) -> list[int]:
    """A uniform random permutation of ``range(count)``: Fisher-Yates on a stream of SHA-256 blocks.

    Each step takes 64 bits modulo at most ``count``; the bias is below count / 2**64.

    >>> sorted(hash_order("s", ["c-1"], 5))
    [0, 1, 2, 3, 4]
    """
    places = list(range(count))
    for step in range(count - 1):
        other = step + int.from_bytes(_digest(salt, (*unit, step))[:8]) % (count - step)
        places[step], places[other] = places[other], places[step]
    return places


def _digest(salt: str, unit: Sequence[object]) -> bytes:
    return sha256(f"{salt}{_SEPARATOR}".encode("utf-8", "surrogatepass") + _name(unit)).digest()


def _name(unit: Sequence[object]) -> bytes:
    return _SEPARATOR.join(map(str, unit)).encode("utf-8", "surrogatepass")
