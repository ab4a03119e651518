"""Tables from CSV (also gzipped) or Parquet, their columns as numbers or names, and faults by row and column.

Rows are counted from 1, the header of a CSV not counted. A column lists its first 20 faulty values, then how many more
there are. CSV is read as text, so that "007" stays a name and "n/a" appears in the fault. A number has plain digits:
1_000 and full-width digits are none, though Python would read them.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from service.core.errors import InvalidInput, Problem
from training.arrays import Flags, Floats
from training.data.files.encoding import convert, encoding_of

LISTED = 20
PLAIN = "a number in plain digits, or a word"


def read_table(path: Path) -> pa.Table:
    """Read the table of a .csv or .parquet file.

    Raises: InvalidInput: the file is neither, cannot be read, or holds no row.
    """
    readers: dict[str, Callable[[Path], pa.Table]] = {".csv": _csv, ".csv.gz": _csv, ".parquet": pq.read_table}
    kind = next((end for end in readers if path.name.lower().endswith(end)), None)
    if kind is None:
        raise InvalidInput(f"{path}: must be a .csv, .csv.gz or .parquet file")
    try:
        table = _as_words(readers[kind](path))
        table.validate(full=True)
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise InvalidInput(f"{path}: cannot be read as {kind[1:]}: {error}") from error
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    faults = [Problem(f"column {name}", "stands in the file twice") for name in twice]
    if table.num_rows == 0:
        faults.append(Problem("rows", "must be at least one; the file has none"))
    if faults:
        raise InvalidInput(f"{path}: does not hold a table to work with", faults)
    return table


def _as_words(table: pa.Table) -> pa.Table:
    """The table with its days and instants as text: Arrow holds some that no Python date can."""
    for place, field in enumerate(table.schema):
        if pa.types.is_temporal(field.type):
            table = table.set_column(place, field.name, pc.cast(table.column(place), pa.string()))
    return table


def _csv(path: Path) -> pa.Table:
    """Every column as text, whatever encoding can be told apart.

    Raises:
        ArrowInvalid: when the file is empty.
    """
    encoding = encoding_of(path)
    if encoding == "utf-8":
        return _utf8_csv(path)
    with TemporaryDirectory() as copies:
        convert(path, encoding, copy := Path(copies) / path.name)
        return _utf8_csv(copy)


def _utf8_csv(path: Path) -> pa.Table:
    as_text = arrow_csv.open_csv(path).schema.names
    options = arrow_csv.ConvertOptions(column_types=dict.fromkeys(as_text, pa.string()), strings_can_be_null=False)
    return arrow_csv.read_csv(path, convert_options=options)


def numbers(table: pa.Table, name: str) -> Floats:
    """A column as (n,) numbers, NaN for what is none."""
    column = table.column(name)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _read(column)
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    try:
        return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return np.full(len(column), np.nan)


def names(table: pa.Table, name: str) -> npt.NDArray[np.object_]:
    """A column as (n,) names, None for what is missing; whole numbers without their point."""
    return np.array([_name(value) for value in table.column(name).to_pylist()], dtype=object)


def faults(table: pa.Table, name: str, bad: Flags, expected: str) -> list[Problem]:
    """A problem per faulty value of a column, the first 20, and one that counts the others."""
    places, column = np.flatnonzero(bad).tolist(), table.column(name)
    listed = [
        Problem(f"row {place + 1}, column {name}", f"must be {expected}, got {_shown(column[place].as_py())}")
        for place in places[:LISTED]
    ]
    more = len(places) - LISTED
    return [*listed, Problem(f"column {name}", f"and {more} more rows like these")] if more > 0 else listed


def _read(column: Any) -> Floats:
    """Text as numbers: all at once where every value is one or nothing, else value by value."""
    try:
        there = pc.if_else(pc.equal(column, ""), None, column)
        return np.asarray(pc.cast(there, pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid:
        return np.array([_number(value) for value in column.to_pylist()], dtype=np.float64)


def find_disguised(table: pa.Table, name: str) -> Flags:
    """(n,) whether a value is text that Python reads as a number although it is not written in plain digits."""
    values = table.column(name).to_pylist()
    return np.array([isinstance(one, str) and _readable(one) and not _plain(one) for one in values], dtype=bool)


def _number(value: str | None) -> float:
    return float(value) if value is not None and _plain(value) and _readable(value) else float("nan")


def _plain(value: str) -> bool:
    return value.isascii() and "_" not in value


def _readable(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _name(value: Any) -> str | None:
    if value is None or value == "" or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _shown(value: Any) -> str:
    return "nothing" if value is None or value == "" else repr(value)[:60]
