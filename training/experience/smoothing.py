"""The ``evidence`` and the ``response`` of a bundle's manifest: smoothed counts of observations.

An offer's prior is first scaled to the level at which its family is taken here, since a policy's prior comes from
another bank and another window: ``level = (k + taken) / (k + sum of priors)`` over the family's observations, then
``chance = (level prior k + taken) / (k + shown)``. Response is the ratio of takes in a channel to those that the
propensities of the same observations expected, so that a channel gains nothing by better customers or offers. Clicks
are not counted: an adviser's call has none. ``service.scoring.evidence`` has the formulas and reads this document.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from service.core.expressions import Kind
from service.rules.policy import Policy
from service.scoring.evidence import LEAST_RESPONSE, MOST_RESPONSE, smoothed
from training.arrays import Flags, Floats, Places
from training.experience.observations import Observation

TRIALS = 100.0
"""A prior chance counts like this many observations, a prior share like this many expected takes."""
TAKES = 30.0
"""A neutral response counts like this many expected takes."""
GROUPED_BY, EDGES = "age", (30.0, 60.0)
"""The attribute that groups customers for the response, where the policy has it, and the edges of its groups."""


def count_evidence(
    policy: Policy, observations: Sequence[Observation], expected: Mapping[str, Floats]
) -> dict[str, Any] | None:
    """The ``evidence`` of a manifest; None without any observation.

    ``expected``: family -> its model's P of every observation (n,), for families that have a model.
    """
    if not observations:
        return None
    offers = np.array([observation.offer for observation in observations])
    taken = np.array([observation.taken for observation in observations], dtype=np.float64)
    levels = _levels(policy, offers, taken)
    rows: dict[str, Any] = {}
    for offer in policy.offers:
        mine = offers == offer.id
        prior = min(1.0, levels[offer.family] * policy.families[offer.family].prior * offer.share)
        share = None
        if offer.family in expected:
            share = min(1.0, smoothed(offer.share, TRIALS, taken[mine].sum(), expected[offer.family][mine].sum()))
        rows[offer.id] = {
            "family": offer.family,
            "shown": int(mine.sum()),
            "taken": int(taken[mine].sum()),
            "chance": float(smoothed(prior, TRIALS, taken[mine].sum(), mine.sum())),
            "share": None if share is None else float(share),
        }
    return {"strength": TRIALS, "levels": levels, "offers": rows}


def _levels(policy: Policy, offers: npt.NDArray[Any], taken: Floats) -> dict[str, float]:
    """By family, the ratio of takes to those expected by the priors: (k + taken) / (k + sum of priors)."""
    priors = {offer.id: policy.families[offer.family].prior * offer.share for offer in policy.offers}
    family = {offer.id: offer.family for offer in policy.offers}
    of = np.array([family[offer] for offer in offers])
    said = np.array([priors[offer] for offer in offers])
    return {
        name: float(smoothed(1.0, TAKES, taken[of == name].sum(), said[of == name].sum())) for name in policy.families
    }


def count_response(policy: Policy, observations: Sequence[Observation], expected: Floats) -> dict[str, Any] | None:
    """The ``response`` of a manifest; None without any observation, or where the policy lacks the grouping attribute.

    ``expected``: P(offer) of every observation, (n,). A group shrinks towards its channel, a channel towards 1.
    """
    if not observations or policy.attributes.kind_of(GROUPED_BY) in (None, Kind.TEXT):
        return None
    channels = np.array([observation.exposure.treatment["channel"] for observation in observations])
    taken = np.array([observation.taken for observation in observations], dtype=np.float64)
    group = _groups(observations)
    return {
        "attribute": GROUPED_BY,
        "edges": list(EDGES),
        "strength": TAKES,
        "channels": {
            channel.id: _channel(channels == channel.id, group, taken, expected)
            for channel in policy.channels
            if (channels == channel.id).any()
        },
    }


def _channel(mine: Flags, group: Places, taken: Floats, expected: Floats) -> Any:
    whole = _factor(1.0, taken[mine].sum(), expected[mine].sum())
    parts = [mine & (group == number) for number in range(len(EDGES) + 2)]
    return {
        "shown": int(mine.sum()),
        "taken": int(taken[mine].sum()),
        "expected": float(expected[mine].sum()),
        "factors": [_factor(whole, taken[part].sum(), expected[part].sum()) for part in parts],
    }


def _factor(prior: float, taken: float, expected: float) -> float:
    """(prior k + taken) / (k + expected), clipped to the bounds of a response."""
    return float(np.clip(smoothed(prior, TAKES, taken, expected), LEAST_RESPONSE, MOST_RESPONSE))


def _groups(observations: Sequence[Observation]) -> Places:
    """The group of each observation's customer; the last group has the unknown figures."""
    said = [observation.exposure.attributes.get(GROUPED_BY) for observation in observations]
    figures = np.array([np.nan if one is None else float(one) for one in said])
    return np.where(np.isnan(figures), len(EDGES) + 1, np.searchsorted(EDGES, figures, side="right"))
