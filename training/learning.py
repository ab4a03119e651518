"""A bundle from the service's own experience: what was shown, what was taken, and what that is better than.

Order: trials (``trials``) -> facts of their time as a matrix -> a model for each family, and for each offer that has
enough outcomes and is better off with its own -> evidence and responses (``counted``) -> the same, learned from two
thirds of the customers and held against the other third, beside the propensities by which they were really served ->
bundle -> gate. An offer without a model has its family's times its share; a family without one has evidence; so a
bank's first week gives a bundle, however little it says. All of one bundle's figures are chances to be taken within
the same window of being shown, and so comparable.

The holdout is never learned from: it was served by priors alone, and tells what the bundle is worth beside them. A
model learns from each customer's newest trial, so that nobody stands on both sides of a fold; evidence counts all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from service.decision import prepared
from service.errors import InvalidInput
from service.rules.policy import Policy
from service.scoring.evidence import Evidence
from service.scoring.features import FeatureProgram
from service.scoring.hearing import OFFER, TICKET
from training.compared import by_chance, compared, log_loss
from training.counted import evidence_of, response_of
from training.evaluate import measure
from training.fit import PropensityModel
from training.registry import LARGEST_CALIBRATION_ERROR, LEAST_AUC, TrainedFamily, Verdict, gate, write_bundle
from training.table import facts_of
from training.ticket import LEAST_AMOUNTS, fit_ticket
from training.train import telling
from training.trials import Experience, Trial

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

LEAST_OUTCOMES = 50
"""A model needs at least so many customers who took, and so many who did not (as AWS asks of an action)."""
MOST_OFFERS = 8
"""So many offers, those taken most, may have a model of their own: each costs every fresh decision its trees."""
FOLDS = 3
UNMODELLED = PropensityModel(
    members=((8, 1.0),), learning_rate=0.05, min_data_in_leaf=20, lambda_l2=5.0, rounds=200, patience=25
)
"""The unfitted model of a family or an offer: smaller than one trained on a whole bank, with less to learn from."""
OUTCOME = "took an offer of the family within {days:g} days of being shown one"


@dataclass(frozen=True)
class Facts:
    """The columns by which models read a trial's customer."""

    program: FeatureProgram
    names: list[str]
    categories: dict[str, list[str]]

    def matrix(self, trials: Sequence[Trial]) -> Floats:
        """(n, f): the attributes and features of each trial's own time."""
        columns: dict[str, Any] = dict(self.program.table.encode_frame(facts_of(trials, self.program.table)))
        self.program.many(columns)
        return self.program.matrix(self.names, self.categories, columns)


@dataclass(frozen=True)
class Lessons:
    """What was learned: models by name, the manifest's ``evidence``, and who was not fit to be one, with the reason."""

    policy: Policy
    facts: Facts
    models: Mapping[str, PropensityModel]
    metrics: Mapping[str, Mapping[str, Any]]
    evidence: Mapping[str, Any] | None
    refused: Mapping[str, str]

    def propensity(self, trials: Sequence[Trial]) -> Floats:
        """P(the offer is taken) at each trial (n,), by the same hearing as serving."""
        matrix = self.facts.matrix(trials)
        scores = {name: model.predict_proba(matrix)[:, 1] for name, model in self.models.items()}
        said = Evidence(self.evidence).said(scores) if self.evidence else {}
        scores |= {name: np.full(len(trials), figure) for name, figure in said.items()}
        ready = prepared(self.policy)
        heard = ready.hearing.many(scores, len(trials)).propensity[:, :, 0]
        return np.asarray(heard[np.arange(len(trials)), [ready.places.offer[trial.offer] for trial in trials]])


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

    ``kept``: the manifest of the bundle that serves; its segments and lapse, which events do not teach, are kept. The
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
    parts = {name: (kept or {}).get(name) for name in ("segments", "lapse")}
    parts |= {"evidence": lessons.evidence, "response": response, "experience": figures}
    version = write_bundle(
        artifacts,
        {name: _entry(name, lessons) for name in lessons.models} | _tickets(lived, lessons, seed),
        policy.attributes.only(_read(lessons, response)).document,
        outcome={family: OUTCOME.format(days=lived.window_days) for family in policy.families},
        horizon_days=max(1, round(lived.window_days)),
        seed=seed,
        sources={"experience": _digest(lived), "policy": policy.hash},
        parts={name: part for name, part in parts.items() if part is not None},
    )
    families = {name: metrics for name, metrics in lessons.metrics.items() if name in policy.families}
    return Learned(version, gate(families, None, figures), figures)


def why_nothing(lived: Experience) -> str:
    """What was left out, in words."""
    if not lived.left_out:
        return "no personalised decision is stored in that time"
    counted = ", ".join(f"{count} {reason}" for reason, count in sorted(lived.left_out.items()))
    return f"of what was shown, left out were {counted} (the window is {lived.window_days:g} days)"


def facts_for(trials: Sequence[Trial], policy: Policy) -> Facts:
    """The attributes and features that tell these customers apart."""
    program = FeatureProgram(policy.attributes)
    columns: dict[str, Any] = dict(policy.attributes.encode_frame(facts_of(trials, policy.attributes)))
    program.many(columns)
    names = telling(policy.attributes, columns)
    return Facts(program, names, program.categories(names, columns))


def learn(lived: Experience, policy: Policy, facts: Facts, seed: int, model: PropensityModel) -> Lessons:
    """Family models, evidence by them, and the offers' own models where these are better; without the holdout."""
    offers = [trial for trial in lived.offers if not trial.held_out]
    models: dict[str, PropensityModel] = {}
    metrics: dict[str, Mapping[str, Any]] = {}
    refused: dict[str, str] = {}
    for family in policy.families if facts.names else ():
        rows = newest(trial for trial in lived.families if trial.showing.family == family and not trial.held_out)
        fitted, figures, reason = _fitted(rows, facts, seed, model)
        if fitted is None or reason:
            refused[family] = reason
        else:
            models[family], metrics[family] = fitted, figures
    expected = {family: one.predict_proba(facts.matrix(offers))[:, 1] for family, one in models.items()}
    lessons = Lessons(policy, facts, models, metrics, evidence_of(policy, offers, expected), refused)
    for offer in _most_taken(offers) if facts.names else ():
        rows = newest(trial for trial in offers if trial.offer == offer)
        fitted, figures, reason = _fitted(rows, facts, seed, model)
        if fitted is not None and not reason:
            reason = _no_better(fitted, rows, lessons)
        if fitted is None or reason:
            refused[OFFER + offer] = reason
        else:
            models[OFFER + offer], metrics[OFFER + offer] = fitted, figures
    return lessons


def newest(trials: Any) -> list[Trial]:
    """The last trial of each customer, in order of customers."""
    last: dict[str, Trial] = {}
    for trial in trials:
        known = last.get(trial.showing.customer_id)
        if known is None or known.at <= trial.at:
            last[trial.showing.customer_id] = trial
    return [last[customer] for customer in sorted(last)]


def _most_taken(trials: Sequence[Trial]) -> list[str]:
    """The offers with enough outcomes, the most taken first, no more than may have a model."""
    taken: dict[str, int] = {}
    for trial in trials:
        taken[trial.offer] = taken.get(trial.offer, 0) + trial.taken
    enough = [offer for offer, count in taken.items() if count >= LEAST_OUTCOMES]
    return sorted(enough, key=lambda offer: (-taken[offer], offer))[:MOST_OFFERS]


def _fitted(
    trials: Sequence[Trial], facts: Facts, seed: int, model: PropensityModel
) -> tuple[PropensityModel | None, Mapping[str, Any], str]:
    """The model of these trials with its figures on unseen customers; or why it may not be used."""
    taken = np.array([trial.taken for trial in trials], dtype=np.float64)
    least = int(min(taken.sum(), len(taken) - taken.sum())) if len(taken) else 0
    if least < LEAST_OUTCOMES:
        return None, {}, f"{least} of one outcome, at least {LEAST_OUTCOMES} needed"
    fitted: PropensityModel = clone(model).set_params(random_state=seed)
    fitted.fit(facts.matrix(trials), taken, names=facts.names, categorical=list(facts.categories))
    chance = by_chance(fitted.unseen_)
    figures = {**measure(taken, fitted.unseen_), "calibration_error_by_chance": chance, "rounds": fitted.rounds_}
    if figures["auc"] < LEAST_AUC:
        return fitted, figures, f"AUC {figures['auc']:.3f}, at least {LEAST_AUC} needed"
    if figures["calibration_error"] > LARGEST_CALIBRATION_ERROR + chance:
        return fitted, figures, f"calibration error {figures['calibration_error']:.3f}"
    return fitted, figures, ""


def _no_better(fitted: PropensityModel, trials: Sequence[Trial], lessons: Lessons) -> str:
    """Why an offer is better off without a model of its own; nothing where the model's loss is less."""
    taken = np.array([trial.taken for trial in trials], dtype=np.float64)
    own, other = log_loss(taken, fitted.unseen_).mean(), log_loss(taken, lessons.propensity(trials)).mean()
    return "" if own < other else f"log loss {own:.4f}, not below {other:.4f} without a model of its own"


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
