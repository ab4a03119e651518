"""Policy value on any bank's log of decisions: `fourcast policy-value --log FILE`.

    reading      a log and a table of new probabilities, CSV or Parquet, with every fault by row and column
    rewards      the reward model behind DR, cross-fitted: no row is judged by a model that has seen it
    evaluate     reading -> weights -> estimates, intervals, support and verdict

The arithmetic is ``service.analysis.policy_value``, the same that the release gate uses.
"""

from training.evaluation.policy_value.evaluate import evaluate
from training.evaluation.policy_value.reading import Columns, Log, read_log

__all__ = ["Columns", "Log", "evaluate", "read_log"]
