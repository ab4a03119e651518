"""Calibration: the isotonic fit as a table of points, interpolated between two points.

The arithmetic is that of ``np.interp``, operation for operation, once for plain floats and once for arrays, so that one
customer and a million get the same bits (``np.interp`` itself costs 2 us a call and may fuse operations on some
processors).
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

import numpy as np

from service.core.attributes import Array


class Calibration:
    """``y[j] + slope[j] * (p - x[j])`` for the last ``x[j] <= p``; flat beyond both ends.

    ``x`` rises strictly, ``y`` never falls; both have the same length, at least 1. They are shares of 1; of tickets,
    log yuan and yuan; of uplifts, differences of shares.
    """

    def __init__(self, x: Sequence[float], y: Sequence[float]) -> None:
        self._x, self._y = list(map(float, x)), list(map(float, y))
        self._slope = [*_slopes(self._x, self._y), 0.0]
        self._arrays = np.array(self._x), np.array(self._y), np.array(self._slope)

    def calibrate_one(self, p: float) -> float:
        """The calibrated probability of one raw probability."""
        x, y = self._x, self._y
        place = bisect_right(x, p) - 1
        if place < 0:
            return y[0]
        return self._slope[place] * (p - x[place]) + y[place]

    def calibrate_many(self, p: Array) -> Array:
        """The calibrated probabilities of an array, any shape."""
        x, y, slope = self._arrays
        place = np.searchsorted(x, p, side="right") - 1
        inside = np.maximum(place, 0)
        return np.asarray(np.where(place < 0, y[0], slope[inside] * (p - x[inside]) + y[inside]))


def faults(x: object, y: object, most_x: float = 1.0, most_y: float = 1.0, least: float = 0.0) -> list[str]:
    """The faults of two lists as a calibration within the least and the most; none where they are sound."""
    if (
        not isinstance(x, list)
        or not isinstance(y, list)
        or len(x) != len(y)
        or not (_are(x, least, most_x) and _are(y, least, most_y))
    ):
        return [
            "calibration must be two lists x and y of the same length, at least 1, "
            f"of numbers {least:g} to {most_x:g} and {least:g} to {most_y:g}"
        ]
    if any(low >= high for low, high in pairwise(x)):
        return ["calibration x must rise strictly"]
    if any(low > high for low, high in pairwise(y)):
        return ["calibration y must never fall"]
    return [] if all(map(isfinite, _slopes(x, y))) else ["calibration x must not lie so close together"]


def _slopes(x: Sequence[float], y: Sequence[float]) -> list[float]:
    steps = zip(pairwise(x), pairwise(y), strict=True)
    return [(y_high - y_low) / (x_high - x_low) for (x_low, x_high), (y_low, y_high) in steps]


def _are(values: Sequence[object], least: float, most: float) -> bool:
    figures = (isinstance(one, (int, float)) and not isinstance(one, bool) and least <= one <= most for one in values)
    return bool(values) and all(figures)
