"""The leakage canary: attributes that know more than any attribute can know on the bank's day.

A leak is an attribute without which a model knows much less: honest attributes of one day overlap, and leaving one out,
with every feature derived from it, costs little. So for each attribute with weight: ``closes = (AUC with - AUC without)
/ (1 - AUC without)``, the share of the remaining error that this attribute removes. Suspect above ``MOST_CLOSED``, and
only where chance cannot explain it (DeLong, paired).

Order: a quick model on half of a sample, measured on the other half -> the attributes by weight -> each left out in
turn, together with its near copies, so that a leak in two columns is found too -> ``Finding`` rows -> the gate. The
question is asked for each family's outcome, and for whether a customer has an outcome at all.

The bound lies between measured values (`python -m benchmarks.leakage`): the heaviest honest attribute (wealth held, for
buying wealth, in the synthetic bank) closes 0.2; the label of the Xiamen contest closes 0.4 for whether a customer has
an outcome, since half of its lowest class left the bank; the duration of the UCI calls closes 0.7. Gain, or AUC of the
attribute alone, does not separate them: an honest rate of interest reaches AUC 0.77, the label 0.63. The canary does
not find a leak that says little of both questions, nor one in every attribute. Dates after the bank's day are found by
``table_contract``. An attribute can be allowed by name, ``fourcast train --allow-leak ATTRIBUTE``; the manifest records
it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from scipy.stats import rankdata

from service.analysis.model_gate import MOST_CLOSED
from service.core.attributes import AttributeTable
from training.arrays import Floats, Places
from training.evaluation.metrics import auc, gain_standard_error

SURE = 1.645
"""Standard errors by which ``closes`` must be above the bound: chance explains one in twenty."""
LEAST_WEIGHT = 0.03
"""Share of the gain below which an attribute is not examined."""
MOST_EXAMINED = 6
COPIES = 0.99
"""Rank correlation from which on two attributes are left out together."""
SAMPLED = 8_000
LEAST = 50
"""The least takers, and the least others, in the sample."""
ROUNDS = 40
SETTINGS: Mapping[str, Any] = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.15,
    "max_bin": 63,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.7,
    "feature_pre_filter": False,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True)
class Matrix:
    """The input of the models: rows (n, f), the name of each column, and the words of text columns."""

    rows: Floats
    names: Sequence[str]
    categories: Collection[str]


@dataclass(frozen=True)
class Finding:
    """One attribute, with its near copies: AUC with and without it, ``closes`` as estimate and as lower bound."""

    attributes: tuple[str, ...]
    auc_with: float
    auc_without: float
    closes: float
    closes_low: float
    weight: float
    suspect: bool

    def document(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "attributes": list(self.attributes)}


def examine(matrix: Matrix, taken: Floats, table: AttributeTable, seed: int = 7) -> list[Finding]:
    """The findings of the attributes with weight, the one that closes most first; empty where outcomes are too few.

    ``taken``: (n,) 1.0 or 0.0 per row. ``table`` maps features to their attributes.
    """
    rows = _sample(len(taken), seed)
    sample, outcomes = Matrix(matrix.rows[rows], matrix.names, matrix.categories), taken[rows]
    if min(outcomes.sum(), len(outcomes) - outcomes.sum()) < LEAST:
        return []
    half = np.random.default_rng(seed).random(len(outcomes)) < 0.5
    everything, gains = _scores(sample, outcomes, half, sample.names)
    needs = sources(table)
    weights = _weights(sample.names, gains, needs)
    heavy = [name for name in sorted(weights, key=lambda one: (-weights[one], one)) if weights[name] >= LEAST_WEIGHT]
    found: list[Finding] = []
    for name in heavy[:MOST_EXAMINED]:
        group = (name, *_copies(name, sample, needs))
        rest = [column for column in sample.names if not needs[column] & set(group)]
        without = _scores(sample, outcomes, half, rest)[0] if rest else np.zeros(len(outcomes))
        found.append(_finding(group, outcomes, everything, without, weights[name]))
    return sorted(found, key=lambda one: -one.closes)


def sources(table: AttributeTable) -> dict[str, set[str]]:
    """For every attribute and feature, the raw attributes that it reads."""
    found = {one.name: {one.name} for one in table.attributes}
    for feature in table.features:
        names = (name.removeprefix("customer.") for name in feature.expression.names)
        read = [found[name] for name in names if name in found]  # a rate of the market is no attribute
        found[feature.name] = set().union(*read)
    return found


def _sample(size: int, seed: int) -> Places:
    chance = np.random.default_rng([seed, 1])
    return np.sort(chance.permutation(size)[:SAMPLED])


def _scores(sample: Matrix, taken: Floats, half: Any, names: Sequence[str]) -> tuple[Floats, Floats]:
    """Each row's score by the model of the other half from the named columns, and the gain of each column."""
    places = [place for place, name in enumerate(sample.names) if name in set(names)]
    columns, words = sample.rows[:, places], [i for i, p in enumerate(places) if sample.names[p] in sample.categories]
    scores, gains = np.empty(len(taken)), np.zeros(len(places))
    for known in (half, ~half):
        learned = lgb.Dataset(columns[known], taken[known], categorical_feature=words, params=dict(SETTINGS))
        booster = lgb.train({**SETTINGS, "seed": 1}, learned, ROUNDS)
        scores[~known] = booster.predict(columns[~known], num_threads=1)
        gains += booster.feature_importance("gain")
    return scores, gains / max(float(gains.sum()), 1e-12)


def _weights(names: Sequence[str], gains: Floats, needs: Mapping[str, set[str]]) -> dict[str, float]:
    """Each attribute's share of the gain, a feature's gain split evenly among the attributes in it.

    Counted whole for each, attributes that share many features would crowd a leak out of those examined.
    """
    weights: dict[str, float] = {}
    for name, gain in zip(names, gains, strict=True):
        for source in needs[name]:
            weights[source] = weights.get(source, 0.0) + float(gain) / len(needs[name])
    return weights


def _copies(name: str, sample: Matrix, needs: Mapping[str, set[str]]) -> Iterator[str]:
    """Other raw attributes that rank the customers as this one does."""
    raw = [one for one in sample.names if needs[one] == {one} and one not in sample.categories]
    if name not in raw:
        return
    columns = {one: _ranks(sample.rows[:, list(sample.names).index(one)]) for one in raw}
    mine = columns.pop(name)
    for other, theirs in columns.items():
        spread = float(np.sqrt((mine**2).sum() * (theirs**2).sum()))
        if spread > 0 and abs(float((mine * theirs).sum())) >= COPIES * spread:
            yield other


def _ranks(column: Floats) -> Floats:
    """Ranks around 0, the unknown at 0."""
    ranks = rankdata(column, nan_policy="omit")
    centred: Floats = np.nan_to_num(ranks - np.nanmean(ranks)) if np.isfinite(ranks).any() else np.zeros(len(column))
    return centred


def _finding(group: tuple[str, ...], taken: Floats, everything: Floats, without: Floats, weight: float) -> Finding:
    best, rest = auc(taken, everything), auc(taken, without)
    error, open_ = gain_standard_error(taken, everything, without), max(1.0 - rest, 1e-9)
    closes, low = (best - rest) / open_, (best - rest - SURE * error) / open_
    best, rest, closes, low, weight = (round(one, 6) for one in (best, rest, closes, low, weight))
    return Finding(group, best, rest, closes, low, weight, suspect=low > MOST_CLOSED)
