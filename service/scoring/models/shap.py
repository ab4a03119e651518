"""What each fact added to a model's score: SHAP values (Lundberg 2018) as LightGBM calculates them, on request only.

``base + sum of contributions = raw score`` in log-odds, to rounding. A family with several boosters takes the mean
of their contributions. Its propensity is the calibrated mean of their P: both rise together but are not the same.
"""

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np

from service.scoring.models.bundle import Bundle, CalibratedModel, ModelGroup

TOLERANCE = 1e-6
"""The largest relative error of the sum that still counts as additive."""


def contributions(bundle: Bundle, attributes: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Per family and product kind: ``base``, ``raw`` (log-odds), ``propensity``, ``additive`` and ``features``.

    The features are in order of size, the largest first. Each has its ``name``, its ``value`` (None: unknown) and its
    ``contribution`` in log-odds.
    """
    columns = bundle.program.table.encode(attributes)
    bundle.program.derive_one(columns)
    return {
        name: _told(group, model, columns)
        for group in bundle.model_groups
        for name, model in group.models.items()
        if name in bundle.families or name in bundle.kinds
    }


def _told(group: ModelGroup, model: CalibratedModel, columns: Mapping[str, Any]) -> dict[str, Any]:
    row = np.array(group.inputs.take_row(columns))
    found = np.mean([booster.contributions(row) for booster in model.boosters], axis=0)
    raw = float(np.mean([booster.predict_many(row[np.newaxis], raw=True)[0] for booster in model.boosters]))
    features = [
        {"name": name, "value": _known(columns[f"customer.{name}"]), "contribution": float(share)}
        for name, share in zip(group.inputs.names, found[:-1], strict=True)
    ]
    return {
        "base": float(found[-1]),
        "raw": raw,
        "propensity": model.predict_one(row.tobytes()),
        "additive": bool(abs(found.sum() - raw) <= TOLERANCE * max(1.0, abs(raw))),
        "features": sorted(features, key=lambda one: -abs(one["contribution"])),
    }


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value
