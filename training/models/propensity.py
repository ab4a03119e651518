"""One family's propensity model: boosted trees, cross-fitted, measured and calibrated by out-of-fold scores.

Order: members, each a booster on all customers with out-of-fold scores (``booster``) -> mean of the members'
out-of-fold scores -> isotonic table. The model is the mean of the boosters on all customers, and the table.

So every customer serves to train, to stop, to calibrate and to measure, and no figure uses a customer that its booster
has seen. The figures are those of the boosters of the folds, which learned from a fifth less: the model on all
customers is, if anything, a little better. A member with many leaves and more weight on customers without the family
finds new buyers; one with few leaves ranks the others. ``training.tune`` searches better specifications; the default
and the tuned model are the same class.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from service.core.errors import NotLearnable
from training.arrays import Flags, Floats, Fold
from training.models.booster import BoosterTrainer
from training.models.calibration import Table, calibrate, calibrate_by_curve
from training.models.training_set import BoosterSpec, TrainingSet

OnRound = Callable[[int], None]


class PropensityModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """P(take) = table(mean over boosters of P): LightGBM with cross-fitted isotonic calibration.

    Parameters
    ----------
    members
        A ``BoosterSpec`` each, or the plain tuple of it: (num_leaves, new_buyer_weight), with or without a third place:
        own settings.
    learning_rate, min_data_in_leaf, feature_fraction, bagging_fraction, lambda_l2, max_bin
        As LightGBM names them.
    rounds, patience
        Most trees per booster; rounds without a better mean loss before all folds stop.
    folds
        Folds of each member.
    curve
        1: the calibration is a smooth curve, for scores that are compared by their ratio; 0: it is isotonic.
    threads
        Threads of LightGBM. Fixed, so that the text of a model does not depend on the machine.
    random_state
        Seed of folds and trees: same seed and rows, same bytes.
    cluster
        Address of a Dask scheduler whose workers grow the trees; None: this machine does.

    Attributes
    ----------
    boosters_ : list of lightgbm.Booster, one per member, on all customers
    calibration_ : Table
    oof_scores_ : (n,) out-of-fold probabilities of the training rows, calibrated by the tables of the other folds
    oof_served_ : (n,) the same by the table that serves: spread as the scores of new customers will be
    rounds_ : trees of each booster
    """

    def __init__(  # noqa: PLR0913 (scikit-learn wants every parameter here)
        self,
        *,
        members: Sequence[BoosterSpec | tuple[Any, ...]] = ((40, 4.0), (20, 1.0)),
        learning_rate: float = 0.03,
        min_data_in_leaf: int = 60,
        feature_fraction: float = 0.5,
        bagging_fraction: float = 0.8,
        lambda_l2: float = 10.0,
        max_bin: int = 255,
        rounds: int = 900,
        patience: int = 40,
        folds: int = 5,
        curve: int = 0,
        threads: int = 1,
        random_state: int = 7,
        cluster: str | None = None,
    ) -> None:
        self.members = members
        self.learning_rate = learning_rate
        self.min_data_in_leaf = min_data_in_leaf
        self.feature_fraction = feature_fraction
        self.bagging_fraction = bagging_fraction
        self.lambda_l2 = lambda_l2
        self.max_bin = max_bin
        self.rounds = rounds
        self.patience = patience
        self.folds = folds
        self.curve = curve
        self.threads = threads
        self.random_state = random_state
        self.cluster = cluster

    def fit(
        self,
        X: Any,  # noqa: N803 (scikit-learn's name)
        y: Any,
        held: Flags | None = None,
        names: Sequence[str] | None = None,
        categorical: Sequence[str] = (),
        progress: OnRound | None = None,
        weight: Floats | None = None,
    ) -> "PropensityModel":
        """Train on rows ``X`` (n, f), one per customer, NaN for unknown, and two outcomes ``y`` (n,); the greater took.

        ``held`` marks who held the family before (the weight of new buyers and the folds use it); ``names`` and
        ``categorical`` name the columns; ``progress`` is called with 1 after each round of trees; ``weight`` (n,) says
        how much each row counts for the trees.
        """
        rows, outcomes = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        self.classes_, taken = _two(outcomes)
        names = names or list(getattr(self, "feature_names_in_", ()))
        training_set, trainer = self.training_set(rows, taken, held, names, categorical, weight), self.trainer()
        told = progress or (lambda _: None)
        members = [
            trainer.train(BoosterSpec(*spec), number, training_set, lambda *_: told(1))
            for number, spec in enumerate(self.members)
        ]
        raw = np.mean([one.oof_scores for one in members], axis=0)
        self.boosters_ = [one.booster for one in members]
        self.rounds_ = [one.rounds for one in members]
        fit_table = calibrate_by_curve if self.curve else calibrate
        self.calibration_ = fit_table(raw, training_set.taken)
        self.oof_served_ = self.calibration_.apply(raw)
        self.oof_scores_ = _cross_calibrated(fit_table, raw, training_set.taken, trainer.split(training_set, 0))
        return self

    def training_set(
        self,
        X: Any,  # noqa: N803
        y: Any,
        held: Flags | None = None,
        names: Sequence[str] | None = None,
        categorical: Sequence[str] = (),
        weight: Floats | None = None,
    ) -> TrainingSet:
        """The arguments of ``fit``, checked, with defaults.

        Raises: ValueError: of the wrong shape, or other outcomes than 0 and 1. NotLearnable: too few of one outcome.
        """
        rows, taken = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64).ravel()
        _check(rows, taken, self.folds)
        held = np.ones(len(rows), dtype=bool) if held is None else held
        weight = np.ones(len(rows)) if weight is None else weight
        columns = list(names or [f"x{place}" for place in range(rows.shape[1])])
        return TrainingSet(rows, taken, held, weight, columns, tuple(categorical))

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """(n, 2): P(not), P(take)."""
        check_is_fitted(self, "boosters_")
        rows = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        raw = np.zeros(len(rows))
        for booster in self.boosters_:
            raw += np.asarray(booster.predict(rows, num_threads=self.threads))
        p = self.calibration_.apply(raw / len(self.boosters_))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """The greater class where P(take) is at least one half."""
        chance = self.predict_proba(X)[:, 1]
        return np.asarray(self.classes_[(chance >= 0.5).astype(np.int64)])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # on a handful of rows no leaf has 60
        return tags

    def texts(self) -> list[str]:
        """The boosters as LightGBM's own text, which any LightGBM reads."""
        check_is_fitted(self, "boosters_")
        return [booster.model_to_string() for booster in self.boosters_]

    def recipe(self) -> dict[str, Any]:
        """Its parameters as JSON, without the seed and the cluster: another training fits the same model by them."""
        given = {name: value for name, value in self.get_params().items() if name not in ("random_state", "cluster")}
        return given | {"members": [list(BoosterSpec(*one)) for one in self.members]}

    def table(self) -> Table:
        """The calibration."""
        check_is_fitted(self, "boosters_")
        return self.calibration_

    def trainer(self) -> BoosterTrainer:
        """The trainer of its members; ``training.tune`` trains single members by it."""
        own = ("learning_rate", "min_data_in_leaf", "feature_fraction", "bagging_fraction", "lambda_l2", "max_bin")
        shared = {name: getattr(self, name) for name in own}
        return BoosterTrainer(
            shared, self.folds, self.rounds, self.patience, self.threads, int(self.random_state), self.cluster
        )


def _cross_calibrated(
    fit_table: Callable[[Floats, Floats], Table], raw: Floats, taken: Floats, folds: Sequence[Fold]
) -> Floats:
    """Each fold's probabilities by a table of the other folds, so that the calibration error is honest too."""
    p = np.empty(len(raw))
    for others, fold in folds:
        p[fold] = fit_table(raw[others], taken[others]).apply(raw[fold])
    return p


def _two(outcomes: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Floats]:
    """The two classes, the lesser first, and 1.0 where an outcome (n,) is the greater."""
    check_classification_targets(outcomes)
    classes, places = np.unique(outcomes, return_inverse=True)
    if len(classes) != 2:
        found = "1 class" if len(classes) == 1 else f"{len(classes)} classes"
        raise NotLearnable(f"Only binary classification is supported: two classes are needed, got {found}")
    return classes, places.astype(np.float64)


def _check(rows: Floats, taken: Floats, folds: int) -> None:
    if rows.ndim != 2 or len(rows) != len(taken):
        raise ValueError(f"X must be (n, f) and y (n,), got {rows.shape} and {taken.shape}")
    if not np.isin(taken, (0.0, 1.0)).all():
        raise ValueError("y must hold 0 and 1 only")
    least = int(min(taken.sum(), len(taken) - taken.sum()))
    if least < folds:
        raise NotLearnable(f"each outcome needs at least {folds} customers (one per fold), got {least}")
