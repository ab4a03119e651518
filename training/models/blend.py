"""Which members together rank best: the search for a blend among scores of customers that no member has seen."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.evaluation.metrics import auc
from training.models.training_set import Floats, Lesson

LARGEST_BLEND = 6
"""Members of a tuned model at most: each costs its trees in every decision."""
LEAST_GAIN = 1e-5
"""A further member must raise the standing by this much."""


def standing(taken: Floats, scores: Floats, held: npt.NDArray[np.bool_]) -> float:
    """(AUC among everybody + AUC among those who held none) / 2; where nobody or everybody held it, the former."""
    everybody, none = auc(taken, scores), ~held
    if not 0 < taken[none].sum() < none.sum():
        return everybody
    return (everybody + auc(taken[none], scores[none])) / 2


def blend(lesson: Lesson, unseen: Sequence[Floats], most: int = LARGEST_BLEND) -> list[int]:
    """Places of the members whose mean stands best: the best one, then each time the one that helps most.

    Source: Caruana et al. 2004, Ensemble selection from libraries of models; here each member once, as trees cost time.
    """
    chosen: list[int] = []
    total, best = np.zeros(len(lesson.taken)), -np.inf
    while len(chosen) < min(most, len(unseen)):
        rest = [place for place in range(len(unseen)) if place not in chosen]
        gains = [standing(lesson.taken, total + unseen[place], lesson.held) for place in rest]
        place = int(np.argmax(gains))
        if gains[place] < best + LEAST_GAIN:
            break
        best, total = gains[place], total + unseen[rest[place]]
        chosen.append(rest[place])
    return chosen
