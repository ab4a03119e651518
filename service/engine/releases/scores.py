"""What the models say of a customer: the one way to ask them, so that nobody who withdrew personalisation is scored."""

from collections.abc import Sequence

import numpy as np

from service.core.domain import Snapshot
from service.core.grid import Array
from service.decision.portrait import Estimates
from service.decision.privacy import is_withdrawn
from service.scoring.models import Models


def score_one(models: Models, snapshot: Snapshot, segment: bool) -> dict[str, float]:
    """Name -> score of one customer; none without a bundle, and of a customer who withdrew personalisation.

    ``segment``: with ``segment:<id>`` as well, for a policy that reads it.
    """
    return {} if is_withdrawn(snapshot.consents) else models.score_with_segment(snapshot.attributes, segment)


def score_many(models: Models, people: Sequence[Snapshot]) -> dict[str, Array]:
    """Name -> (n,) of the scores of ``score_one``, segments included; NaN where a customer has none."""
    scored = [score_one(models, one, True) for one in people]
    names = dict.fromkeys(name for one in scored for name in one)
    return {name: np.array([one.get(name, np.nan) for one in scored]) for name in names}


def estimate(models: Models, snapshot: Snapshot) -> Estimates:
    """The models' estimates for a portrait; none of a customer who withdrew personalisation or is not known at all."""
    if is_withdrawn(snapshot.consents):
        return Estimates()
    attributes, segments, lapse = snapshot.attributes, models.segments, models.lapse
    reads = () if segments is None else segments.standard.reads
    if not any(one is not None for one in attributes.values()):
        return Estimates(models.version, reads=reads)
    return Estimates(
        version=models.version,
        segment=None if segments is None else segments.assign(attributes),
        lapse=None if lapse is None else lapse.predict_one(attributes),
        lapse_days=None if lapse is None else lapse.horizon_days,
        scores={name: score for name, score in models.score_one(attributes).items() if name in models.families},
        reads=reads,
    )
