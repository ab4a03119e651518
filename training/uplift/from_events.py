"""Uplift from the service's own experience: first decisions as trials, each with the chance that it was what it was."""

from typing import Any

from service.rules.policy import Policy
from training.experience.first_exposures import circumstances_of, families_of, flags
from training.uplift.bundle_part import Found, uplifts, with_chance
from training.uplift.randomised_trial import Trial


def uplifts_of(lived: Any, facts: Any, policy: Policy, seed: int) -> Found:
    """What showing an offer of each family changes; the holdout takes part here, and only here.

    ``lived``: the experience with its openings; ``facts``: the columns by which models read a customer.
    """
    families = families_of(lived.openings, policy) if facts.names else []
    if not families:
        return {}, {}
    inputs, circumstances = facts.matrix(lived.openings), circumstances_of(lived.openings)
    trials = {
        family: with_chance(Trial(inputs, *flags(lived.openings, family), tuple(facts.names)), circumstances, seed)
        for family in families
    }
    return uplifts(trials, facts.categories, seed)
