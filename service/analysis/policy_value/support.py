"""What the log can speak of: how many rows count, how far one row carries, and what was never possible in it.

Where every action that the new policy may take was possible, weights average 1. Mass the log never shows is therefore
seen twice: exactly, where the new policy's probabilities of all actions are known; and as a mean weight below 1.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt

import numpy as np

from service.analysis.policy_value.intervals import Floats, deviation

FAR = 4.0
"""Standard errors from 1 at which a mean weight is no accident."""


@dataclass(frozen=True, slots=True)
class Support:
    """``unsupported_share`` is the new policy's probability mass on actions that the log cannot speak of.

    ``unsupported_actions`` are those named by whoever knows them, heaviest first. ``mean_weight`` is 1 where log and
    policy fit together; ``fits`` is False where it is too far from 1 to be chance.
    """

    effective_sample_size: float
    mean_weight: float
    max_weight: float
    unsupported_share: float
    unsupported_actions: tuple[str, ...]
    fits: bool

    def document(self) -> dict[str, object]:
        """As plain JSON values."""
        return asdict(self)


def effective_sample_size(weights: Floats) -> float:
    """(sum w)^2 / sum w^2 (Kish 1965): so many rows of equal weight would tell as much; 0 where no weight is above 0.

    >>> effective_sample_size(np.array([1.0, 1.0, 2.0]))
    2.6666666666666665
    """
    largest = float(weights.max(initial=0.0))
    if largest <= 0.0:
        return 0.0
    scaled = weights / largest  # so that no square leaves what a float can hold
    return float(np.sum(scaled)) ** 2 / float(np.sum(scaled**2))


def measure_support(weights: Floats, unsupported_share: float | None = None, actions: Sequence[str] = ()) -> Support:
    """The support of n weights; a share that nobody knows exactly is taken from the mean weight."""
    mean, n = float(weights.mean()), len(weights)
    error = deviation(weights) / sqrt(n) if n > 1 else 0.0
    fits = abs(mean - 1.0) <= FAR * error + 1e-9
    share = (0.0 if fits else max(0.0, 1.0 - mean)) if unsupported_share is None else unsupported_share
    return Support(
        effective_sample_size=effective_sample_size(weights),
        mean_weight=mean,
        max_weight=float(weights.max(initial=0.0)),
        unsupported_share=share,
        unsupported_actions=tuple(actions),
        fits=fits,
    )
