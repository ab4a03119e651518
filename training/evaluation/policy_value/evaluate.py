"""A log -> policy value: weights, reward model, estimates, support, verdict."""

import numpy as np

from service.analysis.policy_value import PolicyValue, Terms, support, valued
from training.evaluation.policy_value.reading import Log
from training.evaluation.policy_value.rewards import modelled


def evaluate(log: Log) -> PolicyValue:
    """IPS, SNIPS and (with features) DR of the new policy on the log, with what the log supports."""
    model = modelled(log)
    share, actions = _unsupported(log)
    terms = Terms(log.reward, log.weights, *(model or (None, None)))
    return valued(terms, support(log.weights, share, actions))


def _unsupported(log: Log) -> tuple[float | None, list[str]]:
    """The share of the new policy on actions that no row shows, and which, heaviest first; None where nobody knows."""
    if log.probabilities is None:
        return None, []
    shown = np.bincount(log.action, minlength=len(log.actions)) > 0
    share = log.probabilities.mean(axis=0)
    lacking = [place for place in np.argsort(-share, kind="stable").tolist() if not shown[place] and share[place] > 0]
    return float(share[lacking].sum()), [log.actions[place] for place in lacking]
