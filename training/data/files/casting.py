"""Columns of a query cast to the kinds of the contract: strictly, and never guessed.

Text becomes a number, a truth or a day where its column must hold one; whole numbers become the digits of an id or a
word; an instant becomes the day that it is in the bank's zone. A day is read with the year first (2025-03-04, 2025/3/4,
2025.3.4, 20250304, 2025年3月4日), with or without a time behind it. Where day and month could change places, or the
century is left out, it is not read. A column with a value that cannot be read stays as it is; the ``table_contract``
then names every such value.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.core.expressions import Kind
from training.arrays import Flags

NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
TRUTHS = {"true": True, "1": True, "false": False, "0": False}
DAY = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|\.([0-9]{1,2})\.([0-9]{1,2})"
    r"|([0-9]{2})([0-9]{2})|年([0-9]{1,2})月([0-9]{1,2})日)"
)
TIME = re.compile(
    r"[ T]?([0-9]{1,2}):?([0-9]{2})(?::?([0-9]{2})(?:\.[0-9]+)?)?(?: ?(Z|([-+])([0-9]{2})(?::?([0-9]{2}))?))?"
)
SPAN_S = (-62_135_596_800, 253_402_214_400)
"""From the year 1 to the year 9999, in seconds since 1970: what has a day at all."""


def in_kinds(rows: pa.Table, kinds: Mapping[str, Kind], zone: ZoneInfo) -> pa.Table:
    """The table with each column cast to its kind, where every value of the column can be read."""
    for column, kind in kinds.items():
        read, bad = read_column(rows.column(column), kind, zone)
        if not bad.any():
            rows = rows.set_column(rows.column_names.index(column), column, read)
    return rows


def read_column(column: pa.ChunkedArray, kind: Kind, zone: ZoneInfo) -> tuple[pa.ChunkedArray, Flags]:
    """A column cast to its kind, with null for values that cannot be read, and a flag for each of these."""
    given = column.type
    if kind is Kind.TEXT:
        return _digits(column), _none(column)
    if kind is Kind.DATE and pa.types.is_timestamp(given):
        return _days(column, zone)
    if kind is Kind.DATE and pa.types.is_integer(given):
        column, given = _digits(column), pa.string()
    if not (pa.types.is_string(given) or pa.types.is_large_string(given)):
        return column, _none(column)
    return _parsed(column, *_reading(kind, zone))


def _reading(kind: Kind, zone: ZoneInfo) -> tuple[Callable[[str], object], pa.DataType | None]:
    """The parser of one text (None where it cannot be read), and the type of the column (None: integers or floats)."""
    if kind is Kind.BOOLEAN:
        return lambda text: TRUTHS.get(text.lower()), pa.bool_()
    return (lambda text: day_of(text, zone), pa.date32()) if kind is Kind.DATE else (number_of, None)


def _parsed(
    column: pa.ChunkedArray, parse: Callable[[str], object], given: pa.DataType | None
) -> tuple[pa.ChunkedArray, Flags]:
    """Each distinct text is parsed once."""
    coded = pc.dictionary_encode(column.combine_chunks())
    read = [parse(text.strip()) for text in coded.dictionary.to_pylist()]
    if given is None:
        given = pa.int64() if all(isinstance(one, int) for one in read) else pa.float64()
    values = pa.chunked_array([pa.array(read, given).take(coded.indices)])
    return values, np.asarray(pc.and_(pc.is_valid(column), pc.is_null(values)).to_numpy(zero_copy_only=False))


def number_of(text: str) -> int | float | None:
    """A finite number in plain figures; None for anything else: nan, 1_000, figures of another script."""
    if WHOLE.fullmatch(text):
        return int(text)
    number = float(text) if NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def day_of(text: str, zone: ZoneInfo) -> date | None:
    """The day that a text names, year first, or the bank's day of an instant; None where it is ambiguous."""
    found = DAY.match(text)
    if found is None:
        return None
    year, month, day = (int(one) for one in found.groups() if one is not None)
    rest = text[found.end() :]
    time = TIME.fullmatch(rest)
    try:
        return date(year, month, day) if not rest else time and _day_at(datetime(year, month, day), time, zone)
    except (ValueError, OverflowError):
        return None


def _day_at(midnight: datetime, time: re.Match[str], zone: ZoneInfo) -> date:
    hour, minute, second, offset, sign, hours, minutes = time.groups()
    at = midnight.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
    if offset is None:
        return at.date()
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    told = at.replace(tzinfo=UTC if offset == "Z" else timezone(-ahead if sign == "-" else ahead))
    return told.astimezone(zone).date()


def _days(column: pa.ChunkedArray, zone: ZoneInfo) -> tuple[pa.ChunkedArray, Flags]:
    """The days of instants: in the bank's zone where they have a zone, as written where they have none."""
    instants = pc.cast(column, pa.timestamp("s", column.type.tz), safe=False)
    seconds = pc.cast(instants, pa.int64())
    spanned = pc.and_(pc.greater_equal(seconds, SPAN_S[0]), pc.less(seconds, SPAN_S[1]))
    instants = pc.if_else(spanned, instants, pa.scalar(None, instants.type))
    if column.type.tz is not None:
        instants = pc.local_timestamp(pc.cast(instants, pa.timestamp("s", zone.key)))
    bad = pc.and_(pc.is_valid(column), pc.invert(pc.fill_null(spanned, True)))
    return pc.cast(instants, pa.date32(), safe=False), np.asarray(bad.to_numpy())


def _digits(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers as their digits; fractions, and what is no number, as they are."""
    if pa.types.is_decimal(column.type):
        whole = pc.cast(column, pa.decimal128(38, 0), safe=False)
        same = pc.all(pc.equal(pc.cast(whole, column.type, safe=False), column)).as_py() is not False
        return pc.cast(whole, pa.string()) if same else column
    return pc.cast(column, pa.string()) if pa.types.is_integer(column.type) else column


def _none(column: pa.ChunkedArray) -> Flags:
    return np.zeros(len(column), dtype=np.bool_)
