"""Tables written as .parquet or .csv: scores and observations, the CSV safe to open in a spreadsheet.

Programs read Parquet, where every text is unchanged: in CSV an id that begins like a formula gets an apostrophe in
front.
"""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from service.core.csv_safety import BOM, defuse_cell
from service.core.errors import InvalidInput

Write = Callable[[pa.Table, Path], None]


def writer_for(out: Path, bom: bool = False) -> Write:
    """The writer for the suffix of ``out``; ``bom`` begins a CSV with a byte order mark.

    Raises: InvalidInput: another suffix, or a byte order mark for Parquet.
    """
    write = _WRITERS.get(Path(out).suffix)
    if write is None:
        raise InvalidInput(f"{out}: must end in {' or '.join(_WRITERS)}")
    if not bom:
        return write
    if write is not _csv:
        raise InvalidInput(f"{out}: only CSV has a byte order mark; name a file that ends in .csv, or leave --bom away")
    return _marked_csv


def _csv(table: pa.Table, out: Path, head: bytes = b"") -> None:
    columns = [_safe(column) for column in table.columns]
    names = [str(defuse_cell(name)) for name in table.column_names]
    with Path(out).open("wb") as file:
        file.write(head)
        pyarrow.csv.write_csv(pa.table(columns, names), file)


def _marked_csv(table: pa.Table, out: Path) -> None:
    _csv(table, out, BOM)


def _safe(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """A column of text with every word defused, each once; any other column as it is."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    coded = column.combine_chunks().dictionary_encode()
    words = pa.array([defuse_cell(word) for word in coded.dictionary.to_pylist()], column.type)
    return words.take(coded.indices)


def _parquet(table: pa.Table, out: Path) -> None:
    pyarrow.parquet.write_table(table, str(out))


_WRITERS: dict[str, Write] = {".parquet": _parquet, ".csv": _csv}
