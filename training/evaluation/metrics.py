"""Metrics of propensities on out-of-fold scores: ranking, then calibration, then the top tenth.

Every figure of ranking is None (never 0) where the customers have only one of the two outcomes.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from training.arrays import Flags, Floats

BINS = 10
SMALLEST = 1e-6
"""Probabilities are clipped to this distance from 0 and 1, so that one surprise does not outweigh all else."""
TOP = 0.1


def measure(taken: Floats, scores: Floats, held: Flags | None = None) -> dict[str, Any]:
    """All figures of all customers and, under ``none_held``, of those who held none of the family before.

    Parameters
    ----------
    taken, scores
        Outcome (0 or 1) and propensity per customer, (n,).
    held
        Who held it before; without it ``none_held`` is left out.
    """
    figures: dict[str, Any] = figures_of(taken, scores)
    return figures if held is None else figures | {"none_held": figures_of(taken[~held], scores[~held])}


def figures_of(taken: Floats, scores: Floats) -> dict[str, float | int | None]:
    """AUC with its standard error, average precision, Brier score, calibration error, lift of the top tenth, counts."""
    both = 0 < taken.sum() < len(taken)
    return {
        "customers": len(taken),
        "taken": int(taken.sum()),
        "base_rate": float(taken.mean()) if len(taken) else None,
        "auc": auc(taken, scores) if both else None,
        "auc_standard_error": auc_standard_error(taken, scores) if both else None,
        "average_precision": float(average_precision_score(taken, scores)) if both else None,
        "brier": brier(taken, scores) if len(taken) else None,
        "calibration_error": calibration_error(taken, scores) if len(taken) else None,
        "lift_top_tenth": lift(taken, scores) if taken.any() else None,
    }


def auc(taken: Floats, scores: Floats) -> float:
    """P(score of a taker > score of another) + P(equal) / 2, by ranks (Mann and Whitney)."""
    yes = taken > 0
    ranks = rankdata(scores)
    takers, others = yes.sum(), (~yes).sum()
    return float((ranks[yes].sum() - takers * (takers + 1) / 2) / (takers * others))


def auc_standard_error(taken: Floats, scores: Floats) -> float | None:
    """sqrt(var(placements of takers) / takers + var(placements of others) / others); None below two of each.

    Source: DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44.
    """
    yes = taken > 0
    takers, others = int(yes.sum()), int((~yes).sum())
    if min(takers, others) < 2:
        return None
    ranks = rankdata(scores)
    over = (ranks[yes] - rankdata(scores[yes])) / others
    under = (ranks[~yes] - rankdata(scores[~yes])) / takers
    return float(np.sqrt(over.var(ddof=1) / takers + under.var(ddof=1) / others))


def gain_standard_error(taken: Floats, one: Floats, other: Floats) -> float:
    """Of the difference of two AUCs on the same customers, by their placements; two of each outcome are needed.

    Source: DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44: var = sum over outcomes of var(difference) / size.
    """
    yes = taken > 0
    over, under = (_placements(yes, scores) for scores in (one, other))
    gains = [a - b for a, b in zip(over, under, strict=True)]
    return float(np.sqrt(sum(gain.var(ddof=1) / len(gain) for gain in gains)))


def _placements(yes: Flags, scores: Floats) -> tuple[Floats, Floats]:
    """For each taker the share of others below, for each other the share of takers above."""
    ranks = rankdata(scores)
    takers, others = int(yes.sum()), int((~yes).sum())
    over = (ranks[yes] - rankdata(scores[yes])) / others
    under = 1.0 - (ranks[~yes] - rankdata(scores[~yes])) / takers
    return over, under


def brier(taken: Floats, scores: Floats) -> float:
    """mean((score - taken)**2)."""
    return float(np.mean((scores - taken) ** 2))


def calibration_error(taken: Floats, scores: Floats, bins: int = BINS) -> float:
    """sum_b size_b / n * |mean taken_b - mean score_b| over bins of equal counts, in order of score (0 is perfect)."""
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [len(part) * abs(taken[part].mean() - scores[part].mean()) for part in parts]
    return float(sum(gaps) / len(scores))


def log_loss(taken: Floats, p: Floats) -> Floats:
    """-ln of the probability given to what happened, (n,)."""
    p = np.clip(p, SMALLEST, 1.0 - SMALLEST)
    return np.asarray(-np.where(taken > 0, np.log(p), np.log1p(-p)))


def by_chance(p: Floats, bins: int = BINS) -> float:
    """The expected calibration error of perfectly calibrated P on as many customers: sqrt(2 / pi) mean of SE."""
    parts = [part for part in np.array_split(np.sort(p), bins) if len(part)]
    errors = [len(part) * np.sqrt(2.0 / np.pi * (part * (1.0 - part)).mean() / len(part)) for part in parts]
    return float(sum(errors) / len(p)) if len(p) else 0.0


def lift(taken: Floats, scores: Floats, share: float = TOP) -> float:
    """Rate of takers in the best-scored tenth / rate of all takers; at least one customer is in it."""
    size = max(1, round(share * len(scores)))
    best = np.argsort(-scores, kind="stable")[:size]
    return float(taken[best].mean() / taken.mean())


def summary(metrics: Mapping[str, Any]) -> str:
    """``AUC 0.823 +- 0.002, lift 3.9, calibration error 0.004`` in one line; with one outcome only, it says so.

    >>> summary({"customers": 300, "taken": 0, "auc": None, "calibration_error": 0.05})
    'one outcome only: 0 of 300 took it, so no AUC, calibration error 0.0500'
    """
    one = metrics.get("auc") is None and metrics.get("customers")
    said = f"one outcome only: {metrics['taken']:,} of {metrics['customers']:,} took it, so no AUC" if one else ""
    parts = [said] * bool(said) + [
        f"{word} {metrics[key]:.4f}"
        for word, key in (("AUC", "auc"), ("lift", "lift_top_tenth"), ("calibration error", "calibration_error"))
        if metrics.get(key) is not None
    ]
    return ", ".join(parts)
