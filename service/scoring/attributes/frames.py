"""Whole files into columns: pandas and Arrow tables, read by what both offer, so neither library is imported here.

A column becomes a NumPy array first; its encoder judges the values. A column of another kind altogether (text where
numbers belong) is an error that names it, since reading it as unknown would quietly ruin every score.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from service.errors import InvalidInput, Problem
from service.scoring.attributes.encoders import Array, Encoder, is_there


def encode(encoders: Mapping[str, Encoder], frame: Any) -> dict[str, Array]:
    """``{"customer.<name>": (n, 1, 1)}`` for every encoder; a column that the frame lacks is unknown throughout."""
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


def check(encoders: Mapping[str, Encoder], frame: Any) -> list[Problem]:
    """One problem per faulty column, with the number of values that do not fit and the first row of them."""
    present = set(_names(frame))
    return [problem for name, one in encoders.items() if name in present for problem in _faults(name, one, frame)]


def column_of(frame: Any, name: str) -> Array:
    """One column as an array (n,), nulls as NaN, NaT, None or pandas' NA; Arrow has its columns joined and decoded."""
    return _arrow_values(frame.column(name)) if _is_arrow(frame) else np.asarray(frame[name].to_numpy())


def _arrow_values(column: Any) -> Array:
    """Words spelled out, and instants that bear a zone as the days of that zone.

    Arrow's own conversion reads a null among coded words as the last word, and every instant by Greenwich's clock.
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
    strange = next(_strangers(encoder, values), None)
    if strange is None:
        return encoder.many(values) if _is_known(values).any() else _unknown(encoder, len(values))
    problems.append(Problem(f'column "{name}"', f"must hold {encoder.expected}, got {_sample(strange)}"))
    return _unknown(encoder, len(values))


def _strangers(encoder: Encoder, values: Array) -> Iterator[object]:
    """The first known value of a column in which no value is of the right kind; nothing when one is."""
    known = (value for value in values[_is_known(values)][:1000])
    first = next(known, None)
    if first is not None and not encoder.fits(first) and not any(map(encoder.fits, known)):
        yield first


def _is_known(values: Array) -> Array:
    if values.dtype.kind == "O":
        return np.fromiter((is_there(value) for value in values), np.bool_, len(values))
    if values.dtype.kind == "M":
        return ~np.isnat(values)
    return ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), np.bool_)


def _faults(name: str, encoder: Encoder, frame: Any) -> list[Problem]:
    values = column_of(frame, name)
    strange = next(_strangers(encoder, values), None)
    if strange is not None:
        return [Problem(f'column "{name}"', f"must hold {encoder.expected}, got {_sample(strange)}")]
    encoded = encoder.many(values)
    lost = _is_known(values) & ~_is_known(encoded)
    if not lost.any():
        return []
    row = int(np.argmax(lost))
    message = f"{int(lost.sum())} of {len(values)} values must be {encoder.expected}; the first, in row {row + 1}, is "
    return [Problem(f'column "{name}"', message + _sample(values[row]))]


def _sample(value: object) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)[:60]
