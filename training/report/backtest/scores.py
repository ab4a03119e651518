"""Scores of a backtest's customers by models that have not learned from them, and the answers of simpler models.

Without a bundle every score is cross-fitted: five folds of customers, each scored by models of the other four. With a
bundle its own scores count; a bundle that learned from these customers has seen the answers, and the document says so.
"""

from collections.abc import Mapping
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pyarrow as pa
from sklearn.base import clone
from sklearn.model_selection import KFold

from service.scoring.models.bundle import Bundle
from training.arrays import Flags, Floats
from training.data.bank import Bank
from training.data.training_sample import Sample
from training.models.family import default_model, fit_family
from training.report.backtest.crowd import Crowd

FOLDS = 5
LEAST = 50
"""A model needs this many customers of either outcome."""
Scores = Mapping[str, Floats]


def cross_fit(crowd: Crowd, seed: int) -> dict[str, Floats]:
    """Cross-fitted scores by name (``service.scoring.propensity``): of each family with at least 50 of both outcomes.

    (n,) each. Families without are left to the policy's priors.
    """
    plain = replace(crowd.bank, split="customer", split_column=None, true_rate={})
    taken = crowd.sample.outcomes.bought
    return {family: _family(crowd.sample, plain, family, seed) for family in taken if _is_enough(taken[family])}


def _family(sample: Sample, bank: Bank, family: str, seed: int) -> Floats:
    model = clone(default_model(family)).set_params(random_state=seed)
    found = fit_family(model, sample, bank, family, lambda _: None).out_of_fold
    assert found is not None
    return found.scores


def _is_enough(taken: Floats) -> bool:
    return bool(min(taken.sum(), len(taken) - taken.sum()) >= LEAST)


def of_bundle(bundle: Bundle, crowd: Crowd) -> dict[str, Floats]:
    """The bundle's scores of the crowd by name, (n,) each."""
    records = pa.Table.from_pylist([dict(one.attributes) for one in crowd.snapshots])
    return dict(bundle.score_many(records))


def simple_answers(crowd: Crowd, seed: int) -> dict[str, Floats]:
    """P(kind) by two simpler ways, cross-fitted: ``shares`` of the past, and ``models``, one untuned LightGBM per kind.

    (n, kinds) each.
    """
    rows, bought = crowd.sample.rows, crowd.bought
    found = {name: np.zeros(bought.shape) for name in ("shares", "models")}
    for learn, judge in KFold(FOLDS, shuffle=True, random_state=seed).split(rows):
        found["shares"][judge] = bought[learn].mean(axis=0)
        for kind in range(bought.shape[1]):
            found["models"][judge, kind] = _untuned(crowd.sample, bought[:, kind], learn, judge, seed)
    return found


def _untuned(sample: Sample, taken: Flags, learn: Floats, judge: Floats, seed: int) -> Floats:
    """P of one kind by LightGBM as it comes; the share of the past where too few bought it, or too few did not."""
    learned = taken[learn]
    if not _is_enough(learned.astype(float)):
        return np.full(len(judge), learned.mean())
    texts = [sample.names.index(name) for name in sample.categories]
    model = lgb.LGBMClassifier(random_state=seed, verbose=-1, n_jobs=1)
    model.fit(sample.rows[learn], learned, categorical_feature=texts or "auto")
    found: Floats = np.asarray(model.predict_proba(sample.rows[judge]))[:, 1]
    return found
