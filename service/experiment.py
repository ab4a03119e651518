"""Chance without chance: who is in which arm, and in which order things are tried, by SHA-256 of a salt and a name.

The same salt and unit always give the same answer, in every process, on every machine, on replay. Another salt gives
an independent one, so that two experiments do not share their customers. Nothing here knows what an arm means.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

_SEPARATOR = "\x1f"
_SPACE = float(1 << 53)


def fraction(salt: str, *unit: object) -> float:
    """A uniform number in [0, 1) from the first 53 bits of SHA-256 of the salt and the parts of the unit's name.

    >>> fraction("s", "c-1") == fraction("s", "c-1")
    True
    >>> fraction("s", "c-1") == fraction("t", "c-1")
    False
    """
    return (int.from_bytes(_digest(salt, unit)[:8]) >> 11) / _SPACE


def fractions(salt: str, units: Iterable[Sequence[object]]) -> NDArray[np.float64]:
    """``fraction`` of each unit, the same numbers, some twice as fast where there are many."""
    begun = sha256(f"{salt}{_SEPARATOR}".encode("utf-8", "surrogatepass"))

    def digest(unit: Sequence[object]) -> bytes:
        one = begun.copy()
        one.update(_name(unit))
        return one.digest()[:8]

    heads = np.frombuffer(b"".join(map(digest, units)), dtype=">u8")
    return (heads >> np.uint64(11)).astype(np.float64) / _SPACE


def assign(salt: str, unit: object, shares: Mapping[str, float]) -> str:
    """The arm of ``unit``: arms take their shares of [0, 1) in the order given, the last takes all that is left.

    Raising an arm's share moves units into it only from the arms after it, so an experiment may grow.

    >>> assign("s", "c-1", {"holdout": 1.0, "personalised": 0.0})
    'holdout'
    >>> assign("s", "c-1", {"holdout": 0.0, "personalised": 1.0})
    'personalised'
    """
    at, edge, arm = fraction(salt, unit), 0.0, ""
    for arm, share in shares.items():
        edge += share
        if at < edge:
            return arm
    return arm


def order(salt: str, unit: Sequence[object], count: int) -> list[int]:
    """A uniform random permutation of ``range(count)``: Fisher-Yates on a stream of SHA-256 blocks.

    Each step takes 64 bits modulo at most ``count``; the bias is below count / 2**64.

    >>> sorted(order("s", ["c-1"], 5))
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
