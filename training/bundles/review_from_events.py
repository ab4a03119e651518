"""Review and references of a bundle that learned from events: for the report, and for drift.

As from files, each family on the customers of its model: the newest observation of each, without the holdout, with
out-of-fold scores.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from service.core.grid import day_at
from service.rules.policy import Policy
from service.scoring.reference import reference_of
from training.arrays import Floats
from training.bundles.review import FORMAT, review_family
from training.evaluation.fairness import suitable
from training.experience.export import facts_of
from training.experience.observations import Experience, Observation
from training.models.offer_models import LearnedModels, newest
from training.models.trained import OutOfFold


@dataclass(frozen=True)
class Rows:
    """The matrix (n, f) a family's model learned from, with its columns."""

    rows: Floats
    names: list[str]
    categories: dict[str, list[str]]


def review_and_reference(
    experience: Experience, learned: LearnedModels, seed: int
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the bundle's review, and its references; None for these where no family has a model."""
    policy, inputs = learned.policy, learned.inputs
    families, scores, columns = {}, {}, dict[str, Any]()
    for family in (name for name in policy.families if name in learned.models):
        model = learned.models[family]
        observations = newest(one for one in experience.families if one.exposure.family == family and not one.held_out)
        taken = np.array([one.taken for one in observations], dtype=np.float64)
        out_of_fold = OutOfFold(np.arange(len(observations)), model.oof_scores_, taken, model.oof_served_)
        columns = dict(inputs.program.table.encode_frame(facts_of(observations, inputs.program.table)))
        inputs.program.derive_many(columns)
        sample = Rows(inputs.matrix(observations), inputs.names, inputs.categories)
        may = suitable(policy, _whole(policy, columns), _day(observations, policy.contact.timezone)).get(family)
        families[family] = review_family(model.texts(), sample, out_of_fold, columns, may, policy, seed)
        scores[family] = reference_of(out_of_fold.served)
    review = {"format": FORMAT, "policy": policy.hash, "families": families}
    if not families:
        return review, None
    spread = {name: reference_of(np.ravel(columns[f"customer.{name}"])) for name in inputs.names}
    return review, {"features": spread, "scores": scores}


def _whole(policy: Policy, columns: dict[str, Any]) -> dict[str, Any]:
    """Every raw attribute of the policy, unknown where it has no column."""
    unknown = {name: np.reshape(np.array(one), (1, 1, 1)) for name, one in policy.attributes.encode({}).items()}
    return {name: columns.get(name, one) for name, one in unknown.items()}


def _day(observations: list[Observation], timezone: str) -> date:
    """The bank's day of the newest observation."""
    return day_at(max(one.at for one in observations), timezone)
