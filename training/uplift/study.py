"""From a trial to a finding: learn, choose a learner, measure once on held-out rows, and say no more than they show.

The learner is chosen by its Qini coefficient across folds of the learning rows; only the chosen one meets the held-out
rows, so the intervals there are of one look. Beside it stands propensity: a model of the outcome among the treated,
which is what targeting would use without uplift.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from service.planning.policy_value import Estimate
from training.uplift.curves import Curves, Ranking, curves, estimated
from training.uplift.learners import DRLearner, Learner, TLearner, XLearner
from training.uplift.trial import Trial

Floats = npt.NDArray[np.float64]
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
    """What was found on the held-out rows, each figure with its 95 % interval.

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

    @property
    def used(self) -> bool:
        """The gate: the offer works on average, and the ranking gains more than chance and more than propensity.

        An offer that helps some and harms as many is a finding for people to judge, not for arbitration to act on.
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


def study(learn: Trial, valid: Trial | None = None, seed: int = 7, value: float = 1.0, cost: float = 0.0) -> Study:
    """Learn from ``learn``, measure on ``valid`` (or on rows of ``learn`` held out by chance).

    ``value`` is what one outcome brings, ``cost`` what one treatment takes; chosen: uplift x value above cost.
    """
    if valid is None:
        held = np.random.default_rng(seed).random(len(learn.outcome)) < HELD_OUT
        learn, valid = learn.rows(~held), learn.rows(held)
    name = _best(learn, seed)
    score = LEARNERS[name](random_state=seed).fit(learn.inputs, learn.outcome, learn.treated).predict(valid.inputs)
    rankings = Ranking.by(score), Ranking.by(_propensity(learn, seed).predict(valid.inputs))

    def measure(counts: Floats | None) -> Floats:
        mine, other = (curves(each, valid.outcome, valid.treated, counts) for each in rankings)
        return np.array([mine.coefficient, mine.auuc, other.coefficient, mine.coefficient - other.coefficient])

    qini, auuc, propensity, beyond = estimated(measure, len(valid.outcome))
    return Study(
        learner=name,
        learned=len(learn.outcome),
        held_out=len(valid.outcome),
        effect=effect(valid.outcome, valid.treated),
        qini=qini,
        auuc=auuc,
        propensity_qini=propensity,
        beyond=beyond,
        curve=curves(rankings[0], valid.outcome, valid.treated),
        chosen=chosen(valid, score, value, cost),
        left_out=learn.left_out,
    )


def effect(outcome: Floats, treated: Floats) -> Estimate:
    """mean(treated) - mean(untreated) -+ z sqrt(s_t^2/n_t + s_c^2/n_c) (Welch)."""
    with_it, without = outcome[treated == 1], outcome[treated == 0]
    middle = float(with_it.mean() - without.mean())
    half = Z * sqrt(float(with_it.var(ddof=1)) / len(with_it) + float(without.var(ddof=1)) / len(without))
    return Estimate(middle, middle - half, middle + half)


def chosen(trial: Trial, score: Floats, value: float, cost: float) -> dict[str, float | None]:
    """Who would be treated (uplift x value above cost), and what that brings on the rows of the trial.

    ``irr`` = outcome rate of the chosen treated less that of the chosen untreated; ``nir`` = value (outcomes of the
    chosen treated - outcomes of the chosen untreated) - cost x chosen treated. None where an arm is empty.
    """
    among = score * value > cost
    with_it, without = among & (trial.treated == 1), among & (trial.treated == 0)
    brought = float(trial.outcome[with_it].sum() - trial.outcome[without].sum())
    both = bool(with_it.any() and without.any())
    return {
        "share": float(among.mean()),
        "irr": float(trial.outcome[with_it].mean() - trial.outcome[without].mean()) if both else None,
        "nir": value * brought - cost * float(with_it.sum()),
    }


def _best(learn: Trial, seed: int) -> str:
    """The learner with the highest Qini coefficient over folds it has not seen."""
    fold = np.random.default_rng(seed).permutation(len(learn.outcome)) % FOLDS
    found = {}
    for name, kind in LEARNERS.items():
        score = np.empty(len(learn.outcome))
        for one in range(FOLDS):
            part = learn.rows(fold != one)
            score[fold == one] = (
                clone(kind(random_state=seed))
                .fit(part.inputs, part.outcome, part.treated)
                .predict(learn.inputs[fold == one])
            )
        found[name] = curves(Ranking.by(score), learn.outcome, learn.treated).coefficient
    return max(found, key=lambda name: found[name])


def _propensity(learn: Trial, seed: int) -> Any:
    """E[outcome | x, treated], shaped like the learners' own models."""
    of_treated = learn.treated == 1
    return TLearner(random_state=seed)._fitted(learn.inputs[of_treated], learn.outcome[of_treated])


def _told(found: Estimate) -> str:
    return f"{found.value:.3g} ({found.low:.3g} to {found.high:.3g})"
