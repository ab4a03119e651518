"""From a trial to a finding: learn, choose a learner, measure once on held-out rows.

The learner is chosen by its Qini coefficient across folds of the learning rows; only the chosen one is measured on the
held-out rows, once. It is compared with propensity, which targeting would use without uplift: the trial's own score,
else a model of the outcome among the treated. Where treatment was not equally likely for
all, the DR-learner is taken and every row counts 1/e or 1/(1 - e).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from service.analysis.policy_value import Estimate
from training.arrays import Floats
from training.uplift.curves import Curves, Ranking, bootstrap, curves
from training.uplift.learners import DRLearner, Learner, TLearner, XLearner
from training.uplift.randomised_trial import RandomisedTrial

LEARNERS: Mapping[str, type[Learner]] = {"t-learner": TLearner, "x-learner": XLearner, "dr-learner": DRLearner}
FOLDS = 2
HELD_OUT = 0.4
"""Share of the rows held out where they have no file of their own."""
Z = 1.959963984540054
NO_EFFECT = "no effect that can be told"
BOTH_WAYS = "no effect that can be told on average; some gain and some lose, and the ranking tells whom"
FOR_WHOM = "an effect, and for whom it is larger"
ON_AVERAGE = "an effect on average; for whom it is larger cannot be told"
HARM = "an effect that harms on average"


@dataclass(frozen=True, eq=False)
class Study:
    """The findings on the held-out rows, each figure with its 95 % interval.

    ``effect`` is treated less untreated; ``qini``, ``auuc`` those of the learner; ``beyond`` the learner's Qini
    coefficient less that of propensity. ``used`` says whether the ranking may take part in arbitration.
    """

    learner: str
    learned: int
    held_out: int
    effect: Estimate
    qini: Estimate
    auuc: Estimate
    propensity_qini: Estimate
    beyond: Estimate
    curve: Curves
    chosen: Mapping[str, float | None]
    left_out: tuple[str, ...]
    model: Learner
    line: tuple[list[float], list[float]]
    """Scores and the uplift that the held-out rows show at them: x and y of a straight line."""

    @property
    def used(self) -> bool:
        """The gate: the offer works on average, and the ranking gains more than chance and more than propensity.

        An offer that helps some and harms as many is a finding for people, not for arbitration.
        """
        return self.works and self.qini.low > 0.0 and self.beyond.low > 0.0

    @property
    def works(self) -> bool:
        """Whether the average effect is above zero with certainty."""
        return self.effect.low > 0.0

    @property
    def verdict(self) -> str:
        """What the held-out rows show, in words."""
        ranked = self.qini.low > 0.0
        if self.effect.high < 0.0:
            return HARM
        if not self.works:
            return BOTH_WAYS if ranked else NO_EFFECT
        return FOR_WHOM if ranked else ON_AVERAGE

    @property
    def why(self) -> str:
        """Why the ranking may be used in arbitration, or not."""
        told = f"Qini coefficient {_told(self.qini)}, beyond propensity {_told(self.beyond)}, on {self.held_out} rows"
        if self.used:
            return f"{told}: more than chance and more than propensity"
        if not self.works:
            return f"{told}; but on average {_told(self.effect)}: no gain that can be told"
        return f"{told}: not more than {'propensity' if self.qini.low > 0.0 else 'chance'} with certainty"

    def document(self) -> dict[str, Any]:
        """As plain JSON values; ``uplift`` is what a bundle's manifest carries."""
        figures = ("effect", "qini", "auuc", "propensity_qini", "beyond")
        return {
            "learner": self.learner,
            "learned": self.learned,
            "held_out": self.held_out,
            "left_out": list(self.left_out),
            **{name: getattr(self, name).document() for name in figures},
            "chosen": dict(self.chosen),
            "curve": self.curve.points(),
            "verdict": self.verdict,
            "uplift": {"used": self.used, "why": self.why},
        }


def study(
    learn: RandomisedTrial, valid: RandomisedTrial | None = None, seed: int = 7, value: float = 1.0, cost: float = 0.0
) -> Study:
    """Learn from ``learn``, measure on ``valid`` (or on rows of ``learn`` held out by chance).

    ``value`` is what one outcome brings, ``cost`` what one treatment takes; chosen: uplift x value above cost.
    """
    if valid is None:
        held = np.random.default_rng(seed).random(len(learn.outcome)) < HELD_OUT
        learn, valid = learn.rows(~held), learn.rows(held)
    name = _best(learn, seed)
    model = _fitted(name, learn, seed)
    score = model.predict(valid.inputs)
    rankings = Ranking.by(score), Ranking.by(_propensity(learn, valid, seed))
    weights = valid.weights

    def measure(counts: Floats | None) -> Floats:
        each_counts = counts if weights is None else weights * (1.0 if counts is None else counts)
        mine, other = (curves(each, valid.outcome, valid.treated, each_counts) for each in rankings)
        return np.array([mine.coefficient, mine.auuc, other.coefficient, mine.coefficient - other.coefficient])

    qini, auuc, propensity, beyond = bootstrap(measure, len(valid.outcome))
    return Study(
        learner=name,
        learned=len(learn.outcome),
        held_out=len(valid.outcome),
        effect=effect(valid.outcome, valid.treated, weights),
        qini=qini,
        auuc=auuc,
        propensity_qini=propensity,
        beyond=beyond,
        curve=curves(rankings[0], valid.outcome, valid.treated, weights),
        chosen=chosen(valid, score, value, cost),
        left_out=learn.left_out,
        model=model,
        line=line(score, valid),
    )


def effect(outcome: Floats, treated: Floats, weights: Floats | None = None) -> Estimate:
    """mean(treated) - mean(untreated) -+ z sqrt(v_t + v_c), with v = sum w^2 (y - mean)^2 / (sum w)^2 n/(n - 1).

    Without weights v is s^2/n (Welch); with them the means are Hajek's.
    """
    counts = np.ones(len(outcome)) if weights is None else weights
    arms = [_mean(outcome[treated == arm], counts[treated == arm]) for arm in (1, 0)]
    middle = arms[0][0] - arms[1][0]
    half = Z * sqrt(arms[0][1] + arms[1][1])
    return Estimate(middle, middle - half, middle + half)


def line(score: Floats, trial: RandomisedTrial) -> tuple[list[float], list[float]]:
    """The straight line of the uplift over the score, as its two ends: x and y, y at most as steep as x.

    Least squares of ``(y - mean) (t/e - (1 - t)/(1 - e))``, whose mean given x is the uplift; a score whose spread the
    rows do not confirm is drawn towards the average effect.
    """
    chance = np.full(len(score), trial.treated.mean()) if trial.chance is None else trial.chance
    shown = (trial.outcome - trial.outcome.mean()) * (trial.treated - chance) / (chance * (1.0 - chance))
    average, spread = effect(trial.outcome, trial.treated, trial.weights).value, float(score.var())
    if spread <= 0.0:
        return [float(score.mean())], [average]
    steep = float(np.clip(((score - score.mean()) * shown).mean() / spread, 0.0, 1.0))
    ends = [float(score.min()), float(score.max())]
    return ends, [float(np.clip(average + steep * (end - score.mean()), -1.0, 1.0)) for end in ends]


def chosen(trial: RandomisedTrial, score: Floats, value: float, cost: float) -> dict[str, float | None]:
    """The share that would be treated (uplift x value above cost), and its value on the rows of the trial.

    ``irr`` = outcome rate of the chosen treated less that of the chosen untreated; ``nir`` = value (outcomes of the
    chosen treated - outcomes of the chosen untreated) - cost x chosen treated. None where an arm is empty.
    """
    among = score * value > cost
    with_it, without = among & (trial.treated == 1), among & (trial.treated == 0)
    brought = float(trial.outcome[with_it].sum() - trial.outcome[without].sum())
    part = trial.rows(among)
    both = bool(with_it.any() and without.any())
    return {
        "share": float(among.mean()),
        "irr": effect(part.outcome, part.treated, part.weights).value if both else None,
        "nir": value * brought - cost * float(with_it.sum()) if trial.chance is None else None,
    }


def _mean(outcome: Floats, weights: Floats) -> tuple[float, float]:
    """The weighted mean and its variance."""
    count, whole = len(outcome), float(weights.sum())
    middle = float((weights * outcome).sum()) / whole
    spread = float((weights**2 * (outcome - middle) ** 2).sum()) / whole**2
    return middle, spread * count / max(count - 1, 1)


def _fitted(name: str, learn: RandomisedTrial, seed: int) -> Learner:
    names = learn.features if all(map(str.isidentifier, learn.features)) else None
    return LEARNERS[name](random_state=seed).fit(learn.inputs, learn.outcome, learn.treated, learn.chance, names)


def _best(learn: RandomisedTrial, seed: int) -> str:
    """The learner with the highest out-of-fold Qini coefficient; DR where treatment was not equally likely."""
    if learn.chance is not None:
        return "dr-learner"
    fold = np.random.default_rng(seed).permutation(len(learn.outcome)) % FOLDS
    found = {}
    for name in LEARNERS:
        score = np.empty(len(learn.outcome))
        for one in range(FOLDS):
            score[fold == one] = _fitted(name, learn.rows(fold != one), seed).predict(learn.inputs[fold == one])
        found[name] = curves(Ranking.by(score), learn.outcome, learn.treated).coefficient
    return max(found, key=lambda name: found[name])


def _propensity(learn: RandomisedTrial, valid: RandomisedTrial, seed: int) -> Floats:
    """The held-out rows' own propensity; else E[outcome | x, treated], shaped like the learners' own models."""
    if valid.propensity is not None:
        return valid.propensity
    of_treated = learn.treated == 1
    model = TLearner(random_state=seed).model_of(learn.inputs[of_treated], learn.outcome[of_treated])
    return np.asarray(model.predict(valid.inputs))


def _told(found: Estimate) -> str:
    return f"{found.value:.3g} ({found.low:.3g} to {found.high:.3g})"
