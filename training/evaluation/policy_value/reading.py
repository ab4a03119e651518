"""A log of decisions as numbers, with the new policy's probabilities; every fault at once, by row and column.

The new policy is given in one of two ways: a column with its probability of the logged action, or a table with its
probability of every action (a row per row of the log, a column per action). The table shows more: the actions that the
log never has, and what a reward model expects of the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from service.core.errors import InvalidInput, Problem
from training.arrays import Floats, Places
from training.data.files.table_reader import PLAIN, faults, find_disguised, names, numbers, read_table

LEAST_PROPENSITY = 1e-200
MOST_REWARD = 1e15
"""Beyond these a weighted reward overflows a float; no log of decisions comes near them."""
SUM_TOLERANCE = 1e-6
"""How far the sum of a row's probabilities may be from 1: the rounding of six printed decimals."""


@dataclass(frozen=True)
class Columns:
    """The names of a log's columns."""

    action: str
    reward: str
    propensity: str
    new_propensity: str | None = None
    features: tuple[str, ...] = ()

    @property
    def all(self) -> list[str]:
        """Every column that must be there, each once."""
        named = [self.action, self.reward, self.propensity, self.new_propensity, *self.features]
        return list(dict.fromkeys(name for name in named if name is not None))


@dataclass(frozen=True, eq=False)
class Log:
    """n logged decisions: ``action`` (n,) places among ``actions``; ``new`` (n,) the new probability of that action.

    ``probabilities`` (n, len(actions)) are the new policy's, None where only the logged action's is known; ``features``
    (n, f) with NaN for unknown, words as codes, None without any.
    """

    actions: tuple[str, ...]
    action: Places
    reward: Floats
    propensity: Floats
    new: Floats
    probabilities: Floats | None
    features: Floats | None

    @property
    def weights(self) -> Floats:
        """(n,) new probability / logged propensity."""
        ratio: Floats = self.new / self.propensity
        return ratio


def read_log(path: Path, columns: Columns, new_probabilities: Path | None = None) -> Log:
    """Read the log of a file.

    Raises: InvalidInput: with every missing column, faulty value and unknown action.
    """
    if (columns.new_propensity is None) == (new_probabilities is None):
        raise InvalidInput("Name either the column of the new propensities or the table of new probabilities.")
    table = read_table(path)
    _demand_columns(path, table, columns)
    probabilities = None if new_probabilities is None else read_table(new_probabilities)
    actions, problems = names(table, columns.action), list(_faults(table, columns))
    if probabilities is not None:
        problems += _table_faults(probabilities, table.num_rows, columns, actions)
    if problems:
        where = path if new_probabilities is None else f"{path} and {new_probabilities}"
        raise InvalidInput(f"{where}: cannot be evaluated", problems)
    return _log(table, columns, actions, probabilities)


def _demand_columns(path: Path, table: pa.Table, columns: Columns) -> None:
    there = ", ".join(table.column_names)
    lacking = [
        Problem(f"column {name}", f"is missing; the file has {there}")
        for name in columns.all
        if name not in table.column_names
    ]
    if lacking:
        raise InvalidInput(f"{path}: lacks {len(lacking)} of the columns named", lacking)


def _faults(table: pa.Table, columns: Columns) -> Iterator[Problem]:
    unnamed = np.array([name is None for name in names(table, columns.action)], dtype=bool)
    yield from faults(table, columns.action, unnamed, "the name of an action")
    reward, logged = numbers(table, columns.reward), numbers(table, columns.propensity)
    yield from faults(table, columns.reward, ~np.isfinite(reward), "a finite number")
    yield from faults(table, columns.reward, np.isfinite(reward) & (np.abs(reward) > MOST_REWARD),
                      f"at most {MOST_REWARD:g} either way")  # fmt: skip
    yield from faults(table, columns.propensity, ~((logged > 0) & (logged <= 1)), "a probability above 0, at most 1")
    yield from faults(table, columns.propensity, (logged > 0) & (logged < LEAST_PROPENSITY),
                      f"{LEAST_PROPENSITY:g} or more, else its weight is beyond all numbers")  # fmt: skip
    if columns.new_propensity is not None:
        new = numbers(table, columns.new_propensity)
        yield from faults(table, columns.new_propensity, ~((new >= 0) & (new <= 1)), "a probability from 0 to 1")
    for name in columns.features:
        yield from faults(table, name, np.isinf(numbers(table, name)), "finite, or nothing where it is unknown")
        yield from faults(table, name, find_disguised(table, name), PLAIN)


def _table_faults(table: pa.Table, rows: int, columns: Columns, actions: npt.NDArray[np.object_]) -> Iterator[Problem]:
    known = table.column_names
    if table.num_rows != rows:
        yield Problem("new probabilities", f"must have a row for each of the {rows} of the log, got {table.num_rows}")
    wrong = np.zeros(table.num_rows, dtype=bool)
    for name in known:
        column = numbers(table, name)
        bad = ~((column >= 0) & (column <= 1))
        wrong |= bad
        yield from faults(table, name, bad, "a probability from 0 to 1")
    sums = _matrix(table).sum(axis=1)
    off = np.flatnonzero(~wrong & (np.abs(sums - 1) > SUM_TOLERANCE)).tolist()
    for place in off[:20]:
        yield Problem(f"row {place + 1}, new probabilities", f"must add up to 1, got {sums[place]:.9g}")
    if len(off) > 20:
        yield Problem("new probabilities", f"and {len(off) - 20} more rows that do not add up to 1")
    for action in sorted({str(one) for one in actions if one is not None} - set(known)):
        row = int(np.flatnonzero(actions == action)[0]) + 1
        expected = ", ".join(known[:10])
        yield Problem(f"row {row}, column {columns.action}", f'must be one of {expected}; the table has no "{action}"')


def _log(table: pa.Table, columns: Columns, actions: npt.NDArray[np.object_], probabilities: pa.Table | None) -> Log:
    known = tuple(sorted(set(actions.tolist()))) if probabilities is None else tuple(probabilities.column_names)
    place = {name: number for number, name in enumerate(known)}
    action = np.array([place[name] for name in actions], dtype=np.int64)
    matrix = None if probabilities is None else _matrix(probabilities)
    named = columns.new_propensity
    new = matrix[np.arange(len(action)), action] if matrix is not None else numbers(table, str(named))
    return Log(
        actions=known,
        action=action,
        reward=numbers(table, columns.reward),
        propensity=numbers(table, columns.propensity),
        new=new,
        probabilities=matrix,
        features=_features(table, columns.features),
    )


def _matrix(table: pa.Table) -> Floats:
    return np.stack([numbers(table, name) for name in table.column_names], axis=1)


def _features(table: pa.Table, columns: Sequence[str]) -> Floats | None:
    return np.stack([_feature(table, name) for name in columns], axis=1) if columns else None


def _feature(table: pa.Table, name: str) -> Floats:
    """Numbers as they are; words, where any value is one, as codes in the order of the alphabet."""
    words: Any = names(table, name)
    column = numbers(table, name)
    if not (np.isnan(column) & np.array([word not in (None, "nan", "NaN") for word in words])).any():
        return column
    codes = {word: code for code, word in enumerate(sorted({word for word in words if word is not None}))}
    return np.array([float("nan") if word is None else float(codes[word]) for word in words])
