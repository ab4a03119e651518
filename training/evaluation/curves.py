"""The curves of a report, from out-of-fold scores: ROC, precision and recall, calibration, lift and gain.

Each point covers a hundredth of the customers. The interval of AUC is DeLong's; the others are bootstrap intervals over
customers, drawn from a seed, so that the same scores give the same interval.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import norm

from service.analysis.fairness.group_rates import wilson
from training.arrays import Floats
from training.evaluation.metrics import BINS, TOP, auc, auc_standard_error

POINTS = 100
TWENTIETHS = 20
REPLICATES = 100
LEVEL = 0.95
DIGITS = 6


def curves_of(taken: Floats, scores: Floats, seed: int) -> dict[str, Any]:
    """Every curve and interval of one family, as plain JSON values; ``taken`` and ``scores`` are (n,)."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(taken[order])
    counts = np.arange(1, len(taken) + 1)
    ends = np.unique(np.linspace(0, len(taken) - 1, POINTS + 1).astype(int))
    return {
        "roc": _pairs((counts - hits)[ends] / max(counts[-1] - hits[-1], 1), hits[ends] / hits[-1]),
        "pr": _pairs(hits[ends] / hits[-1], hits[ends] / counts[ends])[1:],
        "gain": _pairs(counts[ends] / counts[-1], hits[ends] / hits[-1]),
        "lift": _lifts(taken[order]),
        "calibration": _calibration(taken, scores),
        "intervals": intervals(taken, scores, seed),
    }


def intervals(taken: Floats, scores: Floats, seed: int, replicates: int = REPLICATES) -> dict[str, list[float]]:
    """``{figure: [low, high]}`` at 95 %: AUC by DeLong, the others by the percentiles of a bootstrap."""
    order = np.argsort(-scores, kind="stable")
    ordered, p = taken[order], scores[order]
    chance = np.random.default_rng([seed, 2])
    drawn = [_weighted(ordered, p, chance) for _ in range(replicates)]
    tail = 100 * (1 - LEVEL) / 2
    found = {
        name: [round(float(edge), DIGITS) for edge in np.percentile([one[name] for one in drawn], [tail, 100 - tail])]
        for name in drawn[0]
    }
    error = auc_standard_error(taken, scores)
    if error is not None:
        middle, reach = auc(taken, scores), float(norm.ppf(0.5 + LEVEL / 2)) * error
        found["auc"] = [round(max(middle - reach, 0.0), DIGITS), round(min(middle + reach, 1.0), DIGITS)]
    return found


def _weighted(taken: Floats, p: Floats, chance: np.random.Generator) -> Mapping[str, float]:
    """The figures of one bootstrap sample; ``taken`` and ``p`` are in order of score, the best first."""
    size = len(taken)
    weight = np.bincount(chance.integers(0, size, size), minlength=size).astype(np.float64)
    customers, takers = np.cumsum(weight), np.cumsum(weight * taken)
    precision = takers / np.maximum(customers, 1.0)
    bins = np.minimum((customers - weight) * BINS // size, BINS - 1).astype(int)
    gaps = np.bincount(bins, weight * (taken - p), BINS)
    top = int(np.searchsorted(customers, TOP * size))
    return {
        "average_precision": float((precision * weight * taken).sum() / max(takers[-1], 1.0)),
        "brier": float((weight * (taken - p) ** 2).sum() / size),
        "calibration_error": float(np.abs(gaps).sum() / size),
        "lift_top_tenth": float(takers[top] / customers[top] / max(takers[-1] / size, 1e-12)),
    }


def _lifts(ordered: Floats) -> list[dict[str, float]]:
    """Rate of takers in each twentieth over that of all, best first."""
    rate = float(ordered.mean())
    parts = [part for part in np.array_split(ordered, TWENTIETHS) if len(part)]
    return [
        {"share": 1 / TWENTIETHS * (place + 1), "lift": _round(part.mean() / rate)} for place, part in enumerate(parts)
    ]


def _calibration(taken: Floats, scores: Floats) -> list[dict[str, float]]:
    """Ten bins of equal counts: mean propensity, share of takers with its Wilson interval, customers."""
    order = np.argsort(scores, kind="stable")
    rows = []
    for part in np.array_split(order, BINS):
        low, high = wilson(float(taken[part].sum()), len(part))
        rows.append(
            {
                "propensity": _round(scores[part].mean()),
                "taken": _round(taken[part].mean()),
                "low": low,
                "high": high,
                "customers": len(part),
            }
        )
    return rows


def _pairs(x: Floats, y: Floats) -> list[list[float]]:
    """Points, from the origin on."""
    return [[0.0, 0.0], *([_round(a), _round(b)] for a, b in zip(x, y, strict=True))]


def _round(value: Any) -> float:
    return round(float(value), DIGITS)
