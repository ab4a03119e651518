"""The reward model of DR: q(x, a) by LightGBM, cross-fitted: each row is scored by a model of the other folds.

Where the new policy's probabilities of all actions are known, q reads features and action. Where only that of the
logged action is, q can read the features alone: it then estimates the new policy's own mean, each row weighted as the
policy would have it, and stands for every action alike. Both keep DR unbiased; the first varies less.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np

from training.arrays import Floats, Places
from training.evaluation.policy_value.reading import Log

FOLDS = 5
SEED = 20110628
ROUNDS = 60
SHAPE = {
    "objective": "regression",
    "num_leaves": 7,
    "learning_rate": 0.08,
    "min_data_in_leaf": 10,
    "lambda_l2": 5.0,
    "cat_smooth": 10.0,
    "min_data_per_group": 10,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
    "seed": SEED,
}
"""A small model: the intervals hold whatever it is, so it need only help, and not overfit a short log."""

MOST_WEIGHT = 1e20
"""LightGBM keeps weights in 32 bits: a heavier row counts as this, which leaves all others none."""


def fit_rewards(log: Log) -> tuple[Floats, Floats] | None:
    """(q of the logged action, its mean under the new policy), (n,) each; None without features or with few rows."""
    rows = len(log.reward)
    if log.features is None or rows < 2 * FOLDS or not (log.weights > 0).any():
        return None
    if log.probabilities is None:
        alone = _by_features(log.features, log.reward, np.minimum(log.weights, MOST_WEIGHT))
        return alone, alone
    every = _by_action(log.features, log.action, log.reward, len(log.actions))
    return every[np.arange(rows), log.action], (log.probabilities * every).sum(axis=1)


def _by_action(features: Floats, action: Places, reward: Floats, actions: int) -> Floats:
    """(n, actions): q of every action in every row."""
    inputs, found = np.column_stack([features, action]), np.empty((len(reward), actions))
    for seen, unseen in _folds(len(reward)):
        model = _fit(inputs[seen], reward[seen], None, [features.shape[1]])
        asked = np.column_stack(
            [np.repeat(features[unseen], actions, axis=0), np.tile(np.arange(actions), len(unseen))]
        )
        found[unseen] = model.predict(asked).reshape(len(unseen), actions)
    return found


def _by_features(features: Floats, reward: Floats, weights: Floats) -> Floats:
    found = np.empty(len(reward))
    for seen, unseen in _folds(len(reward)):
        counts = seen[weights[seen] > 0]
        found[unseen] = _fit(features[counts], reward[counts], weights[counts], []).predict(features[unseen])
    return found


def _folds(rows: int) -> Iterator[tuple[Places, Places]]:
    """(rows to learn from, rows to judge), by chance of a fixed seed."""
    fold = np.random.default_rng(SEED).permutation(rows) % FOLDS
    for one in range(FOLDS):
        yield np.flatnonzero(fold != one), np.flatnonzero(fold == one)


def _fit(inputs: Floats, reward: Floats, weights: Floats | None, categorical: Sequence[int]) -> Any:
    rows = lgb.Dataset(inputs, reward, weight=weights, categorical_feature=list(categorical), params={"verbose": -1})
    return lgb.train(SHAPE, rows, num_boost_round=ROUNDS)
