"""One model for each kind of product that the outcomes tell apart, cross-fitted and calibrated as a family's.

Order: purchases -> who bought each kind -> a model for every kind with at least 50 buyers and 50 others -> out-of-fold
scores beside those of the family (``coherence``) and among the buyers (``evaluation.kind_choice``) -> the bundle's
``kind:<product>`` models, and what the report tells of them. A kind with fewer has no model and says so. Where takers
of a family were over-sampled, so were the buyers of its kinds, and the same odds restore their rate.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import clone

from service.scoring.propensity import KIND
from training.arrays import Flags, Floats
from training.data.bank import Bank
from training.data.bank_tables import Customers, Outcomes
from training.data.purchases import FAMILIES
from training.data.query_rows import ID
from training.data.training_sample import Sample
from training.evaluation.kind_choice import compare_choice, hits_of
from training.models.family import fit_family
from training.models.propensity import PropensityModel
from training.models.trained import TrainedFamily

LEAST = 50
"""A kind's model needs this many buyers and this many others."""
RARE = 2_000
"""Buyers below whom a kind's model has fewer leaves, stronger regularisation."""


@dataclass(frozen=True)
class KindModels:
    """``models`` by name of the score, the manifest's ``kind``, and why a kind has no model."""

    models: Mapping[str, TrainedFamily] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> dict[str, str]:
        """A sentence for each kind."""
        fitted = {
            name.removeprefix(KIND): "{taken:,} of {customers:,} bought it, AUC {auc:.4f}".format(**one.metrics)
            for name, one in self.models.items()
        }
        return {**fitted, **{kind: f"no model: {why}" for kind, why in self.refused.items()}}


def bought_kinds(outcomes: Outcomes, customers: Customers) -> dict[str, Floats]:
    """Who bought each kind: 1.0 or 0.0 of each customer with an outcome (n,), by the kind's name.

    Kinds are in order of family and name; none where the outcomes do not tell what was bought.
    """
    purchases = outcomes.purchases
    if purchases is None:
        return {}
    ids = customers.table.column(ID).take(pa.array(outcomes.rows)).to_pylist()
    place = {customer: row for row, customer in enumerate(ids)}
    rows = np.array([place[one] for one in purchases.column(ID).to_pylist()], dtype=np.int64)
    products = np.array(purchases.column("product").to_pylist(), dtype=object)
    found = sorted(set(products.tolist()), key=lambda kind: (FAMILIES[kind], kind))
    return {kind: _marked(rows[products == kind], len(ids)) for kind in found}


def default_kind_model(buyers: int) -> PropensityModel:
    """The unfitted model that the shipped training fits for a kind of so many buyers."""
    return RARE_MODEL if buyers < RARE else COMMON_MODEL


COMMON_MODEL = PropensityModel(members=((15, 1.0),), learning_rate=0.06, feature_fraction=0.4, patience=25, curve=1)
RARE_MODEL = PropensityModel(
    members=((6, 1.0),),
    learning_rate=0.06,
    min_data_in_leaf=100,
    feature_fraction=0.3,
    bagging_fraction=0.7,
    lambda_l2=30.0,
    patience=25,
    curve=1,
)
"""Chosen by cross-validation on four fifths of the Xiamen customers, as was the calibration: isotonic tables cost 0.006
of log loss among buyers."""


def unfitted_kinds(
    bought: Mapping[str, Floats], given: Mapping[str, PropensityModel], seed: int, cluster: str | None = None
) -> dict[str, PropensityModel]:
    """The unfitted model of every kind with enough buyers; ``given`` by the score's name in place of the default."""
    return {
        kind: clone(given.get(KIND + kind) or default_kind_model(int(taken.sum()))).set_params(
            random_state=seed, cluster=cluster
        )
        for kind, taken in bought.items()
        if not lacking(taken)
    }


def lacking(taken: Floats) -> str:
    """Why a kind has no model; empty where there are enough of both."""
    buyers, others = int(taken.sum()), int(len(taken) - taken.sum())
    enough = min(buyers, others) >= LEAST
    return "" if enough else f"{buyers:,} bought it and {others:,} did not, at least {LEAST} of each needed"


def fit_kinds(
    unfitted: Mapping[str, PropensityModel],
    bought: Mapping[str, Floats],
    families: Mapping[str, TrainedFamily],
    sample: Sample,
    bank: Bank,
    step: Callable[[int], None],
    seed: int,
) -> KindModels:
    """Fit the kinds' models and hold them against the families' models and the buyers' choices."""
    with ThreadPoolExecutor() as pool:
        tasks = {
            kind: pool.submit(
                fit_family,
                model,
                _of_kind(sample, kind, bought[kind]),
                replace(bank, true_rate=_true_rate(sample, bank, kind, bought[kind])),
                kind,
                step,
            )
            for kind, model in unfitted.items()
        }
        models = {kind: task.result() for kind, task in tasks.items()}
    refused = {kind: why for kind, taken in bought.items() if (why := lacking(taken))}
    told = _told(models, bought, families, sample, seed)
    return KindModels({KIND + kind: one for kind, one in models.items()}, {**told, "refused": refused}, refused)


def true_rate_of(rate: float, sampled: float, true: float) -> float:
    """The rate of a kind among all customers: its odds, times the true odds of its family over the sampled ones."""
    odds = rate / (1.0 - rate) * (true / (1.0 - true)) / (sampled / (1.0 - sampled))
    return odds / (1.0 + odds)


def _marked(rows: Any, size: int) -> Floats:
    taken = np.zeros(size)
    taken[rows] = 1.0
    return taken


def _of_kind(sample: Sample, kind: str, taken: Floats) -> Sample:
    """The sample with the kind as its only outcome; who held it before is not known by kind."""
    return replace(sample, outcomes=replace(sample.outcomes, bought={kind: taken}, held={kind: None}))


def _true_rate(sample: Sample, bank: Bank, kind: str, taken: Floats) -> dict[str, float]:
    """The true rate of the kind where the takers of its family were over-sampled: odds as the family's."""
    family = FAMILIES[kind]
    if family not in bank.true_rate:
        return {}
    sampled = float(sample.outcomes.bought[family].mean())
    return {kind: true_rate_of(float(taken.mean()), sampled, bank.true_rate[family])}


def _told(
    models: Mapping[str, TrainedFamily],
    bought: Mapping[str, Floats],
    families: Mapping[str, TrainedFamily],
    sample: Sample,
    seed: int,
) -> dict[str, Any]:
    """``{"families": {family: figures}, "hit": ...}`` of the kinds that have a model."""
    by_family = {family: [kind for kind in models if FAMILIES[kind] == family] for family in families}
    texts = [sample.names.index(name) for name in sample.categories]
    found = {}
    for family, kinds in by_family.items():
        if kinds:
            rows, scores, taken = _out_of_fold(models, kinds, bought)
            choice = compare_choice(scores, taken, sample.rows[rows], texts, seed)
            coherence = _coherence(families[family], scores, taken)
            found[family] = {"kinds": kinds, **({"choice": choice} if choice else {}), "coherence": coherence}
    every = [kind for kinds in by_family.values() for kind in kinds]
    hits = hits_of(*_out_of_fold(models, every, bought)[1:]) if every else None
    return {"families": found, **({"hits": hits} if hits else {})}


def _out_of_fold(
    models: Mapping[str, TrainedFamily], kinds: Sequence[str], bought: Mapping[str, Floats]
) -> tuple[Any, Floats, Flags]:
    """The rows that were measured, and of each its scores out of fold and what it bought, by kind."""
    parts = [part for kind in kinds if (part := models[kind].out_of_fold) is not None]
    rows = parts[0].rows
    taken = np.column_stack([bought[kind][rows] > 0 for kind in kinds])
    return rows, np.column_stack([part.scores for part in parts]), taken


def _coherence(family: TrainedFamily, scores: Floats, bought: Flags) -> dict[str, float]:
    """The family's scores beside those of its kinds, and what the outcomes themselves say of both.

    ``above``: the share of customers with a kind's score above the family's. ``above_bought``: the share of buyers of a
    kind who count as no takers of the family (a kind in place of another). ``sum_of_kinds`` and ``family`` are means.
    """
    assert family.out_of_fold is not None
    whole, taken, buyers = family.out_of_fold.scores, family.out_of_fold.taken, bought.any(axis=1)
    return {
        "above": float((scores.max(axis=1) > whole).mean()),
        "above_bought": float((taken[buyers] == 0).mean()) if buyers.any() else 0.0,
        "sum_of_kinds": float(scores.sum(axis=1).mean()),
        "family": float(whole.mean()),
    }
