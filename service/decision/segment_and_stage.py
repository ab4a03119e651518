"""Segment and stage: the trained segment of a customer and their stage of life, as columns. Pure.

``customer.segment`` comes with the scores (``segment:<id>``), so that a record holds it and a replay needs no model.
``customer.stage`` is the first of the portrait's stages that is true. Both are None where they are unknown, for a
customer who is not personalised or dropped the label (``labels``), and where no rule reads them: then they are not
computed.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

import numpy as np

from service.core.expressions import compile_truth
from service.core.grid import Array
from service.rules.model import labels
from service.rules.model.labels import is_dropped
from service.rules.policy import Policy
from service.scoring.propensity import SEGMENT, Scores

NAMES = ("customer.segment", "customer.stage")
UNKNOWN: Mapping[str, None] = dict.fromkeys(NAMES)
"""The columns of a customer who is not personalised."""


def with_stages(policy: Policy, names: frozenset[str]) -> frozenset[str]:
    """The names and, where the stage of life is among them, all that the stages read."""
    stages = policy.portrait.stages if NAMES[1] in names else ()
    return names.union(*(stage.when.names for stage in stages))


class SegmentAndStage:
    """One policy's stages, compiled; ``names`` are those that its rules read."""

    def __init__(self, policy: Policy, names: frozenset[str]) -> None:
        self.reads_segment = NAMES[0] in names
        stages = policy.portrait.stages if NAMES[1] in names else ()
        self._one = [(stage.id, compile_truth(stage.when, many=False)) for stage in stages]
        self._many = [(stage.id, compile_truth(stage.when, many=True)) for stage in stages]

    def add_one(self, columns: MutableMapping[str, Any], scores: Scores) -> None:
        """Add both to the columns of one customer."""
        segment = self.reads_segment and not is_dropped(columns, labels.SEGMENT)
        stages = () if is_dropped(columns, labels.STAGE) else self._one
        columns[NAMES[0]] = _segment(scores) if segment else None
        columns[NAMES[1]] = next((stage for stage, holds in stages if holds(columns)), None)

    def add_many(self, columns: MutableMapping[str, Any], scores: Mapping[str, Array], customers: int) -> None:
        """Add both to the columns of n customers, as (n, 1, 1)."""
        segments, stages = (np.full((customers, 1, 1), None, dtype=object) for _ in NAMES)
        if self.reads_segment:
            for name in (one for one in scores if one.startswith(SEGMENT)):
                segments[scores[name] == 1.0] = name.removeprefix(SEGMENT)
        for stage, holds in reversed(self._many):
            stages[np.broadcast_to(holds(columns), stages.shape)] = stage
        for label, column in zip((labels.SEGMENT, labels.STAGE), (segments, stages), strict=True):
            column[np.broadcast_to(is_dropped(columns, label), column.shape)] = None
        columns.update(zip(NAMES, (segments, stages), strict=True))


def _segment(scores: Scores) -> str | None:
    return next(
        (name.removeprefix(SEGMENT) for name, said in scores.items() if said and name.startswith(SEGMENT)), None
    )
