"""Whom a decision is about, and how much of them it may read.

``personalised``: everything is read. ``holdout`` and the policy's standing tests (shares of the customers, by hash, one
customer in one of them at most): the same gates on the same facts, without some part of the method (``arms``); what the
part brings is measured against them. ``challenger``: everything is read, by the release on trial. ``unpersonalised``:
the customer withdrew the consent ``personalisation``, or nothing is known of them. Then attributes, scores and past are
not read; past events only keep contact caps and cool-offs, so that two customers with the same consents and events get
the same answer. They are outside every experiment.

A customer who never said anything about personalisation has not withdrawn it: an answer to their own request rests on
the contract, and every outbound channel needs a consent of its own besides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.core.domain import Arm, Attributes, Context, Snapshot
from service.core.errors import InvalidInput, Problem
from service.core.hashing import BUCKETS, fraction, fractions, order
from service.core.suggestions import unknown
from service.rules.policy import Experiments, Policy

PERSONALISATION = "personalisation"


def is_withdrawn(consents: Mapping[str, bool]) -> bool:
    """Whether the customer withdrew personalisation; who never said anything has not."""
    return consents.get(PERSONALISATION) is False


def is_personal(attributes: Attributes, consents: Mapping[str, bool]) -> bool:
    """True where personal facts may be read and at least one is known."""
    if is_withdrawn(consents):
        return False
    return any(value is not None for value in attributes.values())


def arm_of(snapshot: Snapshot, experiments: Experiments, on_trial: bool = False) -> str:
    """How this customer is served: an ``Arm``, or the id of a standing test."""
    if not is_personal(snapshot.attributes, snapshot.consents):
        return Arm.UNPERSONALISED
    return Arm.CHALLENGER if on_trial else experiment_arm(snapshot.customer_id, experiments)


def experiment_arm(customer_id: str, experiments: Experiments) -> str:
    """Holdout, a standing test or the whole method, by one hash of the customer."""
    share, buckets = experiments.holdout_share, experiments.arms
    if share <= 0.0 and not buckets:
        return Arm.PERSONALISED
    at = fraction(experiments.holdout_salt, customer_id)
    if at < share:
        return Arm.HOLDOUT
    return buckets[int(at * BUCKETS)] if buckets else Arm.PERSONALISED


class Arms:
    """``experiment_arm`` of many: places among ``names``, which also hold the arms that no experiment gives."""

    def __init__(self, experiments: Experiments, names: Sequence[str]) -> None:
        """Numbers the buckets, once per policy."""
        self.names = names
        self._experiments = experiments
        self._place = {name: place for place, name in enumerate(names)}
        buckets = experiments.arms or (Arm.PERSONALISED,)
        self._buckets = np.array([self._place[arm] for arm in buckets], dtype=np.int16)

    def place(self, arm: str) -> int:
        """Where an arm stands among the names."""
        return self._place[arm]

    def of(self, customers: Sequence[str]) -> NDArray[np.int16]:
        """(n,) the place of each customer's arm."""
        share, count = self._experiments.holdout_share, len(self._buckets)
        if share <= 0.0 and count == 1:
            return np.full(len(customers), self.place(Arm.PERSONALISED), dtype=np.int16)
        at = fractions(self._experiments.holdout_salt, ((one,) for one in customers))
        arms = self._buckets[(at * count).astype(np.intp)]
        arms[at < share] = self.place(Arm.HOLDOUT)
        return arms


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


def draw(policy: Policy, customer_id: str, day: int, epsilon: float) -> Draw:
    """The draw of one customer, who explores with the probability epsilon of their arm."""
    salt, unit = policy.experiments.exploration_salt, _unit(customer_id, day, policy)
    return Draw(epsilon, epsilon > 0.0 and fraction(salt, *unit) < epsilon, salt, unit)


def draws(policy: Policy, customers: Sequence[str], day: int, epsilon: NDArray[np.float64]) -> dict[int, Draw]:
    """By row, the draws of those among many customers who explore; ``epsilon`` (n,) is that of each one's arm."""
    salt = policy.experiments.exploration_salt
    if not epsilon.any():
        return {}
    hits = np.flatnonzero(fractions(salt, (_unit(one, day, policy) for one in customers)) < epsilon).tolist()
    return {row: Draw(float(epsilon[row]), True, salt, _unit(customers[row], day, policy)) for row in hits}


def _unit(customer_id: str, day: int, policy: Policy) -> tuple[object, ...]:
    return customer_id, day, policy.hash


def asked_channel(context: Context, places: Mapping[str, int]) -> int | None:
    """The place of the channel that asks; None where all compete. InvalidInput for one the policy does not have."""
    if context.channel is None:
        return None
    if context.channel not in places:
        told = f'channel "{context.channel}" is not in the policy'
        raise InvalidInput(told, [Problem("channel", unknown(context.channel, places))])
    return places[context.channel]
