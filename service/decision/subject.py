"""Whom a decision is about, and how much of them it may read.

Three ways to be served. ``personalised``: everything is read. ``holdout`` (a share of the customers, by hash): the same
gates on the same facts, but priors instead of models, fit and response neutral, no exploration; the arm against which
personalisation is measured. ``unpersonalised``: the customer withdrew the consent ``personalisation``, or nothing is
known of them. Then attributes, scores and past are not read; past events only keep contact caps and cool-offs, so that
two customers with the same consents and events get the same answer. They are outside every experiment.

A customer who never said anything about personalisation has not withdrawn it: an answer to their own request rests on
the contract, and every outbound channel needs a consent of its own besides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from service.domain import Arm, Attributes, Context, Snapshot
from service.errors import InvalidInput
from service.experiment import fraction, fractions, order
from service.rules.policy import Experiments, Policy

PERSONALISATION = "personalisation"


def is_personal(attributes: Attributes, consents: Mapping[str, bool]) -> bool:
    """True where personal facts may be read and at least one is known."""
    if consents.get(PERSONALISATION) is False:
        return False
    return any(value is not None for value in attributes.values())


def arm_of(snapshot: Snapshot, experiments: Experiments) -> Arm:
    """How this customer is served."""
    if not is_personal(snapshot.attributes, snapshot.consents):
        return Arm.UNPERSONALISED
    return experiment_arm(snapshot.customer_id, experiments)


def held_out(customers: Sequence[str], experiments: Experiments) -> NDArray[np.bool_]:
    """(n,) whether ``experiment_arm`` is the holdout."""
    if experiments.holdout_share <= 0.0:
        return np.zeros(len(customers), dtype=bool)
    return fractions(experiments.holdout_salt, ((one,) for one in customers)) < experiments.holdout_share


def experiment_arm(customer_id: str, experiments: Experiments) -> Arm:
    """Personalised or holdout, by hash of the customer."""
    share = experiments.holdout_share
    held = share > 0.0 and fraction(experiments.holdout_salt, customer_id) < share
    return Arm.HOLDOUT if held else Arm.PERSONALISED


@dataclass(frozen=True, slots=True)
class Draw:
    """Whether a customer's decisions of one local day, under one policy, are explored, and in which order."""

    epsilon: float
    explores: bool
    salt: str
    unit: tuple[object, ...]

    def order(self, count: int) -> list[int]:
        """A uniform permutation of the ``count`` offers that may be made."""
        return order(self.salt, (*self.unit, "order"), count)


def draw(policy: Policy, customer_id: str, day: int, arm: str) -> Draw:
    """The draw of one customer: explores with probability epsilon, and never outside the personalised arm."""
    epsilon, salt, unit = epsilon_of(policy, arm), policy.experiments.exploration_salt, _unit(customer_id, day, policy)
    return Draw(epsilon, epsilon > 0.0 and fraction(salt, *unit) < epsilon, salt, unit)


def draws(policy: Policy, customers: Sequence[str], day: int, arm: str) -> dict[int, Draw]:
    """By row, the draws of those among many customers who explore."""
    epsilon, salt = epsilon_of(policy, arm), policy.experiments.exploration_salt
    if epsilon <= 0.0:
        return {}
    hits = np.flatnonzero(fractions(salt, (_unit(one, day, policy) for one in customers)) < epsilon).tolist()
    return {row: Draw(epsilon, True, salt, _unit(customers[row], day, policy)) for row in hits}


def epsilon_of(policy: Policy, arm: str) -> float:
    """The probability of exploring: the policy's, and 0 outside the personalised arm."""
    return policy.experiments.exploration_epsilon if arm == Arm.PERSONALISED else 0.0


def _unit(customer_id: str, day: int, policy: Policy) -> tuple[object, ...]:
    return customer_id, day, policy.hash


def asked_channel(context: Context, places: Mapping[str, int]) -> int | None:
    """The place of the channel that asks; None where all compete. InvalidInput for one the policy does not have."""
    if context.channel is None:
        return None
    if context.channel not in places:
        raise InvalidInput(f'channel "{context.channel}" is not in the policy, which has {_listed(tuple(places))}')
    return places[context.channel]


@lru_cache(maxsize=16)
def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)
