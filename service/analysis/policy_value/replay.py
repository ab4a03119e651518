"""A stored decision seen by another policy: with which probability it would have shown what was shown, and the rest.

A decision shows up to ``limit`` treatments, each with its own recorded probability of being shown. What a treatment
brings is taken to depend on the treatment, not on what stands beside it, so each is weighed by itself:

    w_t = new probability of t / recorded probability of t          earned = sum_t w_t r_t
    DR    sum_t new(t) q(t) + sum_t w_t (r_t - q(t))                 q = propensity x value, in yuan

over treatments t, an offer in a channel. ``q`` comes from models that have not seen the outcome. Exploration and
standing tests of the new policy are left out of the customers it serves, its epsilon stays in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.analysis.simulate import without_chance
from service.core.domain import Context, Release, Snapshot, Treatment
from service.decision import decide
from service.rules.policy import Policy
from service.scoring.arbitration import selection_probability

Cell = tuple[str, str]
"""An offer in a channel."""
Chances = Mapping[Cell, tuple[float, float]]
"""Each treatment that a policy may show: with which probability, and q in yuan."""
Taken = Mapping[str, float]
"""Offer -> margin in yuan, of what the customer took within the window."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One decision under one policy: ``weight`` averages 1 where the log supports it; the rest is in yuan.

    ``unsupported`` is the share of what the policy would show that the log could never have shown.
    """

    weight: float
    earned: float
    robust: float
    unsupported: Mapping[Cell, float]


class Replayed:
    """One policy as it would serve everybody by its whole method."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        sure = without_chance(policy)
        self._certain = replace(sure, experiments=replace(sure.experiments, holdout_share=0.0))

    def chances(
        self, snapshot: Snapshot, context: Context, scores: Mapping[str, float | None], release: Release
    ) -> Chances:
        """What the policy may show at that moment.

        Raises:
            InvalidInput: when the policy does not have the context's channel.
        """
        whole = replace(context, limit=len(self.policy.offers))
        mine = replace(release, policy=self._certain.hash, on_trial=False)
        found = decide(self._certain, snapshot, whole, scores, mine, "").treatments
        epsilon = self.policy.experiments.exploration_epsilon
        return {
            (one.offer, one.channel): (
                selection_probability(place < context.limit, context.limit, len(found), epsilon),
                one.propensity * one.value,
            )
            for place, one in enumerate(found)
        }


def weighed(
    shown: Sequence[Treatment], taken: Taken, new: Chances, logged: Chances, q: Mapping[Cell, float]
) -> Weighed:
    """The decision under ``new``; ``logged`` is what the policy that decided could show, ``q`` one model for both."""
    slate = sum(chance for chance, _ in new.values())
    expected = sum(chance * q[cell] for cell, (chance, _) in new.items())
    whole = earned = explained = 0.0
    for one in shown:
        cell = one.offer, one.channel
        weight = new.get(cell, (0.0, 0.0))[0] / one.selection_probability
        whole += weight
        earned += weight * taken.get(one.offer, 0.0)
        explained += weight * q.get(cell, 0.0)
    lacking = {cell: chance / slate for cell, (chance, _) in new.items() if logged.get(cell, (0.0, 0.0))[0] <= 0.0}
    return Weighed(whole / slate if slate else 1.0, earned, expected + earned - explained, lacking)
