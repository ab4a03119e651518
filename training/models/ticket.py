"""Ticket: the yuan that a buyer brings, by boosted trees on log yuan and a table back to yuan.

Order: folds -> one booster per fold on ln(1 + yuan), stopped early together -> out-of-fold logs -> isotonic table from
log to mean yuan on these -> one booster on all. The table takes the place of
Duan's smearing factor: exp of a mean log is a median, and a constant factor would be wrong wherever the spread is not
the same for all; block means are right in every block. ``measure`` compares the error with that of the policy's ticket
expression on the same buyers.

A few buyers bring most of the money, so the table averages over many.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import KFold
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from service.core.errors import NotLearnable
from service.core.expressions import compile_value
from service.decision import compile_policy
from service.rules.policy import Policy
from training.arrays import Floats, Fold
from training.models.calibration import DIGITS, Table, group_scores, pool_blocks
from training.models.trained import TrainedFamily

LEAST_AMOUNTS = 200
"""The least buyers with known amounts to learn from."""
LEAST_GROUP, GROUPS = 50, 40
"""Buyers averaged for a point of the table: a fortieth of them, at least 50."""
BINS = 10
FIXED = {
    "objective": "regression",
    "metric": "l2",
    "bagging_freq": 1,
    "feature_pre_filter": False,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


class TicketModel(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """yuan = table(P), P the booster's ln(1 + yuan): LightGBM with a cross-fitted isotonic table.

    Parameters
    ----------
    num_leaves, learning_rate, min_data_in_leaf, feature_fraction, bagging_fraction, lambda_l2
        As LightGBM names them.
    rounds, patience, folds
        Most trees; rounds without a better mean loss before all folds stop; folds.
    threads
        Threads of LightGBM. Fixed, so that the text of a model does not depend on the machine.
    random_state
        Seed of folds and trees: same seed and rows, same bytes.

    Attributes
    ----------
    booster_ : lightgbm.Booster on all rows
    calibration_ : Table from log yuan to yuan
    oof_yuan_ : (n,) out-of-fold yuan of the training rows, by boosters and tables of the other folds
    """

    def __init__(  # noqa: PLR0913 (scikit-learn wants every parameter here)
        self,
        *,
        num_leaves: int = 15,
        learning_rate: float = 0.05,
        min_data_in_leaf: int = 40,
        feature_fraction: float = 0.5,
        bagging_fraction: float = 0.8,
        lambda_l2: float = 10.0,
        rounds: int = 400,
        patience: int = 30,
        folds: int = 5,
        threads: int = 1,
        random_state: int = 7,
    ) -> None:
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.min_data_in_leaf = min_data_in_leaf
        self.feature_fraction = feature_fraction
        self.bagging_fraction = bagging_fraction
        self.lambda_l2 = lambda_l2
        self.rounds = rounds
        self.patience = patience
        self.folds = folds
        self.threads = threads
        self.random_state = random_state

    def fit(self, X: Any, y: Any, names: Sequence[str] | None = None, categorical: Sequence[str] = ()) -> "TicketModel":  # noqa: N803
        """Train on rows ``X`` (n, f), NaN for unknown, and amounts ``y`` (n,) in yuan, above zero.

        Raises: ValueError: when an amount is not above zero. NotLearnable: when there are fewer amounts than folds.
        """
        rows, yuan = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", y_numeric=True)
        yuan = np.asarray(yuan, dtype=np.float64)
        if not (yuan > 0).all():
            raise ValueError("y must hold amounts above zero only")
        if len(yuan) < self.folds:
            raise NotLearnable(f"at least {self.folds} amounts are needed (one per fold), got n_samples = {len(yuan)}")
        columns = list(names or [f"x{place}" for place in range(rows.shape[1])])
        folds = list(KFold(self.folds, shuffle=True, random_state=self.random_state).split(rows))
        sample = lgb.Dataset(
            rows, np.log1p(yuan), feature_name=columns, categorical_feature=list(categorical), free_raw_data=False
        )
        self.rounds_, logs = self._cross_fit(sample, folds, rows)
        self.booster_ = lgb.train(self._settings(), sample, self.rounds_)
        self.calibration_ = table_of(logs, yuan)
        self.oof_yuan_ = np.empty(len(yuan))
        for others, fold in folds:
            self.oof_yuan_[fold] = table_of(logs[others], yuan[others]).apply(logs[fold])
        return self

    def predict(self, X: Any) -> Floats:  # noqa: N803
        """Yuan of each row, (n,)."""
        check_is_fitted(self, "booster_")
        rows = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return self.calibration_.apply(np.asarray(self.booster_.predict(rows, num_threads=self.threads)))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.positive_only = True
        tags.regressor_tags.poor_score = True  # on a handful of rows no leaf has 40
        return tags

    def _cross_fit(self, sample: lgb.Dataset, folds: list[Fold], rows: Floats) -> tuple[int, Floats]:
        """The rounds for all rows, and each row's out-of-fold log."""
        stop = lgb.early_stopping(self.patience, verbose=False)
        result: Any = lgb.cv(
            self._settings(), sample, self.rounds, folds=folds, callbacks=[stop], return_cvbooster=True
        )
        trained, logs = result["cvbooster"], np.empty(len(rows))
        best = max(1, int(trained.best_iteration))
        for (_, out), booster in zip(folds, trained.boosters, strict=True):
            logs[out] = booster.predict(rows[out], num_iteration=best, num_threads=self.threads)
        return round(best * self.folds / (self.folds - 1)), logs

    def _settings(self) -> dict[str, Any]:
        own = ("num_leaves", "learning_rate", "min_data_in_leaf", "feature_fraction", "bagging_fraction", "lambda_l2")
        tuned = {name: getattr(self, name) for name in own}
        return {**FIXED, **tuned, "seed": int(self.random_state), "num_threads": self.threads}


def table_of(logs: Floats, yuan: Floats) -> Table:
    """Mean yuan given the log, as the isotonic fit through the centres of its blocks; flat beyond both ends."""
    group = max(LEAST_GROUP, len(yuan) // GROUPS)
    x, y = pool_blocks(*group_scores(np.round(logs, DIGITS), yuan, group))
    inside = x > 0.0
    if not inside.any():
        return Table((1.0,), (float(yuan.mean()),))
    return Table(tuple(x[inside].tolist()), tuple(y[inside].tolist()))


def fit_ticket(
    rows: Floats,
    yuan: Floats,
    names: Sequence[str],
    categories: Mapping[str, Sequence[str]],
    seed: int,
    formula: Floats | None = None,
    model: TicketModel | None = None,
) -> TrainedFamily:
    """Fit a family's ticket model for a bundle, from its buyers' amounts (yuan, above zero).

    ``formula``: the policy's ticket expression for the same buyers, for comparison.
    """
    fitted: TicketModel = clone(model or TicketModel()).set_params(random_state=seed)
    fitted.fit(rows, yuan, names=list(names), categorical=list(categories))
    metrics: dict[str, Any] = {"buyers": len(yuan), "mean_yuan": float(yuan.mean()), **measure(yuan, fitted.oof_yuan_)}
    if formula is not None:
        metrics["formula"] = measure(yuan, formula)
    return TrainedFamily(
        models=[fitted.booster_.model_to_string()],
        features=list(names),
        calibration=(fitted.calibration_.x, fitted.calibration_.y),
        metrics=metrics,
        base_rate=float(yuan.mean()),
        categories=categories,
    )


def measure(yuan: Floats, said: Floats) -> dict[str, float]:
    """How far estimates are off: mean absolute error in yuan, of the logs, of the whole, and by tenths of the estimate.

    ``whole`` = mean estimate / mean amount - 1; ``tenths`` = mean of |the same| over ten groups in order of estimate.
    """
    order = np.argsort(said, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return {
        "absolute_yuan": float(np.abs(said - yuan).mean()),
        "absolute_log": float(np.abs(np.log1p(said) - np.log1p(yuan)).mean()),
        "whole": float(said.mean() / yuan.mean() - 1.0),
        "tenths": float(np.mean([abs(said[part].mean() / yuan[part].mean() - 1.0) for part in parts])),
    }


def formula_tickets(policy: Policy, family: str, customers: pa.Table, now: int) -> Floats:
    """(n,) the policy's ticket expression for each customer, the family's offers weighed by their shares."""
    ready = compile_policy(policy)
    facts = ready.columns.features.table.encode_frame(customers)
    columns = {**policy.static_columns, **ready.columns.of_facts(facts, customers.num_rows, now)}
    members = np.array([offer.share if offer.family == family else 0.0 for offer in policy.offers])
    found = np.asarray(compile_value(policy.families[family].ticket, many=True)(columns))
    cells = np.broadcast_to(found, (customers.num_rows, len(members), 1))[:, :, 0]
    return np.asarray((cells * members).sum(axis=1))
