"""The dialect of a CSV file, found by its first lines and used for all of them.

A quote is ``"``, doubled within quotes, and nothing is a comment, unless the SQL states otherwise (``quote``,
``escape``, ``comment``). The separator is the one that cuts most of the first lines into the same number of values,
more than one; lines before the first of these are a title and skipped. The SQL's own ``delim`` and ``skip`` have
precedence.
"""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import duckdb

from training.data.files.csv_calls import Call

SEPARATORS = (",", ";", "\t", "|")
DELIM = ("delim", "sep", "delimiter")
HEAD = 1 << 17
"""Characters read from the beginning of a file; no value of them can be longer than Python's csv reads."""


@dataclass(frozen=True)
class Dialect:
    """What cuts the lines of one file: the separator, the values of a line, and the lines of title before them."""

    separator: str
    quote: str
    columns: int
    title: int


def in_dialect(connection: duckdb.DuckDBPyConnection, call: Call, files: Sequence[Path]) -> Call:
    """The call with every option that DuckDB's sniffer would guess; where files differ, the options they share."""
    if call.option("auto_detect") is not None:
        return call
    quote = call.option("quote") or "'\"'"
    found = [one for one in (dialect_of(connection, call, path) for path in files) if one is not None]
    judged = {"delim": {one.separator for one in found}, "skip": {str(one.title) for one in found}}
    shared = {name: _literal(*values) for name, values in judged.items() if len(values) == 1}
    more = {"quote": quote, "escape": quote, "comment": "''", **shared}
    said = {*call.options, *(["delim"] if call.option(*DELIM) is not None else [])}
    return call.with_more({name: value for name, value in more.items() if name not in said})


def dialect_of(connection: duckdb.DuckDBPyConnection, call: Call, path: Path) -> Dialect | None:
    """The dialect of one file of a call; None where the SQL's separator or quote is not one character."""
    delim, quote = (call.value(connection, *names) for names in (DELIM, ("quote",)))
    skipped = int(str(call.value(connection, "skip") or 0))
    quote = '"' if quote is None else str(quote)
    separators = SEPARATORS if delim is None else (str(delim).replace("\\t", "\t"),)
    if len(quote) > 1 or any(len(one) != 1 for one in separators):
        return None
    text = _head(path)
    shapes = [_shape(text, one, quote, skipped) for one in separators]
    agreed = [(lines, dialect.columns, -place, dialect) for place, (lines, dialect) in enumerate(shapes) if lines]
    if agreed:
        return max(agreed, key=lambda one: one[:3])[3]
    unseen = [one for one in separators if one not in text]
    return Dialect((*unseen, separators[0])[0], quote, 1, 0)


def records(
    lines: IO[str] | Iterator[str], separator: str, quote: str, *, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Each record of a text that is not blank, with the number of lines before it."""
    reader = csv.reader(
        lines,
        delimiter=separator,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=strict,
    )
    before = 0
    for record in reader:
        if record:
            yield before, record
        before = reader.line_num


def open_text(path: Path) -> IO[str]:
    """A file of UTF-8, packed or not, with its line ends as they are."""
    if path.suffix == ".gz":
        return cast(IO[str], gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline=""))
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _shape(text: str, separator: str, quote: str, skipped: int) -> tuple[int, Dialect]:
    """How many of the first lines a separator cuts alike, into more than one value: none unless it is most of them."""
    lines = io.StringIO(text, newline="")
    for _ in range(skipped):
        lines.readline()
    found = list(records(lines, separator, quote))
    several = Counter(len(record) for _, record in found if len(record) > 1)
    columns, alike = several.most_common(1)[0] if several else (1, 0)
    title = next((before for before, record in found if len(record) == columns), 0)
    if found and len(found[0][1]) == columns - 1 and all(not record[-1] for _, record in found[1:]):
        title = 0  # a head, and below it lines that all end with a separator
    heads = bool(found) and len(found[0][1]) > 1
    return (alike if heads or 2 * alike >= len(found) else 0), Dialect(separator, quote, columns, title)


def _head(path: Path) -> str:
    """The whole lines at the beginning of a file."""
    with open_text(path) as stream:
        text = stream.read(HEAD)
    whole = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:whole] if len(text) == HEAD and whole else text


def _literal(value: str) -> str:
    return value if value.isdigit() else f"'{value}'"
