"""Who is served by the challenger: a share, by hash, of the customers who are in no standing test.

A customer who withdrew personalisation, or of whom nothing is known, is always served by the champion. The salt is the
challenger itself, so another trial draws other customers.
"""

from service.core.domain import Arm, Snapshot
from service.core.errors import PolicyError, Problem
from service.core.hashing import hash_fraction
from service.decision.arms.assignment import arm_of
from service.rules.policy import Policy


def is_served_by_challenger(snapshot: Snapshot, champion: Policy, challenger: str, share: float) -> bool:
    """Whether the challenger of that name serves the customer; their arm under the champion comes first."""
    if arm_of(snapshot, champion.experiments) != Arm.PERSONALISED:
        return False
    return hash_fraction(f"challenger:{challenger}", snapshot.customer_id) < share


def expect_same_placements(champion: Policy, challenger: Policy) -> None:
    """Raise PolicyError where the challenger lacks a channel or placement that the champion's callers may ask for."""
    has = {channel.id: set(channel.placements) for channel in challenger.channels}
    problems = [
        Problem(f'channel "{channel.id}"', "lacks " + ", ".join(sorted(missing)) if channel.id in has else "is missing")
        for channel in champion.channels
        if (missing := set(channel.placements) - has.get(channel.id, set())) or channel.id not in has
    ]
    if problems:
        raise PolicyError("the challenger cannot answer all that the champion is asked", problems)
