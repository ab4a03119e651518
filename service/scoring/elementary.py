"""``exp``, ``log`` and ``power`` from the four operations alone: the same bits for a float, an array, and any machine.

The C library and NumPy each have their own ``exp`` and ``log``, which differ in the last bit from each other and from
processor to processor. Addition, subtraction, multiplication and division are exact to the last bit everywhere (IEEE
754), so a decision that uses these functions replays to the byte. The relative error is below 2e-15.

    exp(x) = 2**k e(x - k ln 2)     e by its [5/5] Pade approximant      log(x) = k ln 2 + 2 artanh((m - 1)/(m + 1))
"""

from math import frexp, ldexp
from typing import Any

import numpy as np

from service.core.grid import Array

MOST = 600.0
"""The largest exponent that is distinguished: exp(600) is 4e260, so that sums of thousands stay finite."""
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts; the first has so few bits that its multiples are exact."""
PER_LN2 = 1.44269504088896338700
ROUNDER = 6755399441055744.0
"""1.5 x 2**52: added and subtracted again, it rounds a number below 2**51 to a whole one."""
ROOT_HALF = 0.70710678118654752440
SERIES = tuple(1.0 / (2 * order + 1) for order in range(11, -1, -1))
"""The coefficients of artanh(s) / s in powers of s squared, highest first."""

Figure = Any
"""A float, or an array of floats."""


def exp(exponent: Figure) -> Figure:
    """e to the power of each exponent, held within -600 to 600.

    >>> exp(0.0), abs(exp(1.0) / 2.718281828459045 - 1.0) < 1e-15
    (1.0, True)
    """
    if isinstance(exponent, np.ndarray):
        held = np.clip(exponent, -MOST, MOST)
        base, twos = _reduced_exp(held)
        found: Array = np.ldexp(base, twos.astype(np.int32))
        return found
    base, twos = _reduced_exp(min(max(exponent, -MOST), MOST))
    return ldexp(base, int(twos))


def _reduced_exp(held: Figure) -> tuple[Figure, Figure]:
    """(b, k) with exp(held) = b 2**k."""
    twos = (held * PER_LN2 + ROUNDER) - ROUNDER
    rest = (held - twos * LN2_HIGH) - twos * LN2_LOW
    square = rest * rest
    even = 30240.0 + square * (3360.0 + square * 30.0)
    odd = rest * (15120.0 + square * (420.0 + square))
    return (even + odd) / (even - odd), twos


def log(figure: Figure) -> Figure:
    """The natural logarithm of each figure above 0.

    >>> log(1.0), abs(log(10.0) - 2.302585092994046) < 1e-15
    (0.0, True)
    """
    if isinstance(figure, np.ndarray):
        parts, twos = np.frexp(figure)
        low = parts < ROOT_HALF
        return _reduced_log(np.where(low, parts * 2.0, parts), twos - low)
    part, two = frexp(figure)
    return _reduced_log(part * 2.0, two - 1) if part < ROOT_HALF else _reduced_log(part, two)


def _reduced_log(part: Figure, twos: Figure) -> Figure:
    """log(part 2**twos), of a part from the root of a half to the root of two."""
    ratio = (part - 1.0) / (part + 1.0)
    square = ratio * ratio
    found = SERIES[0]
    for coefficient in SERIES[1:]:
        found = found * square + coefficient
    return twos * LN2_HIGH + (2.0 * ratio * found + twos * LN2_LOW)


def power(base: Figure, exponent: float) -> Figure:
    """Each base above 0 to the power of ``exponent``; 1 stays 1.

    >>> power(1.0, 0.3), abs(power(4.0, 0.5) - 2.0) < 1e-15
    (1.0, True)
    """
    if isinstance(base, float) and (base == 1.0 or exponent == 0.0):
        return 1.0
    return exp(exponent * log(base))
