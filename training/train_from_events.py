"""A bundle from the service's own experience: what was shown, what was taken, and what that is better than.

Order: observations (``observations``) -> facts of their time as a matrix -> models of families and offers, and evidence
(``offer_models``) -> responses (``smoothing``) -> the same, learned from two thirds of the customers and held against
the other third, beside the propensities by which they were really served -> bundle -> gate. An offer without a model
has its family's times its share; a family without one has evidence; so a bank's first week gives a bundle, however
little it says. All of one bundle's figures are chances to be taken within the same window of being shown, and so
comparable.

The holdout is never learned from: it was served by priors alone, and tells what the bundle is worth beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service.analysis.model_gate import Verdict, gate
from service.core.errors import InvalidInput
from service.core.grid import DAY_MS, day_at
from service.rules.policy import Policy
from service.scoring.propensity import TICKET
from training.bundles.learned_from import LearnedFrom
from training.bundles.registry import TrainedFamily, write_bundle
from training.bundles.review_from_events import kept_of
from training.evaluation.against_served import compared
from training.experience.observations import Experience, Trial
from training.experience.smoothing import response_of
from training.models.offer_models import Facts, Lessons, facts_for, learn, newest
from training.models.propensity import PropensityModel
from training.models.ticket import LEAST_AMOUNTS, fit_ticket
from training.uplift.bundle_part import said
from training.uplift.from_events import uplifts_of

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

FOLDS = 3
UNMODELLED = PropensityModel(
    members=((8, 1.0),), learning_rate=0.05, min_data_in_leaf=20, lambda_l2=5.0, rounds=200, patience=25
)
"""The unfitted model of a family or an offer: smaller than one trained on a whole bank, with less to learn from."""
OUTCOME = "took an offer of the family within {days:g} days of being shown one"


@dataclass(frozen=True)
class Learned:
    """The new bundle's ``version``, what the ``gate`` says of it, and the figures it says it by."""

    version: str
    gate: Verdict
    summary: Mapping[str, Any]


def learn_bundle(
    lived: Experience,
    policy: Policy,
    artifacts: Path,
    seed: int = 7,
    kept: Mapping[str, Any] | None = None,
    model: PropensityModel = UNMODELLED,
    progress: Progress | None = None,
) -> Learned:
    """Train a bundle from experience under the policy that serves.

    ``kept``: the manifest of the bundle that serves; its bank, segments and lapse, which events do not teach, stay. The
    same seed and experience give the same bundle. InvalidInput where no window is over.
    """
    trials = [trial for trial in lived.offers if not trial.held_out]
    if not trials:
        raise InvalidInput("there is nothing to learn from yet: " + why_nothing(lived))
    told = progress or (lambda _done, _of: None)
    facts = facts_for(trials, policy)
    lessons = learn(lived, policy, facts, seed, model)
    told(1, FOLDS + 1)
    apart = np.zeros(len(trials))
    for fold in range(FOLDS):
        out = np.array([_fold(trial) == fold for trial in trials])
        apart[out] = _unseen(lived, policy, facts, seed, model, fold, [trials[row] for row in np.flatnonzero(out)])
        told(fold + 2, FOLDS + 1)
    figures = _figures(lived, lessons, trials, apart)
    response = response_of(policy, trials, lessons.propensity(trials))
    gains, gainful = uplifts_of(lived, facts, policy, seed)
    parts = {name: (kept or {}).get(name) for name in ("segments", "lapse")}
    bank = (kept or {}).get("about", {}).get("bank")
    parts["about"] = None if bank is None else {"bank": bank}
    parts |= {"evidence": lessons.evidence, "response": response, "experience": figures, "uplift": gains or None}
    review, parts["reference"] = kept_of(lived, lessons, seed)
    version = write_bundle(
        artifacts,
        {name: _entry(name, lessons) for name in lessons.models} | _tickets(lived, lessons, seed) | gainful,
        policy.attributes.only(_read(lessons, response)).document,
        outcome={family: OUTCOME.format(days=lived.window_days) for family in policy.families},
        horizon_days=max(1, round(lived.window_days)),
        seed=seed,
        sources={"experience": _digest(lived), "policy": policy.hash},
        parts={name: part for name, part in parts.items() if part is not None},
        review=review,
        learned_from=_learned_from(lived, policy),
    )
    families = {name: metrics for name, metrics in lessons.metrics.items() if name in policy.families}
    return Learned(version, gate(families, None, figures), {**figures, "uplift": said(gains)})


def _learned_from(lived: Experience, policy: Policy) -> LearnedFrom:
    """Whom it learns from, the holdout included, of whom the uplift knows; until the last window was over."""
    until = max(one.at for one in lived.offers) + round(lived.window_days * DAY_MS)
    ids = sorted({one.showing.customer_id for one in lived.offers})
    return LearnedFrom.by_customers(ids, day_at(until, policy.contact.timezone), _digest(lived))


def why_nothing(lived: Experience) -> str:
    """What was left out, in words."""
    if not lived.left_out:
        return "no personalised decision is stored in that time"
    counted = ", ".join(f"{count} {reason}" for reason, count in sorted(lived.left_out.items()))
    return f"of what was shown, left out were {counted} (the window is {lived.window_days:g} days)"


def _unseen(
    lived: Experience,
    policy: Policy,
    facts: Facts,
    seed: int,
    model: PropensityModel,
    fold: int,
    trials: Sequence[Trial],
) -> Floats:
    """The propensities of one fold's trials by what the other folds' customers taught."""
    others = Experience(
        [trial for trial in lived.offers if _fold(trial) != fold],
        [trial for trial in lived.families if _fold(trial) != fold],
        lived.window_days,
    )
    return learn(others, policy, facts, seed, model).propensity(trials)


def _fold(trial: Trial) -> int:
    """The fold of a trial's customer, by hash: all their trials are in one."""
    return int(sha256(trial.showing.customer_id.encode()).hexdigest()[:8], 16) % FOLDS


def _figures(lived: Experience, lessons: Lessons, trials: Sequence[Trial], apart: Floats) -> dict[str, Any]:
    """What the manifest tells of the experience: counts, and the comparison with how customers were served."""
    held_out = [trial for trial in lived.offers if trial.held_out]
    return {
        "window_days": lived.window_days,
        "trials": len(trials),
        "taken": sum(trial.taken for trial in trials),
        "customers": len({trial.showing.customer_id for trial in trials}),
        "left_out": dict(lived.left_out),
        "seen_by": dict(lived.seen_by),
        "models": sorted(lessons.models),
        "without_model": dict(lessons.refused),
        "as_served": compared(trials, apart),
        "holdout": compared(held_out, lessons.propensity(held_out)) if held_out else None,
    }


def _tickets(lived: Experience, lessons: Lessons, seed: int) -> dict[str, TrainedFamily]:
    """``{"ticket:<family>": model}`` where the amounts of enough purchases are known; without the holdout."""
    facts, found = lessons.facts, {}
    for family in lessons.policy.families if lessons.models else ():
        sold = [one for one in lived.families if one.taken and one.amount_yuan and not one.held_out]
        rows = newest(one for one in sold if one.showing.family == family)
        if len(rows) >= LEAST_AMOUNTS:
            yuan = np.array([one.amount_yuan for one in rows], dtype=np.float64)
            found[TICKET + family] = fit_ticket(facts.matrix(rows), yuan, facts.names, facts.categories, seed)
    return found


def _entry(name: str, lessons: Lessons) -> TrainedFamily:
    model, facts, metrics = lessons.models[name], lessons.facts, lessons.metrics[name]
    table = model.table()
    return TrainedFamily(
        models=model.texts(),
        features=facts.names,
        calibration=(table.x, table.y),
        metrics=metrics,
        base_rate=float(metrics["base_rate"]),
        categories=facts.categories,
    )


def _read(lessons: Lessons, response: Mapping[str, Any] | None) -> list[str]:
    grouped = [] if response is None else [response["attribute"]]
    return [*(lessons.facts.names if lessons.models else ()), *grouped]


def _digest(lived: Experience) -> str:
    """SHA-256 of the trials, in order: the source that the manifest states."""
    digest = sha256()
    for trial in (*lived.offers, *lived.families):
        said = (trial.showing.customer_id, trial.showing.decision["id"], trial.offer, trial.at, trial.taken)
        digest.update(repr((*said, trial.amount_yuan)).encode())
    return digest.hexdigest()
