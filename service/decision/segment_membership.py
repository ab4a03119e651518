"""Segment membership: which of the marketers' segments a customer is in, apart from any decision. Pure.

Only what the conditions read is computed, a small part of a decision. No condition is true of a customer who may not be
read (``privacy.is_personal``), or who dropped the segment's label.
"""

from collections.abc import Mapping
from typing import Any

from service.core.domain import Context, Snapshot
from service.core.expressions import Expression, compile_truth, fold
from service.decision.columns import RuleColumns
from service.decision.compiled import compile_policy
from service.decision.privacy import is_personal
from service.decision.segment_and_stage import NAMES, UNKNOWN, with_stages
from service.rules.history.event_counts import group_events
from service.rules.model.labels import TARGET, unless_dropped
from service.rules.policy import Policy
from service.scoring.propensity import Scores


class SegmentMembership:
    """Conditions of one policy by name, compiled; with ``placed``, the trained segment and the stage too."""

    def __init__(self, policy: Policy, whens: Mapping[str, Expression], placed: bool = False) -> None:
        """Compiles the conditions and what they read."""
        self._holds = {
            name: compile_truth(fold(when, policy.static_columns), many=False) for name, when in whens.items()
        }
        asked = frozenset(NAMES) if placed else frozenset()
        names = with_stages(policy, asked.union(*(when.names for when in whens.values())))
        self._columns = RuleColumns(policy, compile_policy(policy).places, names)

    def evaluate(
        self, snapshot: Snapshot, context: Context, scores: Scores
    ) -> tuple[dict[str, bool], Mapping[str, Any]]:
        """Name -> whether the condition is true; and the columns, ``customer.segment`` and ``.stage`` among them."""
        if not is_personal(snapshot.attributes, snapshot.consents):
            return dict.fromkeys(self._holds, False), UNKNOWN
        past = group_events(snapshot.trails, snapshot.surveys, self._columns.places, context.now)
        columns, _ = self._columns.of_one(snapshot, context, scores, past, self._columns.moment(context.now))
        found = {
            name: bool(unless_dropped(holds(columns), columns, TARGET + name)) for name, holds in self._holds.items()
        }
        return found, columns
