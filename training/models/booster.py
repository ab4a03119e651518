"""A member of a propensity model: a booster on all customers, and out-of-fold scores of the same customers.

Order: stratified folds by outcome and by who held the family before -> one booster per fold, all stopped early at the
round where the mean loss of the held-out folds is least -> each customer scored by the booster of the other folds ->
one booster on all customers, with a few more rounds, as it has more to learn from. ``propensity`` makes a model of
members, ``tune`` tries single members; ``dask_cluster`` trains the same trees on a cluster, all rounds of each fold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.model_selection import StratifiedKFold

from training.arrays import Floats, Fold
from training.models import dask_cluster
from training.models.training_set import BoosterSpec, TrainingSet

Watch = Callable[[int, Callable[[], Floats]], None]

CLUSTER_STEP = 5
"""Rounds between two measurements of the loss of boosters that a cluster trained."""

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
class CrossFittedBooster:
    """A booster on all customers, its rounds, and the customers' out-of-fold scores (n,)."""

    booster: lgb.Booster
    rounds: int
    oof_scores: Floats


@dataclass(frozen=True)
class BoosterTrainer:
    """Trains the members of a model; fields as in ``PropensityModel``, ``shared`` as LightGBM names them."""

    shared: Mapping[str, Any]
    folds: int
    rounds: int
    patience: int
    threads: int
    seed: int
    cluster: str | None

    def train(self, spec: BoosterSpec, number: int, training_set: TrainingSet, watch: Watch) -> CrossFittedBooster:
        """Train the ``number``-th member of a model."""
        best, scores = self.cross_fit(spec, number, training_set, watch)
        rounds = round(best * self.folds / (self.folds - 1))
        return CrossFittedBooster(self.train_on_all(spec, number, training_set, rounds), rounds, scores)

    def train_on_all(self, spec: BoosterSpec, number: int, training_set: TrainingSet, rounds: int) -> lgb.Booster:
        """Train the member on all customers."""
        settings = self.settings(number, spec)
        if self.cluster is not None:
            return dask_cluster.booster(self.cluster, settings, training_set, spec.new_buyer_weight, rounds)
        return lgb.train(settings, training_set.to_dataset(spec.new_buyer_weight), rounds)

    def cross_fit(self, spec: BoosterSpec, number: int, training_set: TrainingSet, watch: Watch) -> tuple[int, Floats]:
        """Return the best number of rounds over all folds, and each customer's out-of-fold score.

        ``watch`` is called after each round with the number done and a function that gives the scores so far; an
        exception of it ends the training.
        """
        folds = self.split(training_set, number)
        if self.cluster is not None:
            return self._cross_fit_on_cluster(spec, number, training_set, folds, watch)

        def after(env: Any) -> None:
            done = env.iteration + 1
            watch(done, lambda: self._scores(env.model.boosters, folds, training_set, done))

        result: Any = lgb.cv(
            self.settings(number, spec),
            training_set.to_dataset(spec.new_buyer_weight),
            num_boost_round=self.rounds,
            folds=folds,
            callbacks=[lgb.early_stopping(self.patience, verbose=False), after],
            return_cvbooster=True,
        )
        trained = result["cvbooster"]
        rounds = int(trained.best_iteration)
        return rounds, self._scores(trained.boosters, folds, training_set, rounds)

    def _cross_fit_on_cluster(
        self, spec: BoosterSpec, number: int, training_set: TrainingSet, folds: list[Fold], watch: Watch
    ) -> tuple[int, Floats]:
        """Cross-fit on the cluster: all rounds of each fold, the best number chosen afterwards."""
        boosters, curves = [], []
        for seen, out in folds:
            grown = self.train_on_all(spec, number, training_set.part(seen), self.rounds)
            curves.append(dask_cluster.losses(grown, training_set.part(out), spec.new_buyer_weight, CLUSTER_STEP))
            boosters.append(grown)
        rounds = CLUSTER_STEP * (1 + int(np.argmin(np.mean(curves, axis=0))))
        for done in range(1, self.rounds + 1):
            watch(done, lambda: self._scores(boosters, folds, training_set, rounds))
        return rounds, self._scores(boosters, folds, training_set, rounds)

    def _scores(
        self, boosters: Sequence[lgb.Booster], folds: list[Fold], training_set: TrainingSet, rounds: int
    ) -> Floats:
        """Each customer's out-of-fold score by the first ``rounds`` trees."""
        scores = np.empty(len(training_set.rows))
        for (_, out), booster in zip(folds, boosters, strict=True):
            scores[out] = booster.predict(training_set.rows[out], num_iteration=rounds, num_threads=self.threads)
        return scores

    def settings(self, number: int, spec: BoosterSpec) -> dict[str, Any]:
        """A member's parameters as ``lgb.train`` takes them."""
        settings = {**FIXED, **self.shared, **dict(spec.own), "num_leaves": spec.num_leaves}
        return {**settings, "seed": self._seed(number), "num_threads": self.threads}

    def split(self, training_set: TrainingSet, number: int) -> list[Fold]:
        """Stratified folds of customers, by outcome and by who held the family before."""
        strata = 2 * training_set.taken + training_set.held
        splitter = StratifiedKFold(self.folds, shuffle=True, random_state=self._seed(number))
        return list(splitter.split(np.zeros(len(strata)), strata))

    def _seed(self, number: int) -> int:
        return int(self.seed) + 1000 * number
