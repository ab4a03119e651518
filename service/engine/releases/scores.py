"""Scores of customers by a bundle: the only way to get them, so that consent is checked in one place."""

from collections.abc import Sequence

import numpy as np

from service.core.domain import Snapshot
from service.core.grid import Array
from service.decision.portrait import Estimates
from service.decision.privacy import is_withdrawn
from service.rules.model import labels
from service.scoring.models import Models


def score_one(models: Models, snapshot: Snapshot, segment: bool) -> dict[str, float]:
    """Name -> score of one customer; empty without a bundle, or if the customer withdrew personalisation.

    ``segment``: with ``segment:<id>`` as well, for a policy that reads it, unless the customer dropped that label.
    """
    if is_withdrawn(snapshot.consents):
        return {}
    return models.score_with_segment(snapshot.attributes, segment and not _is_segment_dropped(snapshot))


def score_many(models: Models, people: Sequence[Snapshot]) -> dict[str, Array]:
    """Name -> (n,) of ``score_one``'s scores, segments included; NaN where a customer has none."""
    scored = [score_one(models, one, True) for one in people]
    names = dict.fromkeys(name for one in scored for name in one)
    return {name: np.array([one.get(name, np.nan) for one in scored]) for name in names}


def estimate(models: Models, snapshot: Snapshot) -> Estimates:
    """The models' estimates for a portrait; empty for a customer who withdrew personalisation or has no attributes."""
    if is_withdrawn(snapshot.consents):
        return Estimates()
    attributes, segments, lapse = snapshot.attributes, models.segments, models.lapse
    reads = () if segments is None else segments.standard.reads
    if not any(one is not None for one in attributes.values()):
        return Estimates(models.version, reads=reads)
    return Estimates(
        version=models.version,
        segment=None if segments is None or _is_segment_dropped(snapshot) else segments.assign(attributes),
        lapse=None if lapse is None else lapse.predict_one(attributes),
        lapse_days=None if lapse is None else lapse.horizon_days,
        scores={name: score for name, score in models.score_one(attributes).items() if name in models.families},
        reads=reads,
    )


def _is_segment_dropped(snapshot: Snapshot) -> bool:
    return labels.SEGMENT in labels.dropped_by_one(snapshot.consents)
