"""Who leaves: the chance that a customer lapses within the horizon, for the survival behind lifetime value.

Order: ``standardise`` -> logistic regression in five folds, each customer scored by the fold that has not seen them ->
isotonic table on those scores -> figures on unseen customers -> one regression on all -> the ``lapse`` part of a
bundle's manifest. A plain curve, because the next years rest on it: every weight can be read, and it does not follow
the noise of one quarter. Without a bank's ``lapse.sql`` there is no estimate, and serving falls back to the policy's.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from service.scoring.attributes import AttributeTable
from service.scoring.standard import LOG, PLAIN, at_mean
from training.calibrate import calibrate
from training.evaluate import figures_of
from training.standard import Floats, document_of, standardise

FIGURES = (
    ("demand_yuan", LOG),
    ("deposit_yuan", LOG),
    ("wealth_yuan", LOG),
    ("total_yuan", LOG),
    ("deposit_of_peak_share", PLAIN),
    ("deposit_products", LOG),
    ("product_kinds", PLAIN),
    ("logins_30d", LOG),
    ("transfers_90d", LOG),
    ("turnover_30d_yuan", LOG),
    ("last_transfer_days", LOG),
    ("relationship_days", PLAIN),
)
FOLDS = 5
LEAST = 50
"""Fewer who left, or who stayed, are too few to learn from."""


def fit_lapse(
    table: AttributeTable, columns: Mapping[str, Any], lapsed: Floats, horizon_days: int, seed: int = 7
) -> dict[str, Any] | None:
    """The ``lapse`` of a manifest; None where fewer than 50 left or stayed, or no figure tells them apart.

    ``columns``: every attribute and feature of n customers, (n, 1, 1) each; ``lapsed``: (n,) 1 left, 0 stayed.
    """
    standard = standardise(table, columns, FIGURES)
    if standard is None or min(lapsed.sum(), len(lapsed) - lapsed.sum()) < LEAST:
        return None
    z = at_mean(standard.many(columns))
    with threadpool_limits(1):
        folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(z, lapsed))
        unseen = _unseen(z, lapsed, folds)
        model = _model().fit(z, lapsed)
    points = calibrate(unseen, lapsed)
    return {
        **document_of(standard, table),
        "horizon_days": horizon_days,
        "intercept": float(model.intercept_[0]),
        "weights": model.coef_[0].tolist(),
        "calibration": {"x": list(points.x), "y": list(points.y)},
        "metrics": figures_of(lapsed, _calibrated(unseen, lapsed, folds)),
    }


def _model() -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=1000, tol=1e-8)


def _unseen(z: Floats, lapsed: Floats, folds: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]) -> Floats:
    """Each customer's raw P by a regression that has not seen them."""
    scores = np.empty(len(lapsed))
    for seen, held_out in folds:
        scores[held_out] = _model().fit(z[seen], lapsed[seen]).predict_proba(z[held_out])[:, 1]
    return scores


def _calibrated(
    unseen: Floats, lapsed: Floats, folds: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]
) -> Floats:
    """The unseen scores, each calibrated by a table that has not seen its customer either."""
    scores = np.empty(len(lapsed))
    for seen, held_out in folds:
        scores[held_out] = calibrate(unseen[seen], lapsed[seen]).apply(unseen[held_out])
    return scores
