"""Segments: groups of customers who are alike in balances, activity and the age of their relationship.

Order: ``standardise`` (log balances and counts around 0) -> k-means for each k, started anew several times -> the k
with the best silhouette on a sample -> segments from the largest to the smallest, named by what stands out in their
centroid -> the ``segments`` part of a bundle's manifest. The same customers and seed give the same document, to the
last digit: one thread, a fixed order, centroids rounded. ``service.scoring.segments`` assigns customers to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from service.core.attributes import AttributeTable
from service.core.domain import Text
from service.scoring.standardize import LOG, PLAIN, Standard, are_known, fill_with_mean
from training.arrays import Floats, Places
from training.models.standardize import document_of, standardise

Labels = Places

FIGURES = (
    ("demand_yuan", LOG),
    ("deposit_yuan", LOG),
    ("wealth_yuan", LOG),
    ("logins_30d", LOG),
    ("transfers_90d", LOG),
    ("relationship_days", PLAIN),
)
RUNNING_NUMBER = ("relationship_number", PLAIN)
"""Replaces the age of the relationship where a bank's files lack it: the higher, the newer."""
SIZES = range(3, 9)
STARTS = 5
FITTED, SAMPLED = 50_000, 4_000
"""Customers k-means learns from at most, and customers the silhouette is measured on."""
STANDS_OUT = 0.5
"""Deviations from the mean at which a figure becomes a trait."""
DIGITS = 6


@dataclass(frozen=True)
class Trait:
    """A trait of a segment, from a figure far above (or below) its mean: the word of its id and name."""

    slug: str
    name: Text


HIGH: Mapping[str, Trait] = {
    "demand_yuan": Trait("cash-keepers", {"zh": "活期充裕", "en": "Keep much on demand"}),
    "deposit_yuan": Trait("term-savers", {"zh": "定期储蓄", "en": "Term savers"}),
    "wealth_yuan": Trait("wealth-holders", {"zh": "理财持有", "en": "Wealth holders"}),
    "logins_30d": Trait("app-users", {"zh": "手机活跃", "en": "App users"}),
    "transfers_90d": Trait("payers", {"zh": "交易活跃", "en": "Active payers"}),
    "relationship_days": Trait("long-standing", {"zh": "老客户", "en": "Long-standing"}),
    "relationship_number": Trait("newcomers", {"zh": "新客户", "en": "Newcomers"}),
}
LOW: Mapping[str, Trait] = {
    "demand_yuan": Trait("small-balances", {"zh": "活期较少", "en": "Little on demand"}),
    "deposit_yuan": Trait("no-term", {"zh": "无定期", "en": "No term deposits"}),
    "wealth_yuan": Trait("no-wealth", {"zh": "无理财", "en": "No wealth products"}),
    "logins_30d": Trait("seldom-online", {"zh": "少用手机银行", "en": "Seldom in the app"}),
    "transfers_90d": Trait("quiet", {"zh": "交易清淡", "en": "Few transfers"}),
    "relationship_days": Trait("newcomers", {"zh": "新客户", "en": "Newcomers"}),
    "relationship_number": Trait("long-standing", {"zh": "老客户", "en": "Long-standing"}),
}
AVERAGE = Trait("average", {"zh": "一般客户", "en": "Near the average"})


@dataclass(frozen=True)
class Clusters:
    """Centroids (k, f), each customer's cluster (n,), and the silhouette of every k that was tried."""

    centroids: Floats
    labels: Labels
    silhouettes: Mapping[int, float]


def segment(table: AttributeTable, columns: Mapping[str, Any], seed: int = 7) -> dict[str, Any] | None:
    """The ``segments`` of a manifest for customers given as columns; None where no figure varies.

    ``columns``: every attribute and feature of n customers, (n, 1, 1) each. Customers with less than half of the
    figures known are left out.
    """
    standard = standardise(table, columns, _candidates(columns))
    if standard is None:
        return None
    z = standard.standardize_many(columns)
    rows = np.flatnonzero(are_known(z))
    if len(np.unique(fill_with_mean(z[rows]), axis=0)) <= max(SIZES):
        return None
    clusters = cluster(fill_with_mean(z[rows]), seed)
    document = document_of(standard, table)
    document["silhouettes"] = {str(size): round(figure, 4) for size, figure in clusters.silhouettes.items()}
    document["customers"] = len(rows)
    document["segments"] = _segments(
        standard, clusters, {n: np.ravel(columns[f"customer.{n}"]) for n in standard.names}, rows
    )
    return document


def silhouette_of(document: Mapping[str, Any]) -> float:
    """The silhouette of the k that was chosen, -1 (wrong) to 1 (far apart)."""
    return float(document["silhouettes"][str(len(document["segments"]))])


def cluster(z: Floats, seed: int, sizes: Sequence[int] = SIZES) -> Clusters:
    """K-means on standardised figures (n, f), k by the best silhouette; the smaller k of equals."""
    chance = np.random.default_rng(seed)
    fitted = z if len(z) <= FITTED else z[np.sort(chance.choice(len(z), FITTED, replace=False))]
    sample = fitted if len(fitted) <= SAMPLED else fitted[np.sort(chance.choice(len(fitted), SAMPLED, replace=False))]
    with threadpool_limits(1):
        tried = {size: KMeans(size, n_init=STARTS, random_state=seed).fit(fitted) for size in sizes}
        silhouettes = {size: _silhouette(sample, model) for size, model in tried.items()}
        best = tried[max(silhouettes, key=lambda size: silhouettes[size])]
    centroids = np.round(best.cluster_centers_, DIGITS)
    labels = nearest(z, centroids)
    order = np.argsort(-np.bincount(labels, minlength=len(centroids)), kind="stable")
    return Clusters(centroids[order], np.argsort(order)[labels], silhouettes)


def nearest(z: Floats, centroids: Floats) -> Labels:
    """(n,) the nearest centroid, by the same arithmetic as serving, one centroid at a time to spare memory."""
    distances = np.stack([np.square(z - centroid).sum(axis=1) for centroid in centroids], axis=1)
    return np.asarray(distances.argmin(axis=1), dtype=np.int64)


def _candidates(columns: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    age = columns.get("customer.relationship_days")
    unknown = age is None or bool(np.isnan(age).all())
    return (*FIGURES, RUNNING_NUMBER) if unknown else FIGURES


def _silhouette(sample: Floats, model: KMeans) -> float:
    labels = nearest(sample, model.cluster_centers_)
    return float(silhouette_score(sample, labels)) if len(set(labels.tolist())) > 1 else -1.0


def _segments(standard: Standard, clusters: Clusters, raw: Mapping[str, Floats], rows: Places) -> list[dict[str, Any]]:
    traits = [_traits(standard.names, centroid) for centroid in clusters.centroids]
    return [
        {
            "id": identity,
            "name": _joined(kept),
            "description": _joined(every),
            "share": round(float(np.mean(clusters.labels == place)), DIGITS),
            "centroid": clusters.centroids[place].tolist(),
            "profile": {name: _median(column[rows[clusters.labels == place]]) for name, column in raw.items()},
        }
        for place, (identity, kept, every) in enumerate(_named(traits))
    ]


def _traits(names: Sequence[str], centroid: Floats) -> list[Trait]:
    """What stands out, most first; what is above the mean before what is below."""
    order = sorted(range(len(names)), key=lambda place: -abs(centroid[place]))
    above = [HIGH[names[place]] for place in order if centroid[place] >= STANDS_OUT]
    below = [LOW[names[place]] for place in order if centroid[place] <= -STANDS_OUT]
    return [*above, *below] or [AVERAGE]


def _named(traits: Sequence[list[Trait]]) -> list[tuple[str, list[Trait], list[Trait]]]:
    """(id, traits of the name, all traits) of each segment: as few traits as tell it from the others."""
    found = []
    for place, mine in enumerate(traits):
        others = [other for where, other in enumerate(traits) if where != place]
        length = next(
            (n for n in range(1, len(mine)) if all(_slug(mine[:n]) != _slug(o[:n]) for o in others)), len(mine)
        )
        same = sum(_slug(other) == _slug(mine) for other in traits[:place])
        found.append((_slug(mine[:length]) + (f"-{same + 1}" if same else ""), mine[:length], mine))
    return found


def _slug(traits: Sequence[Trait]) -> str:
    return "-".join(trait.slug for trait in traits)


def _joined(traits: Sequence[Trait]) -> dict[str, str]:
    words = {language: [trait.name[language] for trait in traits] for language in ("zh", "en")}
    return {"zh": "、".join(words["zh"]), "en": ", ".join(words["en"]).capitalize()}


def _median(column: Floats) -> float | None:
    there = column[~np.isnan(column)]
    return round(float(np.median(there)), 2) if len(there) else None
