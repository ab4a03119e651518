"""Whether a sample is enough to learn from: both outcomes, often enough, and at least one column that varies.

Order: the files fit their contract (``table_contract``) -> ``faults`` -> training. ``fourcast check-files`` lists the
same faults that training refuses.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from service.core.errors import NotLearnable, Problem
from training.arrays import Floats, Places
from training.data.bank import Bank
from training.data.training_sample import MOST_WORDS, Sample

LEAST = 20
"""Customers of each outcome whom a family's model needs: four for each of its five folds; the gate judges the rest."""
LEAST_LATE = 10
"""Of each outcome among the last fifth, which measures the models of a bank that splits by time."""
UNSEEN_SHARE = 0.2
"""The last share in time that measures the models of a bank that splits by time."""


def require_enough(sample: Sample, bank: Bank) -> None:
    """Raise NotLearnable where the sample is not enough to learn from."""
    if found := list(faults(sample, bank)):
        raise NotLearnable(f"{bank.folder}: there is too little to learn from", found)


def faults(sample: Sample, bank: Bank) -> Iterator[Problem]:
    """The faults of a sample, each with the counts found and the counts needed."""
    if not sample.names:
        same = "every column is the same, or unknown, for all of them"
        more = f"dates, and texts of more than {MOST_WORDS} words, are not learned from"
        yield Problem("customers.sql", f"nothing tells the customers with an outcome apart: {same} ({more})")
    for family in bank.families:
        yield from _family(sample, family)


def _family(sample: Sample, family: str) -> Iterator[Problem]:
    taken = sample.outcomes.bought[family]
    yield from _both(f"bought_{family}", taken, LEAST, "the customers of customers.sql")
    if sample.outcomes.times is not None:
        early, late = by_time(sample.outcomes.times)
        yield from _both(f"bought_{family}", taken[early], LEAST, "the earlier four fifths in time")
        yield from _both(f"bought_{family}", taken[late], LEAST_LATE, "the last fifth in time")


def lacking_outcome(family: str, taken: Floats) -> Iterator[Problem]:
    """The fault of files in which all customers took an offer of the family, or none did."""
    yield from _both(f"bought_{family}", taken, 1, "the customers of customers.sql")


def _both(column: str, taken: Floats, least: int, among: str) -> Iterator[Problem]:
    yes = int(taken.sum())
    no = len(taken) - yes
    if min(yes, no) < least:
        needed = f"at least {least} who took an offer and {least} who did not"
        yield Problem(column, f"must hold {needed} among {among}, holds {yes:,} and {no:,}")


def by_time(times: npt.NDArray[Any]) -> tuple[Places, Places]:
    """Rows of the earlier customers and of the last fifth in time; ties of the border belong to the last fifth."""
    times = np.asarray(times)
    border = np.sort(times, kind="stable")[int(len(times) * (1 - UNSEEN_SHARE))]
    return np.flatnonzero(times < border), np.flatnonzero(times >= border)
