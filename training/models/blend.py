"""The blend: members whose mean ranks best, chosen among their out-of-fold scores."""

from collections.abc import Sequence

import numpy as np

from training.arrays import Flags, Floats
from training.evaluation.metrics import auc
from training.models.training_set import TrainingSet

LARGEST_BLEND = 6
"""Members of a tuned model at most: each costs its trees in every decision."""
LEAST_GAIN = 1e-5
"""A further member must raise the blend score by this much."""


def blend_score(taken: Floats, scores: Floats, held: Flags) -> float:
    """(AUC among everybody + AUC among those who held none) / 2; where nobody or everybody held it, the former."""
    everybody, none = auc(taken, scores), ~held
    if not 0 < taken[none].sum() < none.sum():
        return everybody
    return (everybody + auc(taken[none], scores[none])) / 2


def blend(training_set: TrainingSet, oof_scores: Sequence[Floats], most: int = LARGEST_BLEND) -> list[int]:
    """Indices of the members whose mean ranks best, by greedy forward selection.

    Source: Caruana et al. 2004, Ensemble selection from libraries of models; here each member once, as trees cost time.
    """
    chosen: list[int] = []
    total, best = np.zeros(len(training_set.taken)), -np.inf
    while len(chosen) < min(most, len(oof_scores)):
        rest = [place for place in range(len(oof_scores)) if place not in chosen]
        gains = [blend_score(training_set.taken, total + oof_scores[place], training_set.held) for place in rest]
        place = int(np.argmax(gains))
        if gains[place] < best + LEAST_GAIN:
            break
        best, total = gains[place], total + oof_scores[rest[place]]
        chosen.append(rest[place])
    return chosen
