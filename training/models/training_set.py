"""What one booster is taught: a recipe (how it is made) and a lesson (from which customers, in which columns).

``fit`` makes members of both, ``tune`` looks for recipes, ``distributed`` gives the same lesson to a cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Recipe(NamedTuple):
    """How one member is made: its leaves, the weight of customers who held none, and settings of its own.

    ``own`` holds (name, value) pairs as LightGBM names them; they stand above the model's.
    """

    num_leaves: int
    emphasis: float = 1.0
    own: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Lesson:
    """What a member learns from: rows (n, f), outcomes (n,), who held it before, weights (n,), the columns' names."""

    rows: Floats
    taken: Floats
    held: Flags
    weight: Floats
    names: Sequence[str]
    categorical: Sequence[str]

    def part(self, rows: npt.NDArray[np.int64]) -> "Lesson":
        """Some customers of it."""
        kept = {name: getattr(self, name)[rows] for name in ("rows", "taken", "held", "weight")}
        return replace(self, **kept)

    def weighted(self, emphasis: float) -> lgb.Dataset:
        """As LightGBM takes it, those who held none weighing ``emphasis`` times as much."""
        return lgb.Dataset(
            self.rows,
            self.taken,
            weight=self.weight * np.where(self.held, 1.0, float(emphasis)),
            feature_name=list(self.names),
            categorical_feature=list(self.categorical),
            free_raw_data=False,
        )
