"""A member of a propensity model: a booster on all customers, and each customer's score by one that has not seen them.

Order: customers into folds, alike in outcomes and in who held it before -> one booster per fold, all stopped early at
the same round, where the mean loss of the held-out folds is least -> each customer scored by the booster that has not
seen them -> one booster on all customers, for a few more rounds, as it has more to learn from. ``fit`` makes a model of
members, ``tune`` tries them one by one; a cluster grows the same trees (``distributed``), all rounds of each fold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold

from training.models import dask_cluster
from training.models.training_set import Floats, Lesson, Recipe

Fold = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
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


@dataclass(frozen=True)
class Grower:
    """How a model's members are grown; each field as ``PropensityModel`` names it, ``shared`` in LightGBM's words."""

    shared: Mapping[str, Any]
    folds: int
    rounds: int
    patience: int
    threads: int
    seed: int
    cluster: str | None

    def member(self, recipe: Recipe, number: int, lesson: Lesson, watch: Watch) -> Member:
        """The ``number``-th member of a model."""
        best, unseen = self.unseen(recipe, number, lesson, watch)
        rounds = round(best * self.folds / (self.folds - 1))
        return Member(self.booster(recipe, number, lesson, rounds), rounds, unseen)

    def booster(self, recipe: Recipe, number: int, lesson: Lesson, rounds: int) -> lgb.Booster:
        """The member on all customers."""
        settings = self.settings(number, recipe)
        if self.cluster is not None:
            return dask_cluster.booster(self.cluster, settings, lesson, recipe.emphasis, rounds)
        return lgb.train(settings, lesson.weighted(recipe.emphasis), rounds)

    def unseen(self, recipe: Recipe, number: int, lesson: Lesson, watch: Watch) -> tuple[int, Floats]:
        """The best number of rounds over all folds, and each customer's score by the booster that has not seen them.

        ``watch`` is told after each round how many are done, and how to get the scores so far; what it raises ends it.
        """
        folds = self.split(lesson, number)
        if self.cluster is not None:
            return self._unseen_by_cluster(recipe, number, lesson, folds, watch)

        def after(env: Any) -> None:
            done = env.iteration + 1
            watch(done, lambda: self._scores(env.model.boosters, folds, lesson, done))

        result: Any = lgb.cv(
            self.settings(number, recipe),
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
            grown = self.booster(recipe, number, lesson.part(seen), self.rounds)
            curves.append(dask_cluster.losses(grown, lesson.part(out), recipe.emphasis, CLUSTER_STEP))
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

    def settings(self, number: int, recipe: Recipe) -> dict[str, Any]:
        """A member's parameters as ``lgb.train`` takes them."""
        settings = {**FIXED, **self.shared, **dict(recipe.own), "num_leaves": recipe.num_leaves}
        return {**settings, "seed": self._seed(number), "num_threads": self.threads}

    def split(self, lesson: Lesson, number: int) -> list[Fold]:
        """Folds by customer, alike in outcomes and in who held it before."""
        strata = 2 * lesson.taken + lesson.held
        splitter = StratifiedKFold(self.folds, shuffle=True, random_state=self._seed(number))
        return list(splitter.split(np.zeros(len(strata)), strata))

    def _seed(self, number: int) -> int:
        return int(self.seed) + 1000 * number
