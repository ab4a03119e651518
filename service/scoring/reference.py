"""References: how a figure was spread among the customers a bundle learned from, so that drift can be measured.

Order: training calls ``reference_of`` on each feature and score (``{"edges", "shares", "unknown", "customers"}`` or,
for text, ``{"words", "shares", ...}``) -> the document is stored in the bundle's manifest -> ``count_cells`` sorts
other customers into the same cells. It holds no customer's value but the borders of the cells. ``analysis.drift`` says
what the cells mean. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from service.core.attributes import Array

CELLS = 100
"""Cells of a figure at most: each holds a hundredth of the customers, or one value that many of them share."""
LEAST_SHARE = 0.005
"""A word of fewer customers than this counts with the other rare words, so that it identifies nobody."""
OTHER = "other"

Document = Mapping[str, Any]


def reference_of(values: Array) -> dict[str, Any]:
    """The spread of one column (n,): figures with NaN for unknown, or words with None.

    >>> reference_of(np.array([1.0, 1.0, 2.0, np.nan]))
    {'edges': [2.0], 'shares': [0.5, 0.25], 'unknown': 0.25, 'customers': 4}
    """
    kept = _words(values) if values.dtype.kind == "O" else _edges(values)
    cells = count_cells(kept, values)
    shares = cells / max(len(values), 1)
    return {**kept, "shares": shares[:-1].tolist(), "unknown": float(shares[-1]), "customers": len(values)}


def count_cells(reference: Document, values: Array) -> Array:
    """How many of ``values`` (n,) lie in each cell of the reference; the last count is of the unknown.

    A figure's cells are [edge, next edge); a text has one cell per word and then one for all others.
    """
    if "words" in reference:
        places = {word: place for place, word in enumerate(reference["words"])}
        others = len(places)
        found = [others + 1 if word is None else places.get(word, others) for word in values]
        return np.bincount(np.array(found, dtype=np.int64), minlength=others + 2)
    edges = np.array(reference["edges"], dtype=np.float64)
    known = values[~np.isnan(values)]
    cells = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return np.append(cells, len(values) - len(known))


def faults(parts: object) -> Iterator[str]:
    """The faults of ``{"features": {name: reference}, "scores": ...}``."""
    if not isinstance(parts, Mapping) or set(parts) != {"features", "scores"}:
        yield "must hold features and scores"
        return
    yield from (fault for references in parts.values() for fault in _faults(references))


def _faults(references: object) -> Iterator[str]:
    if not isinstance(references, Mapping):
        yield "must map names to references"
        return
    yield from (
        f"{name} must hold edges or words, their shares, the unknown share and the number of customers"
        for name, one in references.items()
        if not _is_sound(one)
    )


def _edges(values: Array) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    distinct = np.unique(known)
    if len(distinct) > CELLS:
        distinct = np.unique(np.quantile(known, np.linspace(0.0, 1.0, CELLS + 1)[:-1], method="lower"))
    return {"edges": distinct[1:].tolist()}


def _words(values: Array) -> dict[str, Any]:
    words, counts = np.unique([word for word in values if word is not None], return_counts=True)
    return {"words": [str(word) for word in words[counts >= LEAST_SHARE * len(values)]]}


def _is_sound(one: object) -> bool:
    if not isinstance(one, Mapping) or not isinstance(one.get("shares"), list):
        return False
    cells = one.get("words", one.get("edges"))
    shares = [*one["shares"], one.get("unknown")]
    return (
        isinstance(cells, list)
        and len(shares) == len(cells) + 2
        and all(isinstance(share, int | float) and 0.0 <= share <= 1.0 for share in shares)
        and isinstance(one.get("customers"), int)
    )
