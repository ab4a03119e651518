"""The challenger's customers: a share, by hash, of the customers who are in no standing test.

The champion always serves a customer who withdrew personalisation and one of whom nothing is known. The salt of the
hash is the challenger's name, so another trial draws other customers.
"""

from service.core.domain import Arm, Snapshot
from service.core.errors import PolicyError, Problem
from service.core.hashing import hash_fraction
from service.decision.arms.assignment import arm_of
from service.rules.policy import Policy


def is_served_by_challenger(snapshot: Snapshot, champion: Policy, challenger: str, share: float) -> bool:
    """Whether the challenger of that name serves the customer; only for the champion's personalised arm."""
    if arm_of(snapshot, champion.experiments) != Arm.PERSONALISED:
        return False
    return hash_fraction(f"challenger:{challenger}", snapshot.customer_id) < share


def expect_same_placements(champion: Policy, challenger: Policy) -> None:
    """Return if the challenger has every channel and placement of the champion.

    Raises:
        PolicyError: names each that is missing, as callers may ask for it.
    """
    has = {channel.id: set(channel.placements) for channel in challenger.channels}
    problems = [
        Problem(f'channel "{channel.id}"', "lacks " + ", ".join(sorted(missing)) if channel.id in has else "is missing")
        for channel in champion.channels
        if (missing := set(channel.placements) - has.get(channel.id, set())) or channel.id not in has
    ]
    if problems:
        raise PolicyError("the challenger cannot answer all that the champion is asked", problems)
