"""Standardising: the figures that a bank's files hold, with mean and standard deviation of each on its scale.

Used by ``segments`` and ``lapse``; ``service.scoring.standardize`` applies the same document in serving. A figure that
is unknown or equal for all customers is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from service.core.attributes import AttributeTable
from service.core.attributes.features import Inputs
from service.core.expressions import Kind
from service.scoring.standardize import Figure, Standard, scale
from training.arrays import Floats

Candidates = Sequence[tuple[str, str]]
"""Names of attributes and features with their scale, ``log`` or ``plain``."""


def standardise(table: AttributeTable, columns: Mapping[str, Any], candidates: Candidates) -> Standard | None:
    """The standard of those candidates that vary; None where there is none.

    ``columns``: every attribute and feature of n customers, (n, 1, 1) each.
    """
    known = [(name, scale) for name, scale in candidates if table.kind_of(name) not in (None, Kind.TEXT)]
    if not known:
        return None
    names, scales = [name for name, _ in known], [scale for _, scale in known]
    figures = scale(Inputs(names, {}).take_matrix(columns), scales)
    found = [_figure(name, scale, figures[:, place]) for place, (name, scale) in enumerate(known)]
    kept = [figure for figure in found if figure is not None]
    return Standard(kept, table.only([figure.name for figure in kept]).document) if kept else None


def document_of(standard: Standard, table: AttributeTable) -> dict[str, Any]:
    """``{"figures": [...], "table": {...}}`` as ``Standard.from_document`` reads it."""
    figures = [asdict(figure) for figure in standard.figures]
    return {"figures": figures, "table": dict(table.only(standard.names).document)}


def _figure(name: str, scale: str, column: Floats) -> Figure | None:
    there = column[~np.isnan(column)]
    deviation = float(there.std()) if len(there) else 0.0
    return Figure(name, scale, float(there.mean()), deviation) if deviation > 1e-9 else None
