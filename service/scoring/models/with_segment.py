"""All that a bundle says of a customer for a decision: its scores, and the segment they are nearest to.

The segment stands among the scores as ``segment:<id>`` with the figure 1, so that a record keeps it like any other word
of the models. Asked for only where a policy reads it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from service.core.attributes import Array
from service.core.domain import Scalar
from service.scoring.models.bundle import Bundle
from service.scoring.propensity import SEGMENT


def heard_one(bundle: Bundle, attributes: Mapping[str, Scalar], segment: bool) -> dict[str, float]:
    """The words of one customer; no segment where too little is known."""
    columns = bundle.columns(attributes)
    scores = bundle.score_columns(columns)
    found = bundle.segment_of(attributes, columns) if segment else None
    return scores if found is None else {**scores, SEGMENT + found.id: 1.0}


def heard_many(bundle: Bundle, frame: Any, segment: bool) -> dict[str, Array]:
    """The words of the n customers of a table, (n,) each; 0 for every segment a customer is not in."""
    scores = bundle.score_many(frame)
    if not segment or bundle.segments is None:
        return scores
    places = bundle.segments.nearest(bundle.segments.standard.of_frame(frame))
    named = {SEGMENT + one.id: np.equal(places, at).astype(float) for at, one in enumerate(bundle.segments.segments)}
    return {**scores, **named}
