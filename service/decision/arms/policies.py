"""Arm policies: what each arm does differently from the whole method. Pure.

Everybody is served by the same gates on the same facts; an arm only changes which scores are used and how the allowed
offers are ordered. One table (``ARM_POLICIES``) says what each kind of standing test does:

    kind               models  uplift  fit, response  levers   ordered by          explores
    personalised         yes    yes         yes         yes    priority            epsilon
    holdout              no     no          no          yes    priority            never
    random-relevant      yes    yes         yes         yes    chance              always
    propensity-only      yes    no          no          no     propensity          epsilon
    without-levers       yes    yes         yes         no     priority            epsilon
    eligibility-only     no     no          no          no     policy's order      epsilon
    without-strategy     yes    yes      less its own   yes    priority            epsilon

``without-strategy`` also leaves out the applicability rules of its strategy, as switching it off would. Eligibility,
suitability and contact never change. An arm explores like the whole method, so that the two differ in one thing only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.core.domain import Arm
from service.rules.policy import Experiments, StandingTest
from service.scoring import arbitration
from service.scoring.arbitration import Ordering


@dataclass(frozen=True, slots=True)
class ArmPolicy:
    """How an arm is served; the defaults are the whole method."""

    scored: bool = True
    uplift: bool = True
    """Whether an uplift replaces the propensity where there is one."""
    neutral: bool = False
    levers: bool = True
    ordering: Ordering = arbitration.priorities
    without_strategy: str | None = None
    epsilon: float | None = None
    """The probability of exploring; None is the policy's."""


ARM_POLICIES: Mapping[str, ArmPolicy] = {
    Arm.PERSONALISED: ArmPolicy(),
    Arm.CHALLENGER: ArmPolicy(),
    Arm.HOLDOUT: ArmPolicy(scored=False, neutral=True, epsilon=0.0),
    Arm.UNPERSONALISED: ArmPolicy(scored=False, epsilon=0.0),
    "random-relevant": ArmPolicy(epsilon=1.0),
    "propensity-only": ArmPolicy(uplift=False, neutral=True, levers=False, ordering=arbitration.by_propensity),
    "without-levers": ArmPolicy(levers=False),
    "eligibility-only": ArmPolicy(scored=False, neutral=True, levers=False, ordering=arbitration.as_listed),
    "without-strategy": ArmPolicy(),
}
"""By arm, and by kind of standing test."""


def arm_policies(experiments: Experiments) -> dict[str, ArmPolicy]:
    """How each arm that a decision may have is served, by its name; ``epsilon`` is never None."""
    found = {arm: ARM_POLICIES[arm] for arm in Arm} | {test.id: _arm_policy(test) for test in experiments.tests}
    usual = experiments.exploration_epsilon
    return {
        arm: arm_policy if arm_policy.epsilon is not None else replace(arm_policy, epsilon=usual)
        for arm, arm_policy in found.items()
    }


def _arm_policy(test: StandingTest) -> ArmPolicy:
    return replace(ARM_POLICIES[test.kind], without_strategy=test.strategy)
