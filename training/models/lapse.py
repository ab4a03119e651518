"""Lapse (churn): the probability that a customer leaves within the horizon, for the survival in lifetime value.

Order: ``standardise`` -> ``LapseModel`` (logistic regression in five folds with out-of-fold scores -> isotonic table on
these -> one regression on all) -> figures by out-of-fold scores -> the ``lapse`` part of a bundle's manifest. The model
is a plain curve, since it is used for years ahead: every weight can be read, and it does not follow the noise of one
quarter. Without a bank's ``lapse.sql`` there is no estimate, and serving uses the policy's.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from service.core.attributes import AttributeTable
from service.core.errors import NotLearnable
from service.scoring.standardize import LOG, PLAIN, fill_with_mean
from training.arrays import Floats, Fold
from training.evaluation.metrics import figures_of
from training.models.calibration import Table, calibrate
from training.models.standardize import document_of, standardise

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
"""The least customers who left, and the least who stayed, to learn from."""


class LapseModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """P(leave) = table(logistic(intercept + weights . z)): a plain curve, calibrated by out-of-fold scores.

    Parameters
    ----------
    C
        Inverse strength of the penalty on the weights, as scikit-learn names it.
    folds
        Folds of the out-of-fold scores, at most as many as the rarer outcome has customers.
    random_state
        Seed of the folds.

    Attributes
    ----------
    regression_ : LogisticRegression on all rows
    calibration_ : Table
    oof_scores_ : (n,) out-of-fold probabilities of the training rows, by regressions and tables of the other folds
    """

    def __init__(self, *, C: float = 1.0, folds: int = FOLDS, random_state: int = 7) -> None:  # noqa: N803
        self.C = C
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> "LapseModel":  # noqa: N803 (scikit-learn's name)
        """Train on standardised figures ``X`` (n, f) and two outcomes ``y`` (n,); the greater one is to leave.

        Raises: NotLearnable: when there are not two outcomes.
        """
        z, outcomes = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(outcomes)
        self.classes_, places = np.unique(outcomes, return_inverse=True)
        found = len(self.classes_)
        if found != 2:
            words = "1 class" if found == 1 else f"{found} classes"
            raise NotLearnable(f"Only binary classification is supported: two classes are needed, got {words}")
        left = places.astype(np.float64)
        with threadpool_limits(1):
            folds = self._folds(z, left)
            raw = self._cross_fit(z, left, folds)
            self.regression_ = self._regression().fit(z, left)
        self.calibration_: Table = calibrate(raw, left)
        self.oof_scores_ = np.empty(len(left))
        for others, fold in folds:
            self.oof_scores_[fold] = calibrate(raw[others], left[others]).apply(raw[fold])
        return self

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """(n, 2): P(stay), P(leave)."""
        check_is_fitted(self, "regression_")
        z = validate_data(self, X, dtype=np.float64, reset=False)
        p = self.calibration_.apply(self.regression_.predict_proba(z)[:, 1])
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """The greater class where P(leave) is at least one half."""
        chance = self.predict_proba(X)[:, 1]
        return np.asarray(self.classes_[(chance >= 0.5).astype(np.int64)])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # on a handful of rows the table is nearly flat
        return tags

    def _regression(self) -> LogisticRegression:
        return LogisticRegression(C=self.C, max_iter=1000, tol=1e-8)

    def _folds(self, z: Floats, left: Floats) -> list[Fold]:
        count = min(self.folds, int(min(left.sum(), len(left) - left.sum())))
        if count < 2:
            raise NotLearnable("each of the two classes needs at least 2 customers")
        return list(StratifiedKFold(count, shuffle=True, random_state=self.random_state).split(z, left))

    def _cross_fit(self, z: Floats, left: Floats, folds: list[Fold]) -> Floats:
        """Each customer's out-of-fold raw P."""
        scores = np.empty(len(left))
        for seen, held_out in folds:
            scores[held_out] = self._regression().fit(z[seen], left[seen]).predict_proba(z[held_out])[:, 1]
        return scores


def fit_lapse(
    table: AttributeTable, columns: Mapping[str, Any], lapsed: Floats, horizon_days: int, seed: int = 7
) -> dict[str, Any] | None:
    """The ``lapse`` of a manifest; None where fewer than 50 left or stayed, or no figure tells them apart.

    ``columns``: every attribute and feature of n customers, (n, 1, 1) each; ``lapsed``: (n,) 1 left, 0 stayed.
    """
    standard = standardise(table, columns, FIGURES)
    if standard is None or min(lapsed.sum(), len(lapsed) - lapsed.sum()) < LEAST:
        return None
    model = LapseModel(random_state=seed).fit(fill_with_mean(standard.standardize_many(columns)), lapsed)
    points = model.calibration_
    return {
        **document_of(standard, table),
        "horizon_days": horizon_days,
        "intercept": float(model.regression_.intercept_[0]),
        "weights": model.regression_.coef_[0].tolist(),
        "calibration": {"x": list(points.x), "y": list(points.y)},
        "metrics": figures_of(lapsed, model.oof_scores_),
    }
