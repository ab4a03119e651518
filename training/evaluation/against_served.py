"""New propensities compared with those by which customers were served, on the same observations.

``difference = mean(loss of the new - loss as served)``, log loss, with a 95 % interval over customers (a customer's
losses are summed first, since they are correlated): below zero the new ones are better. The interval is None for fewer
than two customers, an AUC None with one outcome only.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from training.arrays import Floats
from training.evaluation.metrics import auc, auc_standard_error, by_chance, calibration_error, log_loss
from training.experience.observations import Observation

Z = 1.959963984540054


def compare_with_served(observations: Sequence[Observation], p: Floats) -> dict[str, Any]:
    """The figures of new propensities (n,) and of those that the decisions recorded."""
    taken = np.array([observation.taken for observation in observations], dtype=np.float64)
    served = np.array([observation.exposure.treatment["propensity"] for observation in observations], dtype=np.float64)
    both = bool(0 < taken.sum() < len(taken))
    mean, low, high = _difference(observations, log_loss(taken, p) - log_loss(taken, served))
    return {
        "trials": len(observations),
        "taken": int(taken.sum()),
        "log_loss": float(log_loss(taken, p).mean()),
        "log_loss_served": float(log_loss(taken, served).mean()),
        "difference": mean,
        "low": low,
        "high": high,
        "auc": auc(taken, p) if both else None,
        "auc_served": auc(taken, served) if both else None,
        "auc_standard_error": auc_standard_error(taken, p) if both else None,
        "calibration_error": calibration_error(taken, p),
        "calibration_error_by_chance": by_chance(p),
        "calibration_error_served": calibration_error(taken, served),
    }


def _difference(observations: Sequence[Observation], gaps: Floats) -> tuple[float, float | None, float | None]:
    """The mean gap per observation and its interval; the interval is None for fewer than two customers."""
    _, place = np.unique([observation.exposure.customer_id for observation in observations], return_inverse=True)
    sums, sizes = np.bincount(place, gaps), np.bincount(place)
    mean, count = float(gaps.mean()), len(sums)
    if count < 2:
        return mean, None, None
    spread = float(np.sqrt(((sums - mean * sizes) ** 2).sum() * count / (count - 1)) / sizes.sum())
    return mean, mean - Z * spread, mean + Z * spread
