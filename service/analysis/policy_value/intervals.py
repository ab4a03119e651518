"""95 % intervals of a mean and of a ratio of means, for skewed and heavy-tailed terms such as weighted rewards.

A plain t interval covers 80 to 90 % there. Three corrections, each of which vanishes where terms are well behaved:

* the mean: Hall's cubic transformation takes the skewness out of the t statistic,
* the ratio: Fieller's inversion keeps numerator and denominator together,
* both: t quantiles at the degrees of freedom that the terms' kurtosis leaves (Satterthwaite).

Measured by ``python -m benchmarks.policy_value``. Where all terms are alike, so that nothing varies, ``unseen`` says
what may have been missed.

Sources: Hall 1992, Journal of the Royal Statistical Society B 54; Fieller 1954, ibid. B 16; Satterthwaite 1946,
Biometrics Bulletin 2; Clopper and Pearson 1934, Biometrika 26.
"""

from math import cbrt, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Interval = tuple[float, float]

LEVEL = 0.95
TAILS = ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0)
FLAT = 1e-9
"""Skewness below this is none: the transformation is then the identity."""
LARGE = 1e60
"""Terms beyond this are taken in units of the largest: their powers leave what a float can hold."""


def mean_interval(terms: Floats) -> Interval:
    """Of the mean m of n terms with deviation s and skewness g: m - s inv(q) at both quantiles q of Student's t,

    where ``inv(q) = (3/g) ((1 + g (q/sqrt(n) - g/(6n)))^(1/3) - 1)`` undoes
    ``sqrt(n) (T + g T^2/3 + g^2 T^3/27 + g/(6n))`` of T = (m - mean)/s. The mean itself where nothing varies.

    >>> [round(edge, 3) for edge in mean_interval(np.array([0.0, 1.0, 0.0, 1.0]))]
    [-0.419, 1.419]
    """
    unit = _unit(terms)
    low, high = _mean_interval(terms / unit)
    return low * unit, high * unit


def _mean_interval(terms: Floats) -> Interval:
    n, middle = len(terms), float(terms.mean())
    spread = float(terms.std(ddof=1)) if n > 1 else 0.0
    if spread <= _noise(terms):
        return middle, middle
    skew = float(np.mean(((terms - middle) / spread) ** 3))
    low, high = (_untransformed(q, skew, n) for q in _quantiles(terms))
    return middle - spread * high, middle - spread * low


def ratio_interval(above: Floats, below: Floats) -> Interval | None:
    """Fieller: every v for which mean(above - v below) is within t standard errors of zero; None where unbounded.

    >>> [round(edge, 3) for edge in ratio_interval(np.array([0.0, 1.0, 0.0, 1.0]), np.ones(4))]
    [-0.419, 1.419]
    """
    n, unit = len(above), max(_unit(above), _unit(below))
    if n < 2:
        return None
    above, below = above / unit, below / unit
    top, bottom = float(above.mean()), float(below.mean())
    residual = above - top / bottom * below
    if float(residual.std(ddof=1)) <= _noise(residual):
        return top / bottom, top / bottom
    t2 = _quantiles(residual)[1] ** 2 / n
    (va, vab), (_, vb) = np.cov(above, below).tolist()
    a, b, c = bottom**2 - t2 * vb, top * bottom - t2 * vab, top**2 - t2 * va
    inside = b * b - a * c
    if a <= 0.0 or inside < 0.0:
        return None
    return (b - sqrt(inside)) / a, (b + sqrt(inside)) / a


def deviation(terms: Floats) -> float:
    """The standard deviation of a sample, of terms however large."""
    unit = _unit(terms)
    return float((terms / unit).std(ddof=1)) * unit


def unseen(middle: float, least: float, most: float, effective: float) -> Interval:
    """Where every one of ``effective`` terms says ``middle``: up to 1 - 0.025^(1/effective) may lie elsewhere.

    Clopper and Pearson for a proportion of which nothing was seen, with the outcomes ``least`` and ``most`` (yuan, or
    whatever the reward is) that others had.

    >>> [round(edge, 3) for edge in unseen(0.0, 0.0, 1.0, 100.0)]
    [0.0, 0.036]
    """
    share = 1.0 - TAILS[0] ** (1.0 / max(effective, 1.0))
    return middle - share * (middle - min(least, middle)), middle + share * (max(most, middle) - middle)


def _quantiles(terms: Floats) -> Interval:
    """Student's t at both tails, with 2n / (kurtosis - 1) degrees of freedom, n - 1 at most."""
    from scipy.special import stdtrit  # here, as in ``analysis.drift``

    n, scaled = len(terms), (terms - terms.mean()) / terms.std()
    kurtosis = float(np.mean(scaled**4))
    freedom = min(n - 1.0, max(1.0, 2.0 * n / (kurtosis - 1.0 + 2.0 / (n - 1.0))))
    high = float(stdtrit(freedom, TAILS[1]))
    return -high, high


def _untransformed(quantile: float, skew: float, n: int) -> float:
    level = quantile / sqrt(n) - skew / (6.0 * n)
    return level if abs(skew) < FLAT else 3.0 / skew * (cbrt(1.0 + skew * level) - 1.0)


def _unit(terms: Floats) -> float:
    """1, or the largest magnitude where it is beyond ``LARGE``."""
    largest = float(np.abs(terms).max(initial=0.0))
    return largest if largest > LARGE else 1.0


def _noise(terms: Floats) -> float:
    """Deviations up to this are rounding, not chance; the least keeps their powers above what a float can hold."""
    return 1e-12 * float(np.abs(terms).max(initial=0.0)) + 1e-100
