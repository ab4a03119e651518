"""Whole tables into columns: pandas and Arrow, read by what both offer, so neither library is imported here.

Each column becomes a NumPy array, then its encoder judges the values. A column of another kind (text where numbers
belong) is an error that names the column and the values at fault, because reading it as unknown would ruin every score
without a sign.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from service.core.attributes.encoders import Encoder, is_known
from service.core.errors import InvalidInput, Problem
from service.core.grid import Array

DISTINCT = 10
"""At most so many different faulty values of a column are named with their counts."""


def encode(encoders: Mapping[str, Encoder], frame: Any) -> dict[str, Array]:
    """``{"customer.<name>": (n, 1, 1)}`` for every encoder; a column that the frame lacks is unknown throughout.

    Raises:
        InvalidInput: columns hold another kind; names each of them.
    """
    problems: list[Problem] = []
    rows, present = _rows(frame), set(_names(frame))
    columns = {
        f"customer.{name}": _encoded(name, one, column_of(frame, name), problems)
        if name in present
        else _unknown(one, rows)
        for name, one in encoders.items()
    }
    if problems:
        raise InvalidInput("these columns do not hold what their names say", problems)
    return {name: column.reshape(-1, 1, 1) for name, column in columns.items()}


def column_of(frame: Any, name: str) -> Array:
    """One column as an array (n,), nulls as NaN, NaT, None or pandas' NA. Arrow's columns are joined and decoded."""
    return _arrow_values(frame.column(name)) if _is_arrow(frame) else np.asarray(frame[name].to_numpy())


def _arrow_values(column: Any) -> Array:
    """Coded words as text, and instants with a zone as the days of that zone.

    Arrow's own conversion reads a null among coded words as the last word, and every instant in UTC.
    """
    if getattr(column.type, "tz", None) is not None:
        return np.array([None if one is None else one.date() for one in column.to_pylist()], dtype=object)
    decoded = column.cast(column.type.value_type) if hasattr(column.type, "index_type") else column
    return np.asarray(decoded.to_numpy())


def _is_arrow(frame: Any) -> bool:
    return hasattr(frame, "column_names")


def _names(frame: Any) -> list[str]:
    return list(frame.column_names if _is_arrow(frame) else frame.columns)


def _rows(frame: Any) -> int:
    return int(frame.num_rows) if _is_arrow(frame) else len(frame)


def _unknown(encoder: Encoder, rows: int) -> Array:
    return np.full(rows, encoder.unknown, dtype=object if encoder.unknown is None else np.float64)


def _encoded(name: str, encoder: Encoder, values: Array, problems: list[Problem]) -> Array:
    if next(_strangers(encoder, values), None) is None:
        return encoder.encode_many(values) if _is_known(values).any() else _unknown(encoder, len(values))
    problems.append(_of_another_kind(name, encoder, values))
    return _unknown(encoder, len(values))


def _of_another_kind(name: str, encoder: Encoder, values: Array) -> Problem:
    """The problem of a column in which nothing fits; of numbers written as text, only those that are none are named."""
    rows = np.flatnonzero(_is_known(values))
    to_blame = [row for row in rows.tolist() if not _is_written_number(encoder, values[row])]
    expected = f"must hold {encoder.expected}, got"
    if not to_blame:
        return Problem(f'column "{name}"', f"{expected} text that reads as numbers, such as {_sample(values[rows[0]])}")
    others = len(rows) - len(to_blame)
    text = f"; the other {others:,} are text that reads as numbers" if others else ""
    return Problem(f'column "{name}"', f"{expected} {_counted(values, to_blame)}{text}")


def _is_written_number(encoder: Encoder, value: object) -> bool:
    low, high = encoder.bounds
    if not isinstance(value, str) or low > high:
        return False
    try:
        return low <= float(value) <= high
    except ValueError:
        return False


def _counted(values: Array, rows: Sequence[int]) -> str:
    """The different values in these rows, the commonest first, each with its count and its first row."""
    first, counts = dict[str, int](), Counter[str]()
    for row in rows:
        value = _sample(values[row])
        counts[value] += 1
        first.setdefault(value, row)
    listed = [f"{value} ({_times(counts[value])}row {first[value] + 1})" for value, _ in counts.most_common(DISTINCT)]
    others = len(counts) - DISTINCT
    return ", ".join([*listed, f"and {others:,} other values"] if others > 0 else listed)


def _times(count: int) -> str:
    return "" if count == 1 else f"{count:,} times, first in "


def _strangers(encoder: Encoder, values: Array) -> Iterator[object]:
    """The first known value of a column in which no value is of the right kind; nothing when one is."""
    known = (value for value in values[_is_known(values)][:1000])
    first = next(known, None)
    if first is not None and not encoder.fits(first) and not any(map(encoder.fits, known)):
        yield first


def _is_known(values: Array) -> Array:
    if values.dtype.kind == "O":
        return np.fromiter((is_known(value) for value in values), np.bool_, len(values))
    if values.dtype.kind == "M":
        return ~np.isnat(values)
    return ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), np.bool_)


def _sample(value: object) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)[:60]
