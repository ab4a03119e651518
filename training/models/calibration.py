"""Calibration: raw scores into probabilities, an isotonic fit on out-of-fold scores, exported as a table of points.

Where scores are compared by their ratio, ``calibrate_by_curve`` is a smooth curve instead.

Order: ``calibrate`` (sort, average in small groups, pool adjacent violators) -> ``Table`` -> ``Table.apply``. Serving
reads the same table (``service.scoring.models.calibration``) between two points by a straight line, so no two scores
become one and the order of customers is that of the raw scores.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression

from training.arrays import Floats

GROUP = 50
"""Customers averaged before pooling: with fewer, the last few would decide the probability of the best score."""
DIGITS = 9
"""Scores equal to this many decimals share a group: steeper steps would be noise, or overflow."""
EDGE, CURVE_POINTS, LEAST_SLOPE = 1e-5, 200, 0.001
"""Of the curve: the least score, how many points of its table, the least weight of a term."""
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


def calibrate_by_curve(scores: Floats, taken: Floats) -> Table:
    """logit P(taken | score) = a ln(score) - b ln(1 - score) + c, as a table: where scores are compared by their ratio.

    An isotonic fit gives the lowest scores the rate 0 where no taker happened to be among them; a curve does not. ``a``
    and ``b`` are at least 0: a term that would fall is left out. Source: Kull 2017, beta calibration.
    """
    terms = _log_terms(np.asarray(scores, dtype=np.float64))
    weights, level = _logistic(terms, taken, [0, 1])
    if (weights < 0).any():
        weights, level = _logistic(terms, taken, [int(np.argmax(weights))])
    points = expit(np.linspace(logit(EDGE), logit(1.0 - EDGE), CURVE_POINTS))
    return _table(points, expit(_log_terms(points) @ np.maximum(weights, LEAST_SLOPE) + level))


def _log_terms(scores: Floats) -> Floats:
    x = np.clip(scores, EDGE, 1.0 - EDGE)
    return np.column_stack([np.log(x), -np.log1p(-x)])


def _logistic(terms: Floats, taken: Floats, used: list[int]) -> tuple[Floats, float]:
    """The weights of both terms, 0 for one that is not used, and the constant."""
    fitted = LogisticRegression(C=1e4, max_iter=2000).fit(terms[:, used], taken)
    weights = np.zeros(terms.shape[1])
    weights[used] = fitted.coef_[0]
    return weights, float(fitted.intercept_[0])


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
