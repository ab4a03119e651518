"""Models from the service's own observations: one for each family, and for each offer that is better off with its own.

A model learns from each customer's newest observation, so that no customer is on both sides of a fold. It is refused
with a reason where it is too weak; the other offers have evidence (``smoothing``). The holdout is never learned from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from service.analysis.model_gate import LARGEST_CALIBRATION_ERROR, LEAST_AUC
from service.core.attributes.features import FeatureProgram
from service.decision import compile_policy
from service.rules.policy import Policy
from service.scoring.evidence import Evidence
from service.scoring.propensity import OFFER
from training.arrays import Floats
from training.data.training_sample import varying_columns
from training.evaluation.metrics import by_chance, log_loss, measure
from training.experience.export import facts_of
from training.experience.first_exposures import FirstExposure
from training.experience.observations import Experience, Observation
from training.experience.smoothing import count_evidence
from training.models.propensity import PropensityModel

LEAST_OUTCOMES = 50
"""A model needs this many takers and this many others (as AWS requires for an action)."""
MOST_OFFERS = 8
"""The most offers with a model of their own, the most taken first: each costs every fresh decision its trees."""


@dataclass(frozen=True)
class ModelInputs:
    """The columns that models read of an observation's customer."""

    program: FeatureProgram
    names: list[str]
    categories: dict[str, list[str]]

    def matrix(self, observations: Sequence[Observation | FirstExposure]) -> Floats:
        """(n, f): the attributes and features as of each observation's decision."""
        columns: dict[str, Any] = dict(self.program.table.encode_frame(facts_of(observations, self.program.table)))
        self.program.derive_many(columns)
        return self.program.matrix(self.names, self.categories, columns)


@dataclass(frozen=True)
class LearnedModels:
    """The models by name, the manifest's ``evidence``, and the reason of each model that was refused."""

    policy: Policy
    inputs: ModelInputs
    models: Mapping[str, PropensityModel]
    metrics: Mapping[str, Mapping[str, Any]]
    evidence: Mapping[str, Any] | None
    refused: Mapping[str, str]

    def propensity(self, observations: Sequence[Observation]) -> Floats:
        """P(the offer is taken) of each observation (n,), resolved as in serving."""
        matrix = self.inputs.matrix(observations)
        scores = {name: model.predict_proba(matrix)[:, 1] for name, model in self.models.items()}
        said = Evidence(self.evidence).scores_beside(scores) if self.evidence else {}
        scores |= {name: np.full(len(observations), figure) for name, figure in said.items()}
        ready = compile_policy(self.policy)
        resolved = ready.score_resolver.resolve_many(scores, len(observations)).propensity[:, :, 0]
        return np.asarray(
            resolved[
                np.arange(len(observations)), [ready.places.offer[observation.offer] for observation in observations]
            ]
        )


def model_inputs(observations: Sequence[Observation], policy: Policy) -> ModelInputs:
    """The attributes and features that vary among these customers."""
    program = FeatureProgram(policy.attributes)
    columns: dict[str, Any] = dict(policy.attributes.encode_frame(facts_of(observations, policy.attributes)))
    program.derive_many(columns)
    names = varying_columns(policy.attributes, columns)
    return ModelInputs(program, names, program.categories(names, columns))


def learn(
    experience: Experience, policy: Policy, inputs: ModelInputs, seed: int, model: PropensityModel
) -> LearnedModels:
    """Train the family models, evidence by them, and the offers' own models where these are better; without the
    holdout."""
    offers = [observation for observation in experience.offers if not observation.held_out]
    models: dict[str, PropensityModel] = {}
    metrics: dict[str, Mapping[str, Any]] = {}
    refused: dict[str, str] = {}
    for family in policy.families if inputs.names else ():
        rows = newest(
            observation
            for observation in experience.families
            if observation.exposure.family == family and not observation.held_out
        )
        fitted, figures, reason = _fitted(rows, inputs, seed, model)
        if fitted is None or reason:
            refused[family] = reason
        else:
            models[family], metrics[family] = fitted, figures
    expected = {family: one.predict_proba(inputs.matrix(offers))[:, 1] for family, one in models.items()}
    learned = LearnedModels(policy, inputs, models, metrics, count_evidence(policy, offers, expected), refused)
    for offer in _most_taken(offers) if inputs.names else ():
        rows = newest(observation for observation in offers if observation.offer == offer)
        fitted, figures, reason = _fitted(rows, inputs, seed, model)
        if fitted is not None and not reason:
            reason = _no_better(fitted, rows, learned)
        if fitted is None or reason:
            refused[OFFER + offer] = reason
        else:
            models[OFFER + offer], metrics[OFFER + offer] = fitted, figures
    return learned


def newest(observations: Any) -> list[Observation]:
    """The last observation of each customer, in order of customers."""
    last: dict[str, Observation] = {}
    for observation in observations:
        known = last.get(observation.exposure.customer_id)
        if known is None or known.at <= observation.at:
            last[observation.exposure.customer_id] = observation
    return [last[customer] for customer in sorted(last)]


def _most_taken(observations: Sequence[Observation]) -> list[str]:
    """The offers with enough outcomes, the most taken first, no more than may have a model."""
    taken: dict[str, int] = {}
    for observation in observations:
        taken[observation.offer] = taken.get(observation.offer, 0) + observation.taken
    enough = [offer for offer, count in taken.items() if count >= LEAST_OUTCOMES]
    return sorted(enough, key=lambda offer: (-taken[offer], offer))[:MOST_OFFERS]


def _fitted(
    observations: Sequence[Observation], inputs: ModelInputs, seed: int, model: PropensityModel
) -> tuple[PropensityModel | None, Mapping[str, Any], str]:
    """The model of these observations, its figures by out-of-fold scores, and why it may not be used (else empty)."""
    taken = np.array([observation.taken for observation in observations], dtype=np.float64)
    least = int(min(taken.sum(), len(taken) - taken.sum())) if len(taken) else 0
    if least < LEAST_OUTCOMES:
        return None, {}, f"{least} of one outcome, at least {LEAST_OUTCOMES} needed"
    fitted: PropensityModel = clone(model).set_params(random_state=seed)
    fitted.fit(inputs.matrix(observations), taken, names=inputs.names, categorical=list(inputs.categories))
    chance = by_chance(fitted.oof_scores_)
    figures = {**measure(taken, fitted.oof_scores_), "calibration_error_by_chance": chance, "rounds": fitted.rounds_}
    if figures["auc"] < LEAST_AUC:
        return fitted, figures, f"AUC {figures['auc']:.3f}, at least {LEAST_AUC} needed"
    if figures["calibration_error"] > LARGEST_CALIBRATION_ERROR + chance:
        return fitted, figures, f"calibration error {figures['calibration_error']:.3f}"
    return fitted, figures, ""


def _no_better(fitted: PropensityModel, observations: Sequence[Observation], learned: LearnedModels) -> str:
    """Why an offer is better off without a model of its own; empty where the model's loss is less."""
    taken = np.array([observation.taken for observation in observations], dtype=np.float64)
    own, other = log_loss(taken, fitted.oof_scores_).mean(), log_loss(taken, learned.propensity(observations)).mean()
    return "" if own < other else f"log loss {own:.4f}, not below {other:.4f} without a model of its own"
