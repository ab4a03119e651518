"""What a fit rule changes, by what customers did: its odds ratio, beside the one that its weight claims. Pure.

A rule's weight says "these customers' odds are so many times": ``weight ** (4 w_c)``, with the weight of its C. From n
treatments that were shown:

    logit P(taken) = level of the family + logit(propensity) + log(response) + sum of beta_r over the rules r that fired

Propensity and response are those of the decision itself, so beta is what the rule adds to them. The
rules' betas are shrunk by a normal prior around 0 (``PRIOR_SD``); levels are free. Intervals are 95 %, clustered by
customer, since what one customer does with three offers is no three answers.

A rule that fired in all treatments of its families, or in none, tells nothing. Rules that fire together have wide
intervals. Treatments are those that were shown: a rule's effect where it never shows an offer is not known.

Sources: Liang and Zeger 1986 (clustered covariance); Gelman et al. 2008 (weak priors in logistic regression).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.analysis.lift import CANNOT_TELL, Z
from service.core.grid import Array

PRIOR_SD = 1.0
"""Standard deviation of a rule's log odds ratio before anything was shown: 95 % of rules between 1/7 and 7."""
STEPS, TOLERANCE = 50, 1e-9
LEAST_FIRED = 20
"""Fewer treatments than this in which a rule fired, or in which it did not, and nothing is said of it."""
LEAST_WEIGHT, MOST_WEIGHT = 0.05, 4.0
"""Weights that are proposed lie within these."""

BORNE_OUT, CONTRADICTED = "borne out", "contradicted"
CAVEATS = (
    "Only treatments that were shown count. A rule that also decides what is shown is measured where it did.",
    "Each interval holds for one rule; of twenty rules about one leaves its true value by chance.",
    "Nothing is changed by this: a person publishes new weights, and somebody else approves them.",
)


@dataclass(frozen=True, eq=False)
class Trials:
    """n treatments that were shown.

    ``offset`` (n,) is the log-odds that the decision expected without any rule, ``fired`` (n, r) which rules fired,
    ``taken`` (n,) whether the customer took the offer, ``customer`` (n,) and ``family`` (n,) a number for each.
    """

    offset: Array
    fired: npt.NDArray[np.bool_]
    taken: npt.NDArray[np.bool_]
    customer: npt.NDArray[np.int64]
    family: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a rule says: ``odds`` = weight ** exponent, where the exponent is 4 x the weight of its C."""

    rule: str
    weight: float
    exponent: float

    @property
    def odds(self) -> float:
        """The odds ratio that the weight claims."""
        return float(self.weight**self.exponent)

    def weight_of(self, odds: float) -> float:
        """The weight that claims those odds, two decimals, within what is proposed; as it is where C has no weight."""
        if self.exponent == 0.0:
            return self.weight
        return round(min(max(float(odds ** (1.0 / self.exponent)), LEAST_WEIGHT), MOST_WEIGHT), 2)


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """A rule's odds ratio as measured, beside its claim; None where nothing can be said.

    ``fired`` of ``shown`` treatments had the rule. ``proposed_weight`` differs from ``weight`` only where the claim
    lies outside the interval.
    """

    rule: str
    weight: float
    claimed_odds: float
    shown: int
    fired: int
    taken_where_fired: int
    odds: float | None
    low: float | None
    high: float | None
    verdict: str
    proposed_weight: float

    def document(self) -> dict[str, Any]:
        """The effect as plain JSON values."""
        return asdict(self)


def measure_rules(trials: Trials, claims: Sequence[Claim]) -> list[RuleEffect]:
    """Each rule's effect; ``claims`` in the order of the columns of ``trials.fired``."""
    usable = np.flatnonzero(_usable(trials))
    estimates = dict(zip(usable.tolist(), _estimates(trials, usable), strict=True)) if len(usable) else {}
    return [_effect(trials, place, claim, estimates.get(place)) for place, claim in enumerate(claims)]


def _usable(trials: Trials) -> npt.NDArray[np.bool_]:
    """Which rules fired often enough, and rested often enough where their families were shown."""
    fired = trials.fired.sum(axis=0)
    rested = np.zeros(trials.fired.shape[1], dtype=np.int64)
    for family in np.unique(trials.family).tolist():
        mine = trials.fired[trials.family == family]
        rested += np.where(mine.any(axis=0), (~mine).sum(axis=0), 0)
    found: npt.NDArray[np.bool_] = (fired >= LEAST_FIRED) & (rested >= LEAST_FIRED)
    return found & bool(trials.taken.any())


def _estimates(trials: Trials, rules: npt.NDArray[np.int64]) -> Iterator[tuple[float, float]]:
    """(beta, its standard error) of each of the rules."""
    levels = trials.family[:, np.newaxis] == np.unique(trials.family)
    design = np.hstack([trials.fired[:, rules], levels]).astype(np.float64)
    precision = np.concatenate([np.full(len(rules), PRIOR_SD**-2), np.full(levels.shape[1], 1e-6)])
    beta, bread = fit_logistic(design, trials.taken.astype(np.float64), trials.offset, precision)
    errors = clustered_errors(design, trials, beta, bread, precision)
    yield from zip(beta[: len(rules)].tolist(), errors[: len(rules)].tolist(), strict=True)


def fit_logistic(design: Array, taken: Array, offset: Array, precision: Array) -> tuple[Array, Array]:
    """The penalised maximum of the likelihood by Newton's steps, halved until they climb; and the inverse Hessian."""
    beta = np.zeros(design.shape[1])
    gain = _posterior(design, taken, offset, precision, beta)
    for _ in range(STEPS):
        chance = _chance(offset + design @ beta)
        score = design.T @ (taken - chance) - precision * beta
        hessian = (design * (chance * (1.0 - chance))[:, np.newaxis]).T @ design + np.diag(precision)
        step = np.linalg.solve(hessian, score)
        while (climbed := _posterior(design, taken, offset, precision, beta + step)) < gain - TOLERANCE:
            step = step / 2.0
        beta, gain = beta + step, climbed
        if float(np.abs(step).max()) < TOLERANCE:
            break
    return beta, np.linalg.inv(hessian)


def clustered_errors(design: Array, trials: Trials, beta: Array, bread: Array, precision: Array) -> Array:
    """Standard errors from the scores summed by customer, at least those of the posterior itself.

    ``V = H^-1 (sum_g u_g u_g' G / (G - 1) + prior) H^-1`` over G customers.
    """
    residual: Array = trials.taken - _chance(trials.offset + design @ beta)
    _, place = np.unique(trials.customer, return_inverse=True)
    count = int(place.max()) + 1
    scores = np.zeros((count, design.shape[1]))
    np.add.at(scores, place, design * residual[:, np.newaxis])
    meat = scores.T @ scores * (count / max(count - 1, 1)) + np.diag(precision)
    errors: Array = np.sqrt(np.maximum(np.diag(bread @ meat @ bread), np.diag(bread)))
    return errors


def _posterior(design: Array, taken: Array, offset: Array, precision: Array, beta: Array) -> float:
    odds = offset + design @ beta
    return float((taken * odds - np.logaddexp(0.0, odds)).sum() - 0.5 * (precision * beta * beta).sum())


def _chance(log_odds: Array) -> Array:
    found: Array = 1.0 / (1.0 + np.exp(-log_odds))
    return found


def _effect(trials: Trials, place: int, claim: Claim, estimate: tuple[float, float] | None) -> RuleEffect:
    fired = trials.fired[:, place]
    counts = len(fired), int(fired.sum()), int(trials.taken[fired].sum())
    odds, low, high = (None, None, None) if estimate is None else _interval(*estimate)
    verdict = _verdict(claim.odds, low, high)
    weight = claim.weight_of(odds) if verdict == CONTRADICTED and odds is not None else claim.weight
    return RuleEffect(claim.rule, claim.weight, claim.odds, *counts, odds, low, high, verdict, weight)


def _interval(beta: float, error: float) -> tuple[float, float, float]:
    odds, low, high = np.exp([beta, beta - Z * error, beta + Z * error]).tolist()
    return odds, low, high


def _verdict(claimed: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return CANNOT_TELL
    if not low <= claimed <= high:
        return CONTRADICTED
    return BORNE_OUT if not low <= 1.0 <= high else CANNOT_TELL


def proposed_weights(effects: Sequence[RuleEffect]) -> Mapping[str, float]:
    """Rule -> the weight that is proposed, of the rules whose claim is contradicted."""
    return {one.rule: one.proposed_weight for one in effects if one.proposed_weight != one.weight}
