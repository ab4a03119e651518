"""Calibration: raw scores into probabilities, an isotonic fit on out-of-fold scores, exported as a table of points.

Order: ``calibrate`` (sort, average in small groups, pool adjacent violators) -> ``Table`` -> ``Table.apply``. Serving
reads the same table (``service.scoring.models.calibration``) between two points by a straight line, so no two scores
become one and the order of customers is that of the raw scores.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import isotonic_regression

from training.arrays import Floats

GROUP = 50
"""Customers averaged before pooling: with fewer, the last few would decide the probability of the best score."""
DIGITS = 9
"""Scores equal to this many decimals share a group: steeper steps would be noise, or overflow."""
RISE = 1e-9
"""Least rise of y from point to point: it keeps the order and changes no probability noticeably."""


@dataclass(frozen=True)
class Table:
    """p -> ``interp(p, x, y)``: ``x`` and ``y`` both rise strictly, from 0 to 1 in ``x``."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def apply(self, scores: Floats) -> Floats:
        """Calibrated probabilities, same shape."""
        return np.interp(scores, self.x, self.y)

    def at_rate(self, sampled: float, true: float) -> "Table":
        """The table for customers of whom ``true`` take it, made on a sample of whom ``sampled`` did.

        Odds of each point times (true / (1 - true)) / (sampled / (1 - sampled)): takers were over-sampled, and nothing
        else. Ranks stay; between the points the line is straight in the corrected P. Source: Elkan 2001.
        """
        y = np.asarray(self.y)
        kept, others = y * true / sampled, (1.0 - y) * (1.0 - true) / (1.0 - sampled)
        return Table(self.x, tuple((kept / (kept + others)).tolist()))


def calibrate(scores: Floats, taken: Floats, group: int = GROUP) -> Table:
    """P(taken | score) as the isotonic fit through the centres of its blocks.

    Parameters
    ----------
    scores
        Out-of-fold raw scores (n,), 0 to 1.
    taken
        0.0 or 1.0 per customer.
    group
        Customers per group before pooling, in order of score.

    Returns
    -------
    Table
        Block centres (mean score, mean outcome), then flat to 0 and 1 but for a rise of 1e-9 a point.
    """
    sums = group_scores(np.round(np.asarray(scores, float), DIGITS), np.asarray(taken, float), group)
    x, y = pool_blocks(*sums)
    return _table(x, y)


def group_scores(scores: Floats, taken: Floats, group: int) -> tuple[Floats, Floats, Floats]:
    """Mean score, mean outcome and size of consecutive groups; equal scores share a group."""
    order = np.argsort(scores, kind="stable")
    scores, taken = scores[order], taken[order]
    starts = np.unique(np.searchsorted(scores, scores[::group], side="left"))
    sizes = np.diff(np.append(starts, len(scores))).astype(float)
    return np.add.reduceat(scores, starts) / sizes, np.add.reduceat(taken, starts) / sizes, sizes


def pool_blocks(scores: Floats, rates: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """Pool adjacent violators; each block keeps its weighted mean score and mean rate."""
    fitted = isotonic_regression(rates, sample_weight=sizes)
    starts = np.flatnonzero(np.append(True, np.diff(fitted) > 0))
    weight = np.add.reduceat(sizes, starts)
    return np.add.reduceat(scores * sizes, starts) / weight, np.add.reduceat(rates * sizes, starts) / weight


def _table(x: Floats, y: Floats) -> Table:
    inside = (x > 0.0) & (x < 1.0)
    first, last = (y[0], y[-1]) if len(y) else (0.0, 1.0)
    x = np.concatenate([[0.0], x[inside], [1.0]])
    y = np.concatenate([[first], y[inside], [last]])
    return Table(tuple(x.tolist()), tuple(_rising(y).tolist()))


def _rising(y: Floats) -> Floats:
    """``y`` made to rise by at least 1e-9 a point, inside 0 to 1."""
    steps = RISE * np.arange(len(y))
    rising: Floats = np.clip(np.maximum.accumulate(y - steps), 0.0, 1.0 - steps[-1]) + steps
    return rising
