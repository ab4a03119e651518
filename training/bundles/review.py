"""The review of a bundle, ``review.json``: a report is made from it years later, without the bank's files.

Per family: curves and intervals by out-of-fold scores (``curves``), feature importance (gain, and SHAP values of a
sample by tenths of each feature), fairness by group (``fairness``). It holds shares, means and curves, and no row of
any customer. The manifest has its hash. ``training.report`` draws it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np

from service.rules.policy import DEFAULT, Policy, load
from training.arrays import Floats
from training.data.bank import Bank
from training.evaluation.curves import curves_of
from training.evaluation.fairness import fairness_of, groups_of, suitable
from training.models.trained import OutOfFold

FORMAT = 1
EXPLAINED = 400
"""Customers with SHAP values: each costs milliseconds."""
SHOWN = 15
TENTHS = 10


def build_review(
    bank: Bank,
    sample: Any,
    columns: Mapping[str, Any],
    families: Mapping[str, Any],
    kinds: Mapping[str, Any] | None = None,
    *,
    seed: int,
) -> dict[str, Any]:
    """The review of trained families (those with out-of-fold scores), as plain JSON values.

    ``columns``: every attribute and feature of all customers, (n, 1, 1) each. ``kinds``: models of product kinds by the
    name of their score; of each it keeps what the model leans on.
    """
    policy = load(DEFAULT)
    known = {name: column[sample.outcomes.rows] for name, column in columns.items()}
    unknown = {name: np.reshape(np.array(one), (1, 1, 1)) for name, one in policy.attributes.encode({}).items()}
    may = suitable(policy, {name: known.get(name, one) for name, one in unknown.items()}, bank.as_of)
    found = {}
    for family, one in families.items():
        if one.out_of_fold is not None and 0 < one.out_of_fold.taken.sum() < len(one.out_of_fold.taken):
            found[family] = review_family(one.models, sample, one.out_of_fold, known, may.get(family), policy, seed)
    leaning = {name: leanings(one.models, sample, one.out_of_fold, seed) for name, one in (kinds or {}).items()}
    return {"format": FORMAT, "policy": policy.hash, "families": found, **({"kinds": leaning} if leaning else {})}


def review_family(
    models: Sequence[str],
    sample: Any,
    out_of_fold: OutOfFold,
    known: Mapping[str, Any],
    may: Any,
    policy: Policy,
    seed: int,
) -> dict[str, Any]:
    """The review of one family: ``known`` are columns of the sample's customers, ``may`` (n,) the suitable ones."""
    return {
        **curves_of(out_of_fold.taken, out_of_fold.scores, seed),
        **leanings(models, sample, out_of_fold, seed),
        "fairness": _fairness(known, out_of_fold, may, policy.monitoring.fairness_alert),
    }


def leanings(models: Sequence[str], sample: Any, out_of_fold: OutOfFold, seed: int) -> dict[str, Any]:
    """``importance`` (share of gain) and ``shap``: the fifteen features with the largest mean contribution.

    Each with ``tenths``: from the lowest tenth of its values to the highest, the mean value and mean contribution (in
    log-odds); None where the feature has no order or is unknown.
    """
    boosters = [lgb.Booster(model_str=text) for text in models]
    gain = np.sum([booster.feature_importance("gain") for booster in boosters], axis=0)
    chance = np.random.default_rng([seed, 3])
    rows = sample.rows[np.sort(chance.permutation(out_of_fold.rows)[:EXPLAINED])]
    values = np.mean([booster.predict(rows, pred_contrib=True, num_threads=1) for booster in boosters], axis=0)[:, :-1]
    weight = np.abs(values).mean(axis=0)
    heaviest = np.argsort(-weight, kind="stable")[:SHOWN]
    shares = gain / max(float(gain.sum()), 1e-12)
    return {
        "importance": [
            {"name": sample.names[place], "share": round(float(shares[place]), 6)}
            for place in np.argsort(-shares, kind="stable")[:SHOWN]
        ],
        "shap": [_told(sample, place, rows[:, place], values[:, place], float(weight[place])) for place in heaviest],
        "explained": len(rows),
    }


def _told(sample: Any, place: int, column: Floats, values: Floats, weight: float) -> dict[str, Any]:
    name = sample.names[place]
    words = name in sample.categories
    known = ~np.isnan(column)
    order = np.flatnonzero(known)[np.argsort(column[known], kind="stable")]
    tenths = [part for part in np.array_split(order, TENTHS) if len(part)] if not words else []
    return {
        "name": name,
        "weight": round(weight, 6),
        "tenths": [[round(float(column[part].mean()), 4), round(float(values[part].mean()), 6)] for part in tenths],
        "unknown": None if known.all() else round(float(values[~known].mean()), 6),
    }


def _fairness(known: Mapping[str, Any], out_of_fold: OutOfFold, may: Any, bound: float) -> dict[str, Any] | None:
    """The fairness of one family; None where the files have no groups."""
    groups = groups_of(known, out_of_fold.rows)
    if not groups or may is None:
        return None
    return fairness_of(groups, out_of_fold.taken, out_of_fold.scores, may[out_of_fold.rows], bound)
