"""What training hands over to a bundle: a family's models, and the out-of-fold scores that judge them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from training.arrays import Floats, Places


@dataclass(frozen=True)
class OutOfFold:
    """Out-of-fold scores: ``rows`` of the sample, ``scores`` and ``taken`` of each.

    ``served`` are the scores by the calibration that serves, distributed as those of new customers will be.
    """

    rows: Places
    scores: Floats
    taken: Floats
    served: Floats


@dataclass(frozen=True)
class TrainedFamily:
    """The models of one family, ready for a bundle.

    ``models`` are LightGBM text models (several: their P are averaged, then calibrated); ``features`` are bare names in
    the models' order; ``categories`` gives each text feature its words in code order; ``calibration`` is the table
    (x, y) of raw and calibrated P; ``metrics`` holds at least ``auc`` and ``calibration_error`` of the ``out_of_fold``
    scores (stored as shares and curves only). ``weights``: of an uplift, the weight of each model.
    ``recipe``: the parameters of the unfitted model, by which another training fits it to other customers.
    """

    models: Sequence[str]
    features: Sequence[str]
    calibration: tuple[Sequence[float], Sequence[float]]
    metrics: Mapping[str, Any]
    base_rate: float
    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)
    out_of_fold: OutOfFold | None = None
    weights: Sequence[float] | None = None
    recipe: Mapping[str, Any] | None = None
