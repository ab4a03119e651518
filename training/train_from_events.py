"""Training from the service's own decisions and events to a bundle of models.

Order: observations (``observations``) -> facts of their time as a matrix -> models of families and offers, and evidence
(``offer_models``) -> responses (``smoothing``) -> three folds of customers, each scored by models of the other two and
compared with the propensities by which it was served -> bundle -> gate. An offer without a model has its family's
propensity times its share; a family without one has evidence; so a bank's first week gives a bundle. All of a bundle's
figures are probabilities to be taken within the same window after being shown, and so comparable.

The holdout is never learned from: it was served by priors alone, and measures the bundle against these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from service.analysis.model_gate import Verdict, judge_challenger
from service.core.errors import InvalidInput
from service.core.grid import DAY_MS, day_at
from service.core.progress import Progress
from service.rules.policy import Policy
from service.scoring.propensity import TICKET
from training.arrays import Floats
from training.bundles.learned_from import LearnedFrom
from training.bundles.registry import write_bundle
from training.bundles.review_from_events import review_and_reference
from training.evaluation.against_served import compare_with_served
from training.experience.observations import Experience, Observation
from training.experience.smoothing import count_response
from training.models.offer_models import LearnedModels, ModelInputs, learn, model_inputs, newest
from training.models.propensity import PropensityModel
from training.models.ticket import LEAST_AMOUNTS, fit_ticket
from training.models.trained import TrainedFamily
from training.uplift.bundle_part import describe_uplifts, uplifts_from_events

FOLDS = 3
UNMODELLED = PropensityModel(
    members=((8, 1.0),), learning_rate=0.05, min_data_in_leaf=20, lambda_l2=5.0, rounds=200, patience=25
)
"""The unfitted model of a family or an offer: smaller than one for a whole bank, with less to learn from."""
OUTCOME = "took an offer of the family within {days:g} days of being shown one"


@dataclass(frozen=True)
class EventTraining:
    """The new bundle's ``version``, the ``gate``'s verdict, and the figures behind it."""

    version: str
    gate: Verdict
    summary: Mapping[str, Any]


def learn_bundle(
    experience: Experience,
    policy: Policy,
    artifacts: Path,
    seed: int = 7,
    kept: Mapping[str, Any] | None = None,
    model: PropensityModel = UNMODELLED,
    progress: Progress | None = None,
) -> EventTraining:
    """Train a bundle from experience under the policy that serves.

    ``kept``: the manifest of the bundle that serves, from which bank, segments and lapse are copied: events do not
    teach them. The same seed and experience give the same bundle.

    Raises: InvalidInput: no window is over yet.
    """
    observations = [observation for observation in experience.offers if not observation.held_out]
    if not observations:
        raise InvalidInput("there is nothing to learn from yet: " + why_nothing(experience))
    told = progress or (lambda _done, _of: None)
    inputs = model_inputs(observations, policy)
    learned = learn(experience, policy, inputs, seed, model)
    told(1, FOLDS + 1)
    apart = np.zeros(len(observations))
    for fold in range(FOLDS):
        out = np.array([_fold(observation) == fold for observation in observations])
        apart[out] = _out_of_fold(
            experience, policy, inputs, seed, model, fold, [observations[row] for row in np.flatnonzero(out)]
        )
        told(fold + 2, FOLDS + 1)
    figures = _figures(experience, learned, observations, apart)
    response = count_response(policy, observations, learned.propensity(observations))
    gains, gainful = uplifts_from_events(experience, inputs, policy, seed)
    parts = {name: (kept or {}).get(name) for name in ("segments", "lapse")}
    bank = (kept or {}).get("about", {}).get("bank")
    parts["about"] = None if bank is None else {"bank": bank}
    parts |= {"evidence": learned.evidence, "response": response, "experience": figures, "uplift": gains or None}
    review, parts["reference"] = review_and_reference(experience, learned, seed)
    version = write_bundle(
        artifacts,
        {name: _entry(name, learned) for name in learned.models} | _tickets(experience, learned, seed) | gainful,
        policy.attributes.only(_read(learned, response)).document,
        outcome={family: OUTCOME.format(days=experience.window_days) for family in policy.families},
        horizon_days=max(1, round(experience.window_days)),
        seed=seed,
        sources={"experience": _digest(experience), "policy": policy.hash},
        parts={name: part for name, part in parts.items() if part is not None},
        review=review,
        learned_from=_learned_from(experience, policy),
    )
    families = {name: metrics for name, metrics in learned.metrics.items() if name in policy.families}
    return EventTraining(
        version, judge_challenger(families, None, figures), {**figures, "uplift": describe_uplifts(gains)}
    )


def _learned_from(experience: Experience, policy: Policy) -> LearnedFrom:
    """The filter of its customers, with the holdout, which uplift learns from; until the end of the last window."""
    until = max(one.at for one in experience.offers) + round(experience.window_days * DAY_MS)
    ids = sorted({one.exposure.customer_id for one in experience.offers})
    return LearnedFrom.by_customers(ids, day_at(until, policy.contact.timezone), _digest(experience))


def why_nothing(experience: Experience) -> str:
    """What was left out, in words."""
    if not experience.left_out:
        return "no personalised decision is stored in that time"
    counted = ", ".join(f"{count} {reason}" for reason, count in sorted(experience.left_out.items()))
    return f"of what was shown, left out were {counted} (the window is {experience.window_days:g} days)"


def _out_of_fold(
    experience: Experience,
    policy: Policy,
    inputs: ModelInputs,
    seed: int,
    model: PropensityModel,
    fold: int,
    observations: Sequence[Observation],
) -> Floats:
    """Out-of-fold propensities of one fold's observations, by models of the other folds' customers."""
    others = Experience(
        [observation for observation in experience.offers if _fold(observation) != fold],
        [observation for observation in experience.families if _fold(observation) != fold],
        experience.window_days,
    )
    return learn(others, policy, inputs, seed, model).propensity(observations)


def _fold(observation: Observation) -> int:
    """The fold of an observation's customer, by hash: all observations of a customer are in one fold."""
    return int(sha256(observation.exposure.customer_id.encode()).hexdigest()[:8], 16) % FOLDS


def _figures(
    experience: Experience, learned: LearnedModels, observations: Sequence[Observation], apart: Floats
) -> dict[str, Any]:
    """The manifest's ``experience``: counts, and the comparison with the propensities as served."""
    held_out = [observation for observation in experience.offers if observation.held_out]
    return {
        "window_days": experience.window_days,
        "trials": len(observations),
        "taken": sum(observation.taken for observation in observations),
        "customers": len({observation.exposure.customer_id for observation in observations}),
        "left_out": dict(experience.left_out),
        "seen_by": dict(experience.seen_by),
        "models": sorted(learned.models),
        "without_model": dict(learned.refused),
        "as_served": compare_with_served(observations, apart),
        "holdout": compare_with_served(held_out, learned.propensity(held_out)) if held_out else None,
    }


def _tickets(experience: Experience, learned: LearnedModels, seed: int) -> dict[str, TrainedFamily]:
    """``{"ticket:<family>": model}`` where the amounts of enough purchases are known; without the holdout."""
    inputs, found = learned.inputs, {}
    for family in learned.policy.families if learned.models else ():
        sold = [one for one in experience.families if one.taken and one.amount_yuan and not one.held_out]
        rows = newest(one for one in sold if one.exposure.family == family)
        if len(rows) >= LEAST_AMOUNTS:
            yuan = np.array([one.amount_yuan for one in rows], dtype=np.float64)
            found[TICKET + family] = fit_ticket(inputs.matrix(rows), yuan, inputs.names, inputs.categories, seed)
    return found


def _entry(name: str, learned: LearnedModels) -> TrainedFamily:
    model, inputs, metrics = learned.models[name], learned.inputs, learned.metrics[name]
    table = model.table()
    return TrainedFamily(
        models=model.texts(),
        features=inputs.names,
        calibration=(table.x, table.y),
        metrics=metrics,
        base_rate=float(metrics["base_rate"]),
        categories=inputs.categories,
    )


def _read(learned: LearnedModels, response: Mapping[str, Any] | None) -> list[str]:
    grouped = [] if response is None else [response["attribute"]]
    return [*(learned.inputs.names if learned.models else ()), *grouped]


def _digest(experience: Experience) -> str:
    """SHA-256 of the observations, in order: the source that the manifest states."""
    digest = sha256()
    for observation in (*experience.offers, *experience.families):
        said = (
            observation.exposure.customer_id,
            observation.exposure.decision["id"],
            observation.offer,
            observation.at,
            observation.taken,
        )
        digest.update(repr((*said, observation.amount_yuan)).encode())
    return digest.hexdigest()
