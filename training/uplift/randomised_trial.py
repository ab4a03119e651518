"""The files of a trial: one row per customer, with treatment, outcome, and what was known before.

Every column but treatment and outcome is a feature, words as codes. A column with another whole number or word in every
row is a name and is left out; ``ignore`` leaves out others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from service.core.errors import InvalidInput, Problem
from training.arrays import Flags, Floats
from training.data.files.table_reader import PLAIN, faults, find_disguised, names, numbers, read_table

YES, NO = ("1", "1.0", "yes", "true", "treated"), ("0", "0.0", "no", "false", "control", "untreated")


@dataclass(frozen=True, eq=False)
class RandomisedTrial:
    """n rows: ``inputs`` (n, f), NaN unknown; ``treated``, ``outcome`` (n,); features and ignored columns by name.

    ``chance`` (n,) is each row's probability of treatment, None where it was the same for all (a randomised trial);
    ``propensity`` (n,) the score that would order the rows without uplift, None where ``study`` is to learn one.
    """

    inputs: Floats
    treated: Floats
    outcome: Floats
    features: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    chance: Floats | None = None
    propensity: Floats | None = None

    @property
    def weights(self) -> Floats | None:
        """1/e of the treated and 1/(1 - e) of the others, (n,): inverse propensity weights."""
        return None if self.chance is None else 1.0 / np.where(self.treated == 1, self.chance, 1.0 - self.chance)

    def rows(self, chosen: Flags) -> "RandomisedTrial":
        """Some of the rows."""
        columns = ("inputs", "treated", "outcome", "chance", "propensity")
        kept: dict[str, Any] = {name: None if (one := getattr(self, name)) is None else one[chosen] for name in columns}
        return replace(self, **kept)


def read_trial(
    learn: Path, treatment: str, outcome: str, valid: Path | None = None, ignore: Sequence[str] = ()
) -> tuple[RandomisedTrial, RandomisedTrial | None]:
    """Read the learning rows and, from a file of their own, the held-out rows.

    Raises: InvalidInput: with every fault of the files.
    """
    tables = [read_table(path) for path in (learn, valid) if path is not None]
    for path, table in zip((learn, valid), tables, strict=False):
        _demand(path, table, (treatment, outcome, *ignore))
    left_out = [name for name in tables[0].column_names if name in ignore or _is_name(tables[0], name)]
    features = [name for name in tables[0].column_names if name not in (treatment, outcome, *left_out)]
    if not features:
        raise InvalidInput(f"{learn}: has no column left to learn from")
    for table in tables[1:]:
        _demand(valid, table, features)
    codes = {name: _codes(tables, name) for name in features}
    trials = [_trial(table, treatment, outcome, codes, left_out) for table in tables]
    return trials[0], trials[1] if len(trials) > 1 else None


def _demand(path: Path | None, table: pa.Table, columns: Sequence[str]) -> None:
    lacking = [name for name in dict.fromkeys(columns) if name not in table.column_names]
    if lacking:
        there = ", ".join(table.column_names[:20])
        raise InvalidInput(
            f"{path}: lacks columns",
            [Problem(f"column {name}", f"is missing; the file has {there}") for name in lacking],
        )


def _is_name(table: pa.Table, name: str) -> bool:
    values = names(table, name)
    alone = len(set(values)) == len(values) > 1
    column = numbers(table, name)
    whole = bool(np.isnan(column).all() or (column == np.round(column)).all())
    return alone and whole


def _codes(tables: Sequence[pa.Table], name: str) -> dict[str, float] | None:
    """A code per word, in the order of the alphabet; None where every value is a number or unknown."""
    words = set()
    for table in tables:
        unread = np.isnan(numbers(table, name))
        words |= {word for word in names(table, name)[unread] if word is not None and word.lower() != "nan"}
    if not words:
        return None
    every = {word for table in tables for word in names(table, name) if word is not None}
    return {word: float(code) for code, word in enumerate(sorted(every))}


def _trial(
    table: pa.Table, treatment: str, outcome: str, codes: dict[str, dict[str, float] | None], left_out: Sequence[str]
) -> RandomisedTrial:
    treated, earned = _flags(table, treatment), _outcome(table, outcome)
    problems = [
        *faults(table, treatment, np.isnan(treated), "yes or no, 1 or 0"),
        *faults(table, outcome, ~np.isfinite(earned), "a finite number, or yes or no"),
        *(each for name in codes for each in faults(table, name, find_disguised(table, name), PLAIN)),
    ]
    if problems:
        raise InvalidInput("The trial does not hold together.", problems)
    if len(set(treated.tolist())) < 2:
        raise InvalidInput(f"Column {treatment} must have both arms, treated and untreated; everybody is in one.")
    columns = [_feature(table, name, code) for name, code in codes.items()]
    return RandomisedTrial(np.stack(columns, axis=1), treated, earned, tuple(codes), tuple(left_out))


def _feature(table: pa.Table, name: str, codes: dict[str, float] | None) -> Floats:
    if codes is None:
        return numbers(table, name)
    return np.array([codes.get(word, np.nan) if word is not None else np.nan for word in names(table, name)])


def _flags(table: pa.Table, name: str) -> Floats:
    meaning = dict.fromkeys(YES, 1.0) | dict.fromkeys(NO, 0.0)
    words = names(table, name)
    return np.array([np.nan if word is None else meaning.get(word.strip().lower(), np.nan) for word in words])


def _outcome(table: pa.Table, name: str) -> Floats:
    column = numbers(table, name)
    return _flags(table, name) if np.isnan(column).all() else column
