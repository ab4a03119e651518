"""A bundle's uplift by family: studied where treated and untreated are known, a model only where the study allows it.

From files a trial is ``treated_<family>`` of outcomes.sql, which must be assigned at random; its propensity is the
bundle's own out-of-fold score. From events a trial is ``first_exposures``: the customers whose first decision showed an
offer of the family, and the others. Attributes, circumstances, arm and chance decided that, all on record; holdout,
standing tests and exploration give every choice some probability, which is estimated on other rows. Rows with next to
none are left out.

The model that was measured on held-out rows is the one that serves: it is not fitted again on all rows.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from service.rules.policy import Policy
from service.scoring.propensity import UPLIFT
from training.arrays import Flags, Floats
from training.experience.first_exposures import circumstances_of, families_of, flags
from training.models.trained import TrainedFamily
from training.uplift.learners import TLearner
from training.uplift.randomised_trial import RandomisedTrial
from training.uplift.trial_study import Study, study

LEAST_TAKEN, LEAST_ARM = 50, 200
"""A study needs so many outcomes, and so many customers in either arm."""
LEAST_CHANCE = 0.05
"""Rows whose treatment, or the lack of it, was less likely than this are left out."""
OVER_SAMPLED = "takers are over-sampled in these files (true_rate)"
FOLDS = 2

Found = tuple[dict[str, Any], dict[str, TrainedFamily]]
"""The manifest's ``uplift`` by family, and the models, by name, that may be used."""


def study_families(
    trials: Mapping[str, RandomisedTrial],
    categories: Mapping[str, Sequence[str]],
    seed: int,
    over_sampled: Collection[str] = (),
) -> Found:
    """Study each family's trial; the trial's features are the columns that the bundle reads.

    Families with over-sampled takers are not studied: their rates do not differ by what the offer changed.
    """
    told: dict[str, Any] = {}
    models: dict[str, TrainedFamily] = {}
    for family, trial in trials.items():
        if lacking := OVER_SAMPLED if family in over_sampled else too_few(trial):
            told[family] = {"verdict": "not studied", "uplift": {"used": False, "why": lacking}}
            continue
        found = study(trial, seed=seed)
        told[family] = found.document()
        if found.used:
            models[UPLIFT + family] = _entry(found, trial, categories)
    return told, models


def describe_uplifts(told: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each family of the manifest's ``uplift``."""
    verdicts = {family: one["uplift"] for family, one in told.items()}
    return {family: f"{'used' if one['used'] else 'not used'}: {one['why']}" for family, one in verdicts.items()}


def too_few(trial: RandomisedTrial) -> str:
    """Why a trial is too small to study, in words; empty where it is not."""
    arms = int(min((trial.treated == 1).sum(), (trial.treated == 0).sum()))
    if arms < LEAST_ARM:
        return f"{arms} customers in one arm, at least {LEAST_ARM} needed"
    taken = int((trial.outcome > 0).sum())
    return "" if taken >= LEAST_TAKEN else f"{taken} outcomes, at least {LEAST_TAKEN} needed"


def randomised_trials(sample: Any, out_of_fold: Mapping[str, Any]) -> dict[str, RandomisedTrial]:
    """By family, the customers of a training sample whose treatment is known.

    ``out_of_fold``: by family, out-of-fold scores (``OutOfFold``).
    """
    found = {}
    for family, treated in sample.outcomes.treated.items():
        known = ~np.isnan(treated)
        whole = RandomisedTrial(
            inputs=sample.rows,
            treated=treated,
            outcome=sample.outcomes.bought[family],
            features=tuple(sample.names),
            propensity=_scores(out_of_fold.get(family), known),
        )
        found[family] = whole.rows(known)
    return found


def estimate_chance(trial: RandomisedTrial, circumstances: Floats, seed: int) -> RandomisedTrial:
    """The rows that could have been treated or not, with their probability of treatment, estimated out of fold.

    ``circumstances`` (n, c): what the decision knew beside the features.
    """
    whole = np.column_stack([trial.inputs, circumstances])
    fold = np.random.default_rng(seed).permutation(len(trial.treated)) % FOLDS
    chance = np.empty(len(trial.treated))
    for one in range(FOLDS):
        model = TLearner(random_state=seed).model_of(whole[fold != one], trial.treated[fold != one])
        chance[fold == one] = model.predict(whole[fold == one])
    return RandomisedTrial(trial.inputs, trial.treated, trial.outcome, trial.features, trial.left_out, chance).rows(
        (chance >= LEAST_CHANCE) & (chance <= 1.0 - LEAST_CHANCE)
    )


def uplifts_from_events(experience: Any, inputs: Any, policy: Policy, seed: int) -> Found:
    """What showing an offer of each family changes, by first exposures; the holdout takes part here, and only here.

    ``experience``: with its first exposures; ``inputs``: the columns by which models read a customer.
    """
    exposures = experience.first_exposures
    families = families_of(exposures, policy) if inputs.names else []
    if not families:
        return {}, {}
    matrix, circumstances = inputs.matrix(exposures), circumstances_of(exposures)
    trials = {
        family: estimate_chance(
            RandomisedTrial(matrix, *flags(exposures, family), tuple(inputs.names)), circumstances, seed
        )
        for family in families
    }
    return study_families(trials, inputs.categories, seed)


def _scores(out_of_fold: Any, known: Flags) -> Floats | None:
    """The scores of all customers, None where one of those in the trial has none."""
    scores = np.full(len(known), np.nan)
    if out_of_fold is not None:
        scores[out_of_fold.rows] = out_of_fold.scores
    return None if np.isnan(scores[known]).any() else scores


def _entry(found: Study, trial: RandomisedTrial, categories: Mapping[str, Sequence[str]]) -> TrainedFamily:
    parts = found.model.parts()
    return TrainedFamily(
        models=[booster.model_to_string() for booster, _ in parts],
        features=list(trial.features),
        calibration=found.line,
        metrics={"learner": found.learner, "qini": found.qini.document(), "beyond": found.beyond.document()},
        base_rate=found.effect.value,
        categories=categories,
        weights=[weight for _, weight in parts],
    )
