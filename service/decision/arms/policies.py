"""The arms: what each does differently from the whole method. Pure.

Everybody is served by the same gates on the same facts; an arm only changes what is heard and how what is allowed is
ordered. One table (``WAYS``) says what each kind of standing test does:

    kind               models  uplift  fit, response  levers   ordered by          explores
    personalised         yes    yes         yes         yes    priority            epsilon
    holdout              no     no          no          yes    priority            never
    random-relevant      yes    yes         yes         yes    chance              always
    propensity-only      yes    no          no          no     propensity          epsilon
    without-levers       yes    yes         yes         no     priority            epsilon
    eligibility-only     no     no          no          no     policy's order      epsilon
    without-strategy     yes    yes      less its own   yes    priority            epsilon

``without-strategy`` also leaves out the applicability rules of its strategy, as switching it off would; eligibility,
suitability and contact never change. An arm explores like the whole method, so that the two differ in one thing only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.core.domain import Arm
from service.rules.policy import Experiments, StandingTest
from service.scoring import arbitration
from service.scoring.arbitration import Ordering


@dataclass(frozen=True, slots=True)
class Way:
    """How an arm is served; the defaults are the whole method."""

    scored: bool = True
    uplift: bool = True
    """Whether an uplift takes the place of the propensity where the models found one."""
    neutral: bool = False
    levers: bool = True
    ordering: Ordering = arbitration.priorities
    withheld: str | None = None
    epsilon: float | None = None
    """The probability of exploring; None is the policy's."""


WAYS: Mapping[str, Way] = {
    Arm.PERSONALISED: Way(),
    Arm.CHALLENGER: Way(),
    Arm.HOLDOUT: Way(scored=False, neutral=True, epsilon=0.0),
    Arm.UNPERSONALISED: Way(scored=False, epsilon=0.0),
    "random-relevant": Way(epsilon=1.0),
    "propensity-only": Way(uplift=False, neutral=True, levers=False, ordering=arbitration.by_propensity),
    "without-levers": Way(levers=False),
    "eligibility-only": Way(scored=False, neutral=True, levers=False, ordering=arbitration.as_listed),
    "without-strategy": Way(),
}
"""By arm, and by kind of standing test."""


def ways(experiments: Experiments) -> dict[str, Way]:
    """How each arm that a decision may have is served, by its name; ``epsilon`` is never None."""
    found = {arm: WAYS[arm] for arm in Arm} | {test.id: _way(test) for test in experiments.tests}
    usual = experiments.exploration_epsilon
    return {arm: way if way.epsilon is not None else replace(way, epsilon=usual) for arm, way in found.items()}


def _way(test: StandingTest) -> Way:
    return replace(WAYS[test.kind], withheld=test.strategy)
