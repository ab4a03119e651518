"""The time of each row of consents.sql: ``said_on``, else the bank's day, as the first and last instant it may mean.

    said_on                               first instant            last instant
    a date (or midnight: a date, too)     when that day begins     when it ends
    an instant without a zone             that one in the bank's zone, both where the clocks went back
    an instant with a zone                that one
    unknown, or there is no such column   the bank's day (``as_of``): the bank's record, no proof of an instant

Which of two consents holds is decided where they are stored, not here.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.core.grid import start_of
from training.arrays import Flags, Places
from training.data.bank import Bank
from training.data.files.casting import day_of

SAID_ON = "said_on"
EXPECTED = "must be a date or an instant of 1900 to 2199, such as 2026-03-31 or 2026-03-31 14:30:00"
YEARS = range(1900, 2200)
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = tuple((datetime(year, 1, 1, tzinfo=UTC) - EPOCH).days for year in (YEARS.start, YEARS.stop))
"""Python's dates end at the year 9999, and DuckDB's infinity lies beyond."""
DAY_US = 86_400_000_000

Span = tuple[int, int]


@dataclass(frozen=True)
class ConsentInstants:
    """For every row its first and last instant (ms UTC), whether the file states it, whether the value is no time."""

    earliest: Places
    latest: Places
    proven: Flags
    wrong: Flags


def read_instants(table: pa.Table, bank: Bank) -> ConsentInstants:
    """Read the time of each row; a row whose ``said_on`` cannot be read has the bank's day, and is ``wrong``."""
    day, size = span(bank.as_of, bank.timezone), table.num_rows
    if SAID_ON not in table.column_names:
        return ConsentInstants(np.full(size, day[0]), np.full(size, day[1]), np.zeros(size, bool), np.zeros(size, bool))
    column = table.column(SAID_ON).combine_chunks()
    coded = pc.dictionary_encode(column, null_encoding="encode")
    spans = [_read(value, bank.timezone) for value in _values(coded.dictionary)]
    unknown = np.asarray(pc.is_null(coded.dictionary).to_numpy(zero_copy_only=False), dtype=bool)
    place = np.asarray(coded.indices.to_numpy())
    bounds = np.array([one or day for one in spans], dtype=np.int64).reshape(-1, 2)
    read = np.array([one is not None for one in spans], dtype=bool)
    return ConsentInstants(bounds[place, 0], bounds[place, 1], read[place], (~read & ~unknown)[place])


def span(day: date, zone: ZoneInfo) -> Span:
    """The first and the last millisecond of a day in a zone.

    >>> span(date(1970, 1, 2), ZoneInfo("Asia/Shanghai"))
    (57600000, 143999999)
    """
    begins, ends = (start_of(one, zone.key) for one in (day, day + timedelta(days=1)))
    return begins, ends - 1


def _values(values: pa.Array) -> list[Any]:
    """Dates, instants or texts; None for what is unknown, out of bounds, or of another kind."""
    if pa.types.is_date32(values.type):
        return _within(values, values.cast(pa.int32()), 1)
    if pa.types.is_timestamp(values.type):
        exact = values.cast(pa.timestamp("us", values.type.tz), safe=False)
        return _within(exact, exact.cast(pa.int64()), DAY_US)
    if pa.types.is_integer(values.type):
        values = values.cast(pa.string())
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return list(values.to_pylist())
    return [None] * len(values)


def _within(values: pa.Array, figures: pa.Array, a_day: int) -> list[Any]:
    first, end = (one * a_day for one in DAYS)
    fits = pc.and_(pc.greater_equal(figures, first), pc.less(figures, end))
    return list(pc.if_else(fits, values, pa.scalar(None, values.type)).to_pylist())


def _read(value: Any, zone: ZoneInfo) -> Span | None:
    if isinstance(value, str):
        value = _of_text(value.strip(), zone)
    if value is None:
        return None
    if not isinstance(value, datetime):
        return span(value, zone)
    local = value.astimezone(zone) if value.tzinfo is not None else value
    if local.time() == time():
        return span(local.date(), zone)
    instants = [_ms(value)] if value.tzinfo else [_ms(value.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)]
    return min(instants), max(instants)


def _of_text(text: str, zone: ZoneInfo) -> date | datetime | None:
    """An instant in ISO form, else the day that the text names, as ``casting`` reads days."""
    try:
        found = datetime.fromisoformat(text) if INSTANT.fullmatch(text) else day_of(text, zone)
    except ValueError:  # the 30th of February
        return None
    return found if found is not None and found.year in YEARS else None


def _ms(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)
