"""Rows as CSV, JSON Lines and Parquet files: the same columns in the same order, UTF-8, ISO dates.

Spreadsheets open CSV, so text that would run as a formula is defused; a byte order mark is optional.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import orjson

from service.core.csv_safety import BOM, defuse_cell

BLOCK = 5_000
READ = 1 << 16
MEDIA = {
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``kind`` is ``text``, ``whole``, ``number``, ``truth`` or ``instant`` (ISO text with its offset)."""

    name: str
    kind: str = "text"


def write_rows(form: str, columns: Iterable[Column], rows: Iterable[Row], bom: bool = False) -> Iterator[bytes]:
    """The rows as bytes of ``jsonl``, ``csv`` or ``parquet``; ``bom``: CSV begins with a byte order mark."""
    pages = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}[form](tuple(columns), iter(rows))
    return chain([BOM], pages) if bom and form == "csv" else pages


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while block := list(islice(rows, BLOCK)):
        yield block


def _jsonl(columns: tuple[Column, ...], rows: Iterator[Row]) -> Iterator[bytes]:
    for block in _blocks(rows):
        yield b"".join(
            orjson.dumps({column.name: row.get(column.name) for column in columns}, option=orjson.OPT_APPEND_NEWLINE)
            for row in block
        )


def _csv(columns: tuple[Column, ...], rows: Iterator[Row]) -> Iterator[bytes]:
    yield _lines([[column.name for column in columns]])
    for block in _blocks(rows):
        yield _lines([[_cell(row.get(column.name)) for column in columns] for row in block])


def _lines(cells: list[list[object]]) -> bytes:
    page = io.StringIO()
    csv.writer(page, lineterminator="\r\n").writerows(cells)
    return page.getvalue().encode()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else defuse_cell(value)


def _parquet(columns: tuple[Column, ...], rows: Iterator[Row]) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "truth": pa.bool_()}
    schema = pa.schema([(column.name, kinds.get(column.kind, pa.string())) for column in columns])
    with tempfile.TemporaryFile() as file:
        with pq.ParquetWriter(file, schema) as writer:
            for block in _blocks(rows):
                writer.write_table(pa.Table.from_pylist([dict(row) for row in block], schema))
        file.seek(0)
        yield from iter(lambda: file.read(READ), b"")
