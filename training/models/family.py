"""One family's model from a bank's sample: fitted, measured out of fold, and made ready for a bundle.

A bank that splits by time is measured on its last fifth, by a model of the four before; the model that serves learns
from all, recent customers with the greatest weight. Where buyers were over-sampled, the calibration table restores the
true rate.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.base import clone

from training.arrays import Floats
from training.data.bank import Bank
from training.data.sufficiency import by_time
from training.data.training_sample import Sample
from training.evaluation.metrics import measure
from training.models.propensity import PropensityModel
from training.models.trained import OutOfFold, TrainedFamily
from training.models.training_set import TrainingSet

MEMBERS: Mapping[str, tuple[tuple[int, float], ...]] = {
    "deposit": ((40, 4.0), (20, 1.0)),
    "wealth": ((20, 1.0), (20, 2.0)),
}
"""The members of each family's model, chosen by repeated splits on the Xiamen customers: (num_leaves,
new_buyer_weight)."""
HALF_LIFE = 0.125
"""Where a bank splits by time: the share of later customers at which a customer's weight is one half."""
CROSS_FITTED = "every customer, by boosters and tables that have not seen them; those that serve have learned from all"
LATER = "customers of the last fifth in time, by a model of the others; the model that serves has learned from all"


def default_model(family: str) -> PropensityModel:
    """The unfitted model that the shipped training fits for a family."""
    return PropensityModel(members=MEMBERS[family])


def training_set_of(sample: Sample, family: str) -> TrainingSet:
    """The training set of a family's members; ``training.tune`` trains single members by it."""
    taken, held = sample.outcomes.bought[family], sample.outcomes.held[family]
    return PropensityModel().training_set(sample.rows, taken, held, sample.names, list(sample.categories))


def fit_family(
    unfitted: PropensityModel, sample: Sample, bank: Bank, family: str, step: Callable[[int], None]
) -> TrainedFamily:
    """Fit the family's model and measure it; ``step`` is called with 1 after each round of trees."""
    taken, held = sample.outcomes.bought[family], sample.outcomes.held[family]
    fitted = _fitted(unfitted, sample, family, slice(None), step)
    metrics = {**measure(taken, fitted.oof_scores_, held), "measured_on": CROSS_FITTED, "rounds": fitted.rounds_}
    out_of_fold = OutOfFold(np.arange(len(taken)), fitted.oof_scores_, taken, fitted.oof_served_)
    if bank.split == "time":
        later, out_of_fold = _later(unfitted, sample, family, step)
        metrics = {**later, "cross_fitted": metrics}
    base_rate, table = float(taken.mean()), fitted.table()
    if family in bank.true_rate:
        sampled, table = table, table.at_rate(base_rate, bank.true_rate[family])
        out_of_fold = replace(out_of_fold, served=np.interp(out_of_fold.served, sampled.y, table.y))
        metrics |= {"sampled_rate": base_rate, "true_rate": bank.true_rate[family]}
    return TrainedFamily(
        models=fitted.texts(),
        features=sample.names,
        calibration=(table.x, table.y),
        metrics=metrics,
        base_rate=bank.true_rate.get(family, base_rate),
        categories=sample.categories,
        out_of_fold=out_of_fold,
        recipe=unfitted.recipe(),
    )


def _later(
    unfitted: PropensityModel, sample: Sample, family: str, step: Callable[[int], None]
) -> tuple[dict[str, Any], OutOfFold]:
    """Figures on the last fifth in time, by a model of the earlier four."""
    early, late = by_time(np.asarray(sample.outcomes.times))
    fitted = _fitted(unfitted, sample, family, early, step)
    held, taken = sample.outcomes.held[family], sample.outcomes.bought[family][late]
    p = fitted.predict_proba(sample.rows[late])[:, 1]
    figures = measure(taken, p, None if held is None else held[late])
    return {**figures, "measured_on": LATER}, OutOfFold(late, p, taken, p)


def _fitted(
    unfitted: PropensityModel, sample: Sample, family: str, part: Any, step: Callable[[int], None]
) -> PropensityModel:
    held = sample.outcomes.held[family]
    fitted: PropensityModel = clone(unfitted).fit(
        sample.rows[part],
        sample.outcomes.bought[family][part],
        held=None if held is None else held[part],
        names=sample.names,
        categorical=list(sample.categories),
        progress=step,
        weight=None if sample.outcomes.times is None else recency(np.asarray(sample.outcomes.times)[part]),
    )
    return fitted


def recency(times: npt.NDArray[Any]) -> Floats:
    """0.5 ** (share of the customers that came later / 0.125), (n,): recent customers have the greatest weight."""
    later = 1.0 - rankdata(times, method="max") / len(times)
    weights: Floats = 0.5 ** (later / HALF_LIFE)
    return weights
