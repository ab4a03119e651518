"""Propensities beside those by which customers were really served: the same trials, two figures each.

``difference = mean(loss of the new - loss as served)``, log loss, with a 95 % interval by customers (those of one
customer are summed first, since they are alike): below zero the new one knows more. Undefined is None.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from training.evaluation.metrics import BINS, auc, auc_standard_error, calibration_error
from training.experience.observations import Observation

Floats = npt.NDArray[np.float64]

Z = 1.959963984540054
SMALLEST = 1e-6
"""No chance is taken to be nearer to 0 or 1, so that one surprise does not outweigh all else."""


def log_loss(taken: Floats, p: Floats) -> Floats:
    """-ln of the probability given to what happened, (n,)."""
    p = np.clip(p, SMALLEST, 1.0 - SMALLEST)
    return np.asarray(-np.where(taken > 0, np.log(p), np.log1p(-p)))


def by_chance(p: Floats, bins: int = BINS) -> float:
    """The calibration error that perfectly calibrated P would show on as many customers: sqrt(2 / pi) mean of SE."""
    parts = [part for part in np.array_split(np.sort(p), bins) if len(part)]
    errors = [len(part) * np.sqrt(2.0 / np.pi * (part * (1.0 - part)).mean() / len(part)) for part in parts]
    return float(sum(errors) / len(p)) if len(p) else 0.0


def compare_with_served(observations: Sequence[Observation], p: Floats) -> dict[str, Any]:
    """The figures of new propensities (n,) beside those that the trials' decisions recorded."""
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
    """The mean gap per trial and its interval; the interval is undefined for fewer than two customers."""
    _, place = np.unique([observation.exposure.customer_id for observation in observations], return_inverse=True)
    sums, sizes = np.bincount(place, gaps), np.bincount(place)
    mean, count = float(gaps.mean()), len(sums)
    if count < 2:
        return mean, None, None
    spread = float(np.sqrt(((sums - mean * sizes) ** 2).sum() * count / (count - 1)) / sizes.sum())
    return mean, mean - Z * spread, mean + Z * spread
