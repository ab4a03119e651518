"""T-, X- and DR-learner on LightGBM: uplift ``tau(x) = E[y | x, treated] - E[y | x, untreated]``.

    T    mu1(x) - mu0(x), each arm learned alone
    X    e tau0(x) + (1 - e) tau1(x): each arm's effects imputed by the other arm's model, then learned
    DR   the regression of mu1 - mu0 + t (y - mu1)/e - (1 - t)(y - mu0)/(1 - e), cross-fitted

``e`` is the probability of being treated: the share of the treated, which is right in a randomised trial. Where it is
known or estimated row by row, the DR-learner takes it (``fit``'s ``chance``); else rows that were not randomised need
``estimate_propensity=True``, and even so only what is in X is put right.

Sources: Kuenzel et al. 2019, PNAS 116; Kennedy 2023, Electronic Journal of Statistics 17.
"""

from collections.abc import Sequence
from typing import Any, Self

import lightgbm as lgb
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from service.core.errors import NotLearnable
from training.arrays import Flags, Floats

CLIP = 0.02
"""Estimated probabilities of treatment stay this far from 0 and 1."""


class Learner(BaseEstimator):  # type: ignore[misc]
    """What the three share: how a model is shaped, and how often anybody was treated.

    Parameters
    ----------
    rounds, leaves, learning_rate
        Shape of every LightGBM model.
    least_share
        Share of the rows that a leaf must hold at least.
    estimate_propensity
        Learn the probability of treatment from X instead of taking the share of the treated.
    random_state
        Same seed and rows, same uplift.
    """

    _names: Sequence[str] | None = None
    _known: Floats | None = None

    def __init__(
        self,
        rounds: int = 80,
        leaves: int = 7,
        learning_rate: float = 0.05,
        least_share: float = 0.01,
        estimate_propensity: bool = False,
        random_state: int = 7,
    ) -> None:
        self.rounds = rounds
        self.leaves = leaves
        self.learning_rate = learning_rate
        self.least_share = least_share
        self.estimate_propensity = estimate_propensity
        self.random_state = random_state

    def fit(
        self,
        X: Any,  # noqa: N803 - scikit-learn's own name
        y: Any,
        treatment: Any,
        chance: Floats | None = None,
        names: Sequence[str] | None = None,
    ) -> Self:
        """Learn from n rows: ``X`` (n, f), ``y`` (n,) a number or 0/1, ``treatment`` (n,) 1 or 0.

        ``chance`` (n,): each row's probability of treatment, for the DR-learner; ``names`` those of X's columns.

        Raises:
            ValueError: when a shape differs, a treatment is neither 0 nor 1, or a ``y`` is not finite.
            NotLearnable: when an arm has too few rows.
        """
        inputs, outcome, treated = _checked(X, y, treatment)
        self.n_features_in_ = inputs.shape[1]
        self._names, self._known = names, chance
        self._learn(inputs, outcome, treated)
        return self

    def predict(self, X: Any) -> Floats:  # noqa: N803
        """(n,) the uplift of each row, in the outcome's own unit."""
        check_is_fitted(self)
        return self._uplift(np.asarray(X, dtype=np.float64))

    def parts(self) -> list[tuple[Any, float]]:
        """Boosters and weights whose weighed sum is the uplift.

        Raises: ValueError: when it is no such sum.
        """
        raise NotImplementedError

    def _learn(self, inputs: Floats, outcome: Floats, treated: Flags) -> None:
        raise NotImplementedError

    def _uplift(self, inputs: Floats) -> Floats:
        raise NotImplementedError

    def model_of(self, inputs: Floats, outcome: Floats) -> Any:
        """One model of E[outcome | inputs]; of a probability where every outcome is 0 or 1."""
        binary = bool(np.isin(outcome, (0.0, 1.0)).all()) and len(np.unique(outcome)) > 1
        shape = {
            "objective": "binary" if binary else "regression",
            "num_leaves": self.leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": max(10, round(self.least_share * len(outcome))),
            "lambda_l2": 1.0,
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "seed": self.random_state,
            "verbose": -1,
        }
        named: Any = "auto" if self._names is None else list(self._names)
        rows = lgb.Dataset(inputs, outcome, feature_name=named, params={"verbose": -1})
        return lgb.train(shape, rows, num_boost_round=self.rounds)

    def _chance(self, inputs: Floats, treated: Flags) -> Any:
        return self.model_of(inputs, treated.astype(np.float64)) if self.estimate_propensity else float(treated.mean())


class TLearner(Learner):
    """mu1(x) - mu0(x)."""

    def parts(self) -> list[tuple[Any, float]]:
        """mu1 and -mu0."""
        return [(self.treated_, 1.0), (self.untreated_, -1.0)]

    def _learn(self, inputs: Floats, outcome: Floats, treated: Flags) -> None:
        self.treated_ = self.model_of(inputs[treated], outcome[treated])
        self.untreated_ = self.model_of(inputs[~treated], outcome[~treated])

    def _uplift(self, inputs: Floats) -> Floats:
        return np.asarray(self.treated_.predict(inputs) - self.untreated_.predict(inputs))


class XLearner(Learner):
    """e tau0(x) + (1 - e) tau1(x), with tau1 learned from y - mu0(x) of the treated, tau0 from mu1(x) - y."""

    def parts(self) -> list[tuple[Any, float]]:
        """tau0 and tau1, where e is the same for all.

        Raises: ValueError: when e differs between customers.
        """
        if not isinstance(self.chance_, float):
            raise ValueError("an X-learner with an estimated probability of treatment is no weighed sum")
        return [(self.on_untreated_, self.chance_), (self.on_treated_, 1.0 - self.chance_)]

    def _learn(self, inputs: Floats, outcome: Floats, treated: Flags) -> None:
        with_it, without = inputs[treated], inputs[~treated]
        mu1, mu0 = self.model_of(with_it, outcome[treated]), self.model_of(without, outcome[~treated])
        self.on_treated_ = self.model_of(with_it, outcome[treated] - mu0.predict(with_it))
        self.on_untreated_ = self.model_of(without, mu1.predict(without) - outcome[~treated])
        self.chance_ = self._chance(inputs, treated)

    def _uplift(self, inputs: Floats) -> Floats:
        chance = _of(self.chance_, inputs)
        found: Floats = chance * self.on_untreated_.predict(inputs) + (1 - chance) * self.on_treated_.predict(inputs)
        return found


class DRLearner(Learner):
    """The regression of the doubly robust pseudo-outcome; its models have not seen the rows they judge."""

    FOLDS = 2

    def parts(self) -> list[tuple[Any, float]]:
        """The one regression."""
        return [(self.effect_, 1.0)]

    def _learn(self, inputs: Floats, outcome: Floats, treated: Flags) -> None:
        fold = np.random.default_rng(self.random_state).permutation(len(outcome)) % self.FOLDS
        effect = np.empty(len(outcome))
        for one in range(self.FOLDS):
            seen, unseen = fold != one, fold == one
            mu1 = self.model_of(inputs[seen & treated], outcome[seen & treated]).predict(inputs[unseen])
            mu0 = self.model_of(inputs[seen & ~treated], outcome[seen & ~treated]).predict(inputs[unseen])
            known = self._known
            chance = _of(self._chance(inputs[seen], treated[seen]), inputs[unseen]) if known is None else known[unseen]
            effect[unseen] = pseudo_outcome(outcome[unseen], treated[unseen], mu1, mu0, chance)
        self.effect_ = self.model_of(inputs, effect)

    def _uplift(self, inputs: Floats) -> Floats:
        return np.asarray(self.effect_.predict(inputs))


def pseudo_outcome(outcome: Floats, treated: Flags, mu1: Floats, mu0: Floats, chance: Any) -> Floats:
    """mu1 - mu0 + t (y - mu1)/e - (1 - t)(y - mu0)/(1 - e), (n,): its mean given x is the uplift.

    >>> one = np.array([1.0])
    >>> float(pseudo_outcome(one, np.array([True]), 0.4 * one, 0.1 * one, 0.5)[0])
    1.5
    """
    found: Floats = mu1 - mu0 + np.where(treated, (outcome - mu1) / chance, -(outcome - mu0) / (1 - chance))
    return found


def _of(chance: Any, inputs: Floats) -> Any:
    return chance if isinstance(chance, float) else np.clip(chance.predict(inputs), CLIP, 1 - CLIP)


def _checked(inputs: Any, outcome: Any, treatment: Any) -> tuple[Floats, Floats, Flags]:
    rows, y = np.asarray(inputs, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    t = np.asarray(treatment, dtype=np.float64)
    if rows.ndim != 2 or y.shape != (len(rows),) or t.shape != (len(rows),):
        raise ValueError(f"X must be (n, f), y and treatment (n,); got {rows.shape}, {y.shape} and {t.shape}")
    if not np.isin(t, (0.0, 1.0)).all() or not np.isfinite(y).all():
        raise ValueError("treatment must be 0 or 1 and y finite in every row")
    treated, untreated, least = int((t == 1).sum()), int((t == 0).sum()), 2 * DRLearner.FOLDS
    if min(treated, untreated) < least:
        said = f"of the rows to learn from {treated} are treated and {untreated} are not"
        raise NotLearnable(f"A trial must hold at least {least} rows of each arm: {said}.")
    return rows, y, t == 1
