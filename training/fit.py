"""One family's propensity model: members of boosted trees, measured and calibrated on customers they have not seen.

Order, for each member: customers into folds -> one booster per fold, all stopped early at the same round, where the
mean loss of the held-out folds is least -> each customer scored by the booster that has not seen them -> one booster
on all customers, for a few more rounds, as it has more to learn from. Then: mean of the members' unseen scores ->
isotonic table. The model is the mean of the boosters on all customers, and the table.

So every customer serves to train, to stop, to calibrate and to measure, and no figure rests on a customer a booster
knew. The figures are those of the boosters of the folds, which saw a fifth less: if anything, the model is a little
better. A member with many leaves and more weight on those who held none finds new buyers; one with few leaves ranks
the others. ``training.tune`` looks for better recipes; the default and the tuned model are the same class.
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

from training import distributed
from training.calibrate import Table, calibrate
from training.lesson import Flags, Floats, Lesson, Recipe

Fold = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
Progress = Callable[[int], None]
Watch = Callable[[int, Callable[[], Floats]], None]

CLUSTER_STEP = 5
"""Rounds between two looks at the loss of boosters that a cluster grew."""

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
class Member:
    """A booster on all customers, its rounds, and the scores of customers by the boosters of the folds."""

    booster: lgb.Booster
    rounds: int
    unseen: Floats


class PropensityModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """P(take) = table(mean over boosters of P): LightGBM with cross-fitted isotonic calibration.

    Parameters
    ----------
    members
        A ``Recipe`` each, or the plain tuple of it: (num_leaves, emphasis) or (num_leaves, emphasis, own settings).
    learning_rate, min_data_in_leaf, feature_fraction, bagging_fraction, lambda_l2, max_bin
        As LightGBM names them.
    rounds, patience
        Most trees per booster; rounds without a better mean loss before all folds stop.
    folds
        Folds of each member.
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
    unseen_ : (n,) probabilities of the training rows, by boosters and tables that have not seen them
    unseen_served_ : (n,) the same by the table that serves: spread as the scores of new customers will be
    rounds_ : trees of each booster
    """

    def __init__(  # noqa: PLR0913 (scikit-learn wants every parameter here)
        self,
        *,
        members: Sequence[Recipe | tuple[Any, ...]] = ((40, 4.0), (20, 1.0)),
        learning_rate: float = 0.03,
        min_data_in_leaf: int = 60,
        feature_fraction: float = 0.5,
        bagging_fraction: float = 0.8,
        lambda_l2: float = 10.0,
        max_bin: int = 255,
        rounds: int = 900,
        patience: int = 40,
        folds: int = 5,
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
        progress: Progress | None = None,
        weight: Floats | None = None,
    ) -> "PropensityModel":
        """Train on rows ``X`` (n, f), one per customer, NaN for unknown, and outcomes ``y`` (n,) of 0 and 1.

        ``held`` marks who held the family before (``emphasis`` and the folds use it); ``names`` and ``categorical``
        name the columns; ``progress`` is called with 1 after each round of trees; ``weight`` (n,) says how much each
        row counts for the trees.
        """
        lesson = self.lesson(X, y, held, names, categorical, weight)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = lesson.rows.shape[1]
        members = list(self._members(lesson, progress or (lambda _: None)))
        raw = np.mean([one.unseen for one in members], axis=0)
        self.boosters_ = [one.booster for one in members]
        self.rounds_ = [one.rounds for one in members]
        self.calibration_ = calibrate(raw, lesson.taken)
        self.unseen_served_ = self.calibration_.apply(raw)
        self.unseen_ = _cross_calibrated(raw, lesson.taken, self._folds(lesson, 0))
        return self

    def lesson(
        self,
        X: Any,  # noqa: N803
        y: Any,
        held: Flags | None = None,
        names: Sequence[str] | None = None,
        categorical: Sequence[str] = (),
        weight: Floats | None = None,
    ) -> Lesson:
        """What ``fit`` is given, checked and with what was left out filled in; raises ValueError."""
        rows, taken = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64).ravel()
        _check(rows, taken, self.folds)
        held = np.ones(len(rows), dtype=bool) if held is None else held
        weight = np.ones(len(rows)) if weight is None else weight
        columns = list(names or getattr(X, "columns", None) or [f"x{place}" for place in range(rows.shape[1])])
        return Lesson(rows, taken, held, weight, columns, tuple(categorical))

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

    def _members(self, lesson: Lesson, progress: Progress) -> Iterator[Member]:
        for number, recipe in enumerate(self.members):
            rounds, unseen = self.unseen(Recipe(*recipe), number, lesson, lambda *_: progress(1))
            rounds = round(rounds * self.folds / (self.folds - 1))
            yield Member(self._booster(Recipe(*recipe), number, lesson, rounds), rounds, unseen)

    def _booster(self, recipe: Recipe, number: int, lesson: Lesson, rounds: int) -> lgb.Booster:
        """The member on all customers."""
        settings = self._settings(number, recipe)
        if self.cluster is not None:
            return distributed.booster(self.cluster, settings, lesson, recipe.emphasis, rounds)
        return lgb.train(settings, lesson.weighted(recipe.emphasis), rounds)

    def unseen(self, recipe: Recipe, number: int, lesson: Lesson, watch: Watch) -> tuple[int, Floats]:
        """The best number of rounds over all folds, and each customer's score by the booster that has not seen them.

        ``watch`` is told after each round how many are done, and how to get the scores so far; what it raises ends it.
        """
        folds = self._folds(lesson, number)
        if self.cluster is not None:
            return self._unseen_by_cluster(recipe, number, lesson, folds, watch)

        def after(env: Any) -> None:
            done = env.iteration + 1
            watch(done, lambda: self._scores(env.model.boosters, folds, lesson, done))

        result: Any = lgb.cv(
            self._settings(number, recipe),
            lesson.weighted(recipe.emphasis),
            num_boost_round=self.rounds,
            folds=folds,
            callbacks=[lgb.early_stopping(self.patience, verbose=False), after],
            return_cvbooster=True,
        )
        trained = result["cvbooster"]
        rounds = int(trained.best_iteration)
        return rounds, self._scores(trained.boosters, folds, lesson, rounds)

    def _unseen_by_cluster(
        self, recipe: Recipe, number: int, lesson: Lesson, folds: list[Fold], watch: Watch
    ) -> tuple[int, Floats]:
        """The same by boosters that a cluster grows: all rounds of each fold, the best chosen afterwards."""
        boosters, curves = [], []
        for seen, out in folds:
            grown = self._booster(recipe, number, lesson.part(seen), self.rounds)
            curves.append(distributed.losses(grown, lesson.part(out), recipe.emphasis, CLUSTER_STEP))
            boosters.append(grown)
        rounds = CLUSTER_STEP * (1 + int(np.argmin(np.mean(curves, axis=0))))
        for done in range(1, self.rounds + 1):
            watch(done, lambda: self._scores(boosters, folds, lesson, rounds))
        return rounds, self._scores(boosters, folds, lesson, rounds)

    def _scores(self, boosters: Sequence[lgb.Booster], folds: list[Fold], lesson: Lesson, rounds: int) -> Floats:
        """Each customer's score by the first ``rounds`` trees of the fold's booster that has not seen them."""
        unseen = np.empty(len(lesson.rows))
        for (_, out), booster in zip(folds, boosters, strict=True):
            unseen[out] = booster.predict(lesson.rows[out], num_iteration=rounds, num_threads=self.threads)
        return unseen

    def _settings(self, number: int, recipe: Recipe) -> dict[str, Any]:
        shared = ("learning_rate", "min_data_in_leaf", "feature_fraction", "bagging_fraction", "lambda_l2", "max_bin")
        settings = {**FIXED, **{name: getattr(self, name) for name in shared}, **dict(recipe.own)}
        return {**settings, "num_leaves": recipe.num_leaves, "seed": self._seed(number), "num_threads": self.threads}

    def _folds(self, lesson: Lesson, number: int) -> list[Fold]:
        """Folds by customer, alike in outcomes and in who held it before."""
        strata = 2 * lesson.taken + lesson.held
        splitter = StratifiedKFold(self.folds, shuffle=True, random_state=self._seed(number))
        return list(splitter.split(np.zeros(len(strata)), strata))

    def _seed(self, number: int) -> int:
        return int(self.random_state) + 1000 * number


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
