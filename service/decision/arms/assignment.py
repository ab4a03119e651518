"""Arm assignment: the holdout, a standing test, the release on trial, or the whole method. Pure.

``personalised``: everything is read. ``holdout`` and the policy's standing tests (shares of the customers, by hash,
each customer in one of them at most): the same gates on the same facts, without some part of the method (``policies``),
so that its lift can be measured. ``challenger``: everything is read, by the release on trial. ``unpersonalised``: the
customer withdrew the consent ``personalisation``, or nothing is known of them (``privacy``); outside every experiment.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.core.domain import Arm, Snapshot
from service.core.hashing import BUCKETS, hash_fraction, hash_fractions
from service.decision.privacy import is_personal
from service.rules.policy import Experiments


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
    at = hash_fraction(experiments.holdout_salt, customer_id)
    if at < share:
        return Arm.HOLDOUT
    return buckets[int(at * BUCKETS)] if buckets else Arm.PERSONALISED


class ArmAssignment:
    """``experiment_arm`` of many, as indices into ``names``, which also hold the arms that no experiment gives."""

    def __init__(self, experiments: Experiments, names: Sequence[str]) -> None:
        """Numbers the buckets, once per policy."""
        self.names = names
        self._experiments = experiments
        self._index = {name: index for index, name in enumerate(names)}
        buckets = experiments.arms or (Arm.PERSONALISED,)
        self._buckets = np.array([self._index[arm] for arm in buckets], dtype=np.int16)

    def index(self, arm: str) -> int:
        """The index of an arm in ``names``."""
        return self._index[arm]

    def assign_many(self, customers: Sequence[str]) -> NDArray[np.int16]:
        """(n,) the index of each customer's arm."""
        share, count = self._experiments.holdout_share, len(self._buckets)
        if share <= 0.0 and count == 1:
            return np.full(len(customers), self.index(Arm.PERSONALISED), dtype=np.int16)
        at = hash_fractions(self._experiments.holdout_salt, ((one,) for one in customers))
        arms = self._buckets[(at * count).astype(np.intp)]
        arms[at < share] = self.index(Arm.HOLDOUT)
        return arms
