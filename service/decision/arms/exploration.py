"""Exploration: whose decisions of one local day are shown in random order. Pure.

Chance is a hash of the customer, the day and the policy, so that the same inputs explore in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.core.hashing import hash_fraction, hash_fractions, hash_order
from service.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Draw:
    """Whether a customer's decisions of one local day under one policy explore, and in which order."""

    epsilon: float
    explores: bool
    salt: str
    unit: tuple[object, ...]

    def order(self, count: int) -> list[int]:
        """A uniform permutation of the ``count`` offers that may be made."""
        return hash_order(self.salt, (*self.unit, "order"), count)


def draw_exploration(policy: Policy, customer_id: str, day: int, epsilon: float) -> Draw:
    """The draw of one customer, who explores with the probability epsilon of their arm."""
    salt, unit = policy.experiments.exploration_salt, _unit(customer_id, day, policy)
    return Draw(epsilon, epsilon > 0.0 and hash_fraction(salt, *unit) < epsilon, salt, unit)


def draw_explorations(
    policy: Policy, customers: Sequence[str], day: int, epsilon: NDArray[np.float64]
) -> dict[int, Draw]:
    """Row -> draw of each customer who explores; ``epsilon`` (n,) is that of the customer's arm."""
    salt = policy.experiments.exploration_salt
    if not epsilon.any():
        return {}
    hits = np.flatnonzero(hash_fractions(salt, (_unit(one, day, policy) for one in customers)) < epsilon).tolist()
    return {row: Draw(float(epsilon[row]), True, salt, _unit(customers[row], day, policy)) for row in hits}


def _unit(customer_id: str, day: int, policy: Policy) -> tuple[object, ...]:
    return customer_id, day, policy.hash
