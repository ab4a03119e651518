"""One family's propensity model: boosted trees that never score a customer they were trained on, then calibrated.

Order: customers into folds -> one booster per fold, all folds stopped early at the same round, where the mean loss of
the held-out folds is least -> each customer scored by the boosters that have not seen them -> isotonic table on those
scores. The model is the mean of all boosters (each has seen all but one fold) and the table. So every customer serves
to train, to stop, to calibrate and to measure, and no figure rests on a customer a booster knew. There is no refit
after that.

Each repeat draws other folds; ``emphasis`` gives its weight of customers who held none, whom a bank wants to find most.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.validation import check_is_fitted

from training.calibrate import Table, calibrate

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Fold = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
Progress = Callable[[int], None]

FIXED = {
    "objective": "binary",
    "metric": "binary_logloss",
    "bagging_freq": 1,
    "feature_pre_filter": False,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True)
class Repeat:
    """One round of folds: its boosters, the round they stopped at, and the scores of customers each had not seen."""

    boosters: tuple[lgb.Booster, ...]
    rounds: int
    unseen: Floats


class PropensityModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """P(take) = table(mean over boosters of P): LightGBM with cross-fitted isotonic calibration.

    Parameters
    ----------
    learning_rate, num_leaves, min_data_in_leaf, feature_fraction, bagging_fraction, lambda_l2, max_bin
        As LightGBM names them.
    rounds, patience
        Most trees per booster; rounds without a better mean loss before all folds stop.
    folds
        Boosters per repeat.
    emphasis
        One repeat per entry: the weight of customers who held none (others weigh 1).
    threads
        Threads of LightGBM. Fixed, so that the text of a model does not depend on the machine.
    random_state
        Seed of folds and trees: same seed and rows, same bytes.

    Attributes
    ----------
    boosters_ : list of lightgbm.Booster
    calibration_ : Table
    unseen_ : (n,) probabilities of the training rows, by boosters and tables that have not seen them
    rounds_ : trees per booster, by repeat
    """

    def __init__(  # noqa: PLR0913 (scikit-learn wants every parameter here)
        self,
        *,
        learning_rate: float = 0.03,
        num_leaves: int = 20,
        min_data_in_leaf: int = 60,
        feature_fraction: float = 0.4,
        bagging_fraction: float = 0.8,
        lambda_l2: float = 5.0,
        max_bin: int = 255,
        rounds: int = 900,
        patience: int = 60,
        folds: int = 5,
        emphasis: Sequence[float] = (1.0, 3.0),
        threads: int = 2,
        random_state: int = 7,
    ) -> None:
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_data_in_leaf = min_data_in_leaf
        self.feature_fraction = feature_fraction
        self.bagging_fraction = bagging_fraction
        self.lambda_l2 = lambda_l2
        self.max_bin = max_bin
        self.rounds = rounds
        self.patience = patience
        self.folds = folds
        self.emphasis = emphasis
        self.threads = threads
        self.random_state = random_state

    def fit(
        self,
        X: Any,  # noqa: N803 (scikit-learn's name)
        y: Any,
        held: Flags | None = None,
        names: Sequence[str] | None = None,
        categorical: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> "PropensityModel":
        """Train on rows ``X`` (n, f), one per customer, NaN for unknown, and outcomes ``y`` (n,) of 0 and 1.

        ``held`` marks who held the family before (``emphasis`` and the folds use it); ``names`` and ``categorical``
        name the columns; ``progress`` is called with 1 after each round of trees.
        """
        rows, taken = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64).ravel()
        held = np.ones(len(rows), dtype=bool) if held is None else held
        _check(rows, taken, self.folds)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = rows.shape[1]
        columns = list(names or getattr(X, "columns", None) or [f"x{place}" for place in range(rows.shape[1])])
        repeats = list(self._repeats(rows, taken, held, columns, list(categorical), progress or (lambda _: None)))
        raw = np.mean([one.unseen for one in repeats], axis=0)
        self.boosters_ = [booster for one in repeats for booster in one.boosters]
        self.rounds_ = [one.rounds for one in repeats]
        self.calibration_ = calibrate(raw, taken)
        self.unseen_ = _cross_calibrated(raw, taken, self._folds(taken, held, 0))
        return self

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """(n, 2): P(not), P(take)."""
        check_is_fitted(self, "boosters_")
        rows = np.asarray(X, dtype=np.float64)
        raw = np.zeros(len(rows))
        for booster in self.boosters_:
            raw += np.asarray(booster.predict(rows, num_threads=self.threads))
        p = self.calibration_.apply(raw / len(self.boosters_))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Any) -> npt.NDArray[np.int64]:  # noqa: N803
        """1 where P(take) is at least one half."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.int64)

    def texts(self) -> list[str]:
        """The boosters as LightGBM's own text, which any LightGBM reads."""
        check_is_fitted(self, "boosters_")
        return [booster.model_to_string() for booster in self.boosters_]

    def table(self) -> Table:
        """The calibration."""
        check_is_fitted(self, "boosters_")
        return self.calibration_

    def _repeats(
        self, rows: Floats, taken: Floats, held: Flags, names: list[str], categorical: list[str], progress: Progress
    ) -> Iterator[Repeat]:
        for number, emphasis in enumerate(self.emphasis):
            weight = np.where(held, 1.0, float(emphasis))
            sample = lgb.Dataset(rows, taken, weight=weight, feature_name=names, categorical_feature=categorical)
            folds = self._folds(taken, held, number)
            result: Any = lgb.cv(
                self._parameters(number),
                sample,
                num_boost_round=self.rounds,
                folds=folds,
                callbacks=[lgb.early_stopping(self.patience, verbose=False), lambda _: progress(1)],
                return_cvbooster=True,
            )
            yield _repeat(rows, folds, result["cvbooster"])

    def _parameters(self, number: int) -> dict[str, Any]:
        own = ("learning_rate", "num_leaves", "min_data_in_leaf", "feature_fraction", "bagging_fraction", "lambda_l2")
        tuned = {name: getattr(self, name) for name in (*own, "max_bin")}
        return {**FIXED, **tuned, "seed": self._seed(number), "num_threads": self.threads}

    def _folds(self, taken: Floats, held: Flags, number: int) -> list[Fold]:
        """Folds by customer, alike in outcomes and in who held it before."""
        strata = 2 * taken + held
        splitter = StratifiedKFold(self.folds, shuffle=True, random_state=self._seed(number))
        return list(splitter.split(np.zeros(len(taken)), strata))

    def _seed(self, number: int) -> int:
        return int(self.random_state) + 1000 * number


def _repeat(rows: Floats, folds: Sequence[Fold], trained: Any) -> Repeat:
    rounds = int(trained.best_iteration)
    boosters = tuple(_cut(booster, rounds) for booster in trained.boosters)
    unseen = np.empty(len(rows))
    for (_, out), booster in zip(folds, boosters, strict=True):
        unseen[out] = booster.predict(rows[out])
    return Repeat(boosters, rounds, unseen)


def _cut(booster: lgb.Booster, rounds: int) -> lgb.Booster:
    return lgb.Booster(model_str=booster.model_to_string(num_iteration=rounds))


def _cross_calibrated(raw: Floats, taken: Floats, folds: Sequence[Fold]) -> Floats:
    """Each fold's probabilities by a table of the other folds, so that the calibration error is honest too."""
    p = np.empty(len(raw))
    for others, fold in folds:
        p[fold] = calibrate(raw[others], taken[others]).apply(raw[fold])
    return p


def _check(rows: Floats, taken: Floats, folds: int) -> None:
    if rows.ndim != 2 or len(rows) != len(taken):
        raise ValueError(f"X must be (n, f) and y (n,), got {rows.shape} and {taken.shape}")
    if not np.isin(taken, (0.0, 1.0)).all():
        raise ValueError("y must hold 0 and 1 only")
    least = int(min(taken.sum(), len(taken) - taken.sum()))
    if least < folds:
        raise ValueError(f"each outcome needs at least {folds} customers (one per fold), got {least}")
