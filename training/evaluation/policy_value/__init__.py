"""Policy value on any bank's log of decisions: `fourcast policy-value --log FILE`.

    reading      a log and a table of new probabilities, CSV or Parquet, with every fault by row and column
    rewards      the reward model of DR, cross-fitted: each row is judged by a model of the other folds

Order: ``read_log`` -> ``evaluate``: weights, reward model, estimates, intervals, support, verdict. The arithmetic is
``service.analysis.policy_value``, the same that the release gate uses.
"""

import numpy as np

from service.analysis.policy_value import PolicyValue, Terms, estimate_policy_value, measure_support
from training.evaluation.policy_value.reading import Columns, Log, read_log
from training.evaluation.policy_value.rewards import fit_rewards

__all__ = ["Columns", "Log", "evaluate", "read_log"]


def evaluate(log: Log) -> PolicyValue:
    """IPS, SNIPS and (with features) DR of the new policy on the log, and what the log supports."""
    share, actions = _unsupported(log)
    terms = Terms(log.reward, log.weights, *(fit_rewards(log) or (None, None)))
    return estimate_policy_value(terms, measure_support(log.weights, share, actions))


def _unsupported(log: Log) -> tuple[float | None, list[str]]:
    """The new policy's share on actions that no row shows, and these actions, heaviest first; None where unknown."""
    if log.probabilities is None:
        return None, []
    shown = np.bincount(log.action, minlength=len(log.actions)) > 0
    share = log.probabilities.mean(axis=0)
    lacking = [place for place in np.argsort(-share, kind="stable").tolist() if not shown[place] and share[place] > 0]
    return float(share[lacking].sum()), [log.actions[place] for place in lacking]
