"""Lines of a CSV that cannot be rows of its table, by file and number, where DuckDB does not read the file.

A line holds as many values as most of the first lines do; every quote that opens is closed; all lines end alike.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from service.core.errors import Problem
from training.data.files.csv_calls import Call
from training.data.files.csv_dialect import Dialect, dialect_of, open_text, records

LISTED = 20
LENIENT = ("ignore_errors", "null_padding", "strict_mode", "store_rejects", "auto_detect", "columns")
"""Where the SQL states one of these options, lines of another length are allowed."""
ENDS = {"\r\n": "CR LF", "\n": "LF", "\r": "CR"}


def find_ragged_lines(connection: duckdb.DuckDBPyConnection, call: Call, files: Mapping[Path, Path]) -> list[Problem]:
    """The faulty lines of a call's ``files`` (as they are named, and where they are read): the first 20 of each."""
    if call.option(*LENIENT) is not None:
        return []
    judged = ((name, path, dialect_of(connection, call, path)) for name, path in files.items())
    return [fault for name, path, one in judged if one is not None for fault in _listed(name, path, one)]


def _listed(name: Path, path: Path, dialect: Dialect) -> list[Problem]:
    ends = dict[str, int]()
    with open_text(path) as stream:
        faults = list(_faults(_counted(stream, ends), dialect))
    if not faults and len(ends) > 1:
        (first, _), (second, line), *_ = ends.items()
        said = f"lines end with {ENDS[first]} at first and with {ENDS[second]} from line {line} on; let all end alike"
        return [Problem(str(name), said)]
    more = [Problem(str(name), f"and {len(faults) - LISTED:,} more lines like these")] if len(faults) > LISTED else []
    return [*(Problem(f"{name}, line {line:,}", said) for line, said in faults[:LISTED]), *more]


def _faults(lines: Iterator[str], dialect: Dialect) -> Iterator[tuple[int, str]]:
    """Each faulty line and what is wrong; a last value that is empty may be one too many, a title has one value."""
    following = 1
    try:
        for before, record in records(lines, dialect.separator, dialect.quote, strict=True):
            following, count = before + 2 + sum(value.count("\n") for value in record), len(record)
            over = count == dialect.columns + 1 and not record[-1]
            if count != dialect.columns and not over and not (before < dialect.title and count == 1):
                yield before + 1, f"has {count} column{'s' * (count != 1)}, expected {dialect.columns}"
    except csv.Error as error:
        said = f"a quote ({dialect.quote}) is not closed, or not doubled within quotes"
        said += "; another way to write quotes is the SQL's to say (quote, escape)"
        yield following, f"a value is too long: {error}" if "larger" in str(error) else said


def _counted(lines: Iterator[str], ends: dict[str, int]) -> Iterator[str]:
    """The lines; ``ends`` collects the first line of each kind of line end."""
    for number, line in enumerate(lines, 1):
        end = line[len(line.rstrip("\r\n")) :]
        if end in ENDS:
            ends.setdefault(end, number)
        yield line
