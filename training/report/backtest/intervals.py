"""Shares, means and paired differences with their 95 % intervals; customers are independent of each other."""

from math import sqrt
from typing import Any

from training.arrays import Floats

Z = 1.959963984540054


def share(hits: Floats) -> dict[str, Any]:
    """The share of customers hit, with the Wilson interval; None for all where there is no customer.

    >>> import numpy as np
    >>> share(np.array([1.0, 0.0]))["value"]
    0.5
    """
    count = len(hits)
    if not count:
        return {"value": None, "low": None, "high": None}
    p = float(hits.mean())
    middle, wide = p + Z * Z / (2 * count), Z * sqrt(p * (1 - p) / count + Z * Z / (4 * count * count))
    scale = 1 + Z * Z / count
    return {"value": p, "low": max(0.0, (middle - wide) / scale), "high": min(1.0, (middle + wide) / scale)}


def mean(values: Floats) -> dict[str, Any]:
    """The mean over customers, with the normal interval; its bounds are None with fewer than two customers."""
    count = len(values)
    if not count:
        return {"value": None, "low": None, "high": None}
    value = float(values.mean())
    if count < 2:
        return {"value": value, "low": None, "high": None}
    wide = Z * float(values.std(ddof=1)) / sqrt(count)
    return {"value": value, "low": value - wide, "high": value + wide}
