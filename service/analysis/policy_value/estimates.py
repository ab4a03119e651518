"""The three estimates of a new policy's value, per row of the log, by their published definitions.

With reward r_i, weight ``w_i = new probability / logged propensity`` of the action that the log shows, and a reward
model q(x, a):

    IPS     mean(w r)                                              Horvitz and Thompson 1952
    SNIPS   sum(w r) / sum(w)                                      Swaminathan and Joachims 2015
    DR      mean(sum_a new(a|x) q(x,a) + w (r - q(x,a_i)))         Dudik, Langford and Li 2011

IPS and DR are unbiased where propensities are right and every action that the new policy may take was possible in the
log; DR also where q is right. q must be cross-fitted: not trained on the row that it predicts.
"""

from dataclasses import asdict, dataclass

import numpy as np

from service.analysis.policy_value.intervals import Floats, mean_interval, ratio_interval, unseen
from service.analysis.policy_value.support import effective_sample_size


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value per row in the reward's own unit (yuan, a rate), with its 95 % interval."""

    value: float
    low: float
    high: float

    def document(self) -> dict[str, float]:
        """As plain JSON values."""
        return asdict(self)


def ips(rewards: Floats, weights: Floats, earned: Floats | None = None) -> Estimate:
    """mean(w r); ``earned`` are the terms w r of rows that show several actions: each row's sum over them.

    >>> ips(np.array([1.0, 0.0, 1.0, 0.0]), np.array([2.0, 1.0, 1.0, 0.0])).value
    0.75
    """
    return _widened(mean_of(weights * rewards if earned is None else earned), rewards, weights)


def snips(rewards: Floats, weights: Floats, earned: Floats | None = None) -> Estimate | None:
    """sum(w r) / sum(w); None where no weight is above zero. ``earned`` as in ``ips``.

    >>> snips(np.array([1.0, 0.0, 1.0, 0.0]), np.array([2.0, 1.0, 1.0, 0.0])).value
    0.75
    """
    whole = float(weights.sum())
    if whole <= 0.0:
        return None
    above = weights * rewards if earned is None else earned
    value = float(above.sum()) / whole
    interval = ratio_interval(above, weights)
    low, high = (float(rewards.min()), float(rewards.max())) if interval is None else interval
    return _widened(Estimate(value, low, high), rewards, weights)


def dr_terms(rewards: Floats, weights: Floats, modelled: Floats, expected: Floats) -> Floats:
    """Per row sum_a new(a|x) q(x,a) + w (r - q(x,a_i)): ``expected`` is the sum, ``modelled`` is q(x,a_i); all (n,)."""
    terms: Floats = expected + weights * (rewards - modelled)
    return terms


def dr(rewards: Floats, weights: Floats, modelled: Floats, expected: Floats) -> Estimate:
    """mean of ``dr_terms``.

    >>> one = np.array([1.0, 0.0])
    >>> dr(one, np.array([2.0, 0.0]), np.array([0.5, 0.5]), np.array([0.6, 0.4])).value
    1.0
    """
    return mean_of(dr_terms(rewards, weights, modelled, expected))


def logged_mean(rewards: Floats) -> Estimate:
    """mean(r), the value of the policy that served."""
    return mean_of(rewards)


def difference(terms: Floats, rewards: Floats) -> Estimate:
    """New less logged, row by row, so that what moves both cancels."""
    return mean_of(terms - rewards)


def snips_terms(earned: Floats, weights: Floats, value: float) -> Floats:
    """v + (w r - w v) / mean(w): the terms whose mean is SNIPS and whose spread is, to first order, its own."""
    terms: Floats = value + (earned - weights * value) / weights.mean()
    return terms


def mean_of(terms: Floats) -> Estimate:
    """The mean of terms that are one per row."""
    return Estimate(float(terms.mean()), *mean_interval(terms))


def _widened(found: Estimate, rewards: Floats, weights: Floats) -> Estimate:
    """The interval widened by what may be unseen, where the rows that count are alike and others in the log are not."""
    if found.low != found.high or float(np.ptp(rewards)) == 0.0:
        return found
    size = effective_sample_size(weights)
    return Estimate(found.value, *unseen(found.value, float(rewards.min()), float(rewards.max()), size))
