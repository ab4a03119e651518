"""What trains one booster: its specification, and the training set (customers, outcomes, weights, columns).

``booster`` trains members by both, ``tune`` searches specifications, ``dask_cluster`` sends the same set to a cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np

from training.arrays import Flags, Floats, Places


class BoosterSpec(NamedTuple):
    """How one member is trained: leaves, the weight of customers without the family, settings of its own.

    ``own`` holds (name, value) pairs as LightGBM names them; they override the model's.
    """

    num_leaves: int
    new_buyer_weight: float = 1.0
    own: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class TrainingSet:
    """Rows (n, f), outcomes (n,), who held the family before (n,), weights (n,), the names of the columns."""

    rows: Floats
    taken: Floats
    held: Flags
    weight: Floats
    names: Sequence[str]
    categorical: Sequence[str]

    def part(self, rows: Places) -> "TrainingSet":
        """The training set of some of its customers."""
        kept = {name: getattr(self, name)[rows] for name in ("rows", "taken", "held", "weight")}
        return replace(self, **kept)

    def to_dataset(self, new_buyer_weight: float) -> lgb.Dataset:
        """The LightGBM dataset in which customers without the family weigh ``new_buyer_weight`` times as much."""
        return lgb.Dataset(
            self.rows,
            self.taken,
            weight=self.weight * np.where(self.held, 1.0, float(new_buyer_weight)),
            feature_name=list(self.names),
            categorical_feature=list(self.categorical),
            free_raw_data=False,
        )
