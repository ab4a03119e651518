"""One encoder per kind: a raw value in, a float or text out; a value that does not fit becomes unknown.

Each encoder takes one value (``encode_one``) or a whole column (``encode_many``), and both give the same result for
each value. Nothing here raises on a value: ``AttributeTable.check`` calls the same encoders and writes the sentence
that refuses it. Only this package should import this module.
"""

import math
import operator
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from zoneinfo import available_timezones

import numpy as np

from service.core.grid import Array

NAN = float("nan")
LARGEST = sys.float_info.max
TEXT_LIMIT = 200
EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)

Encoded = float | str | None


def _refuse(_: str) -> Encoded:
    """The judge of attributes that are not text."""
    return None


@dataclass(frozen=True, slots=True)
class Encoder:
    """How one attribute enters a grid.

    ``encode_one`` takes a JSON value, ``encode_many`` a column; ``fits`` says whether a non-null value is at least of
    the right kind. The parts that make ``encode_one`` fast are public too: the ``bounds`` of a number, and ``judge``,
    which judges a text alone.
    """

    encode_one: Callable[[object], Encoded]
    encode_many: Callable[[Array], Array]
    fits: Callable[[object], bool]
    expected: str
    unknown: float | None
    bounds: tuple[float, float] = (LARGEST, -LARGEST)
    judge: Callable[[str], Encoded] = _refuse


def number_encoder(low: float, high: float, expected: str) -> Encoder:
    """Finite numbers in [low, high] as floats; a boolean is no number."""

    def one(value: object) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        return NAN

    def many(values: Array) -> Array:
        figures = values.astype(np.float64) if values.dtype.kind in "fiu" else _floats(map(one, map(_plain, values)))
        return np.where((figures >= low) & (figures <= high), figures, NAN)

    return Encoder(one, many, _is_number, expected, NAN, (low, high))


def truth_encoder() -> Encoder:
    """True 1.0, false 0.0. A column may also hold 0 and 1, because many file formats know nothing else."""

    def one(value: object) -> float:
        return float(value) if value is True or value is False else NAN

    def many(values: Array) -> Array:
        if values.dtype.kind not in "fiub":
            return _floats(map(one, map(_plain, values)))
        figures = values.astype(np.float64)
        return np.where((figures == 0.0) | (figures == 1.0), figures, NAN)

    return Encoder(one, many, _is_truth, "true or false", NAN)


def day_encoder() -> Encoder:
    """ISO dates (YYYY-MM-DD) of 1900 to 2200 as days since 1970-01-01. A column may also hold dates and instants."""
    low, high = float(FIRST_DAY.toordinal() - EPOCH), float(LAST_DAY.toordinal() - EPOCH)

    def judge(text: str) -> float:
        days = _days(text)
        return days if low <= days <= high else NAN

    def one(value: object) -> float:
        return judge(value) if isinstance(value, str) else NAN

    def many(values: Array) -> Array:
        days = _day_numbers(values) if values.dtype.kind == "M" else _floats(map(_any_day, values))
        return np.where((days >= low) & (days <= high), days, NAN)

    expected = f"a date YYYY-MM-DD from {FIRST_DAY} to {LAST_DAY}"
    return Encoder(one, many, _is_day, expected, NAN, judge=judge)


def text_encoder(values: tuple[str, ...] | None) -> Encoder:
    """One of a closed list of words, or any printable text of 1 to 200 characters; otherwise None."""
    judge = _printable if values is None else {value: value for value in values}.get
    expected = f"text of 1 to {TEXT_LIMIT} printable characters" if values is None else "one of " + ", ".join(values)

    def one(value: object) -> str | None:
        return judge(value) if isinstance(value, str) else None

    return Encoder(one, lambda column: _words(column, one), _is_text, expected, None, judge=judge)


def zone_encoder() -> Encoder:
    """Names of time zones as the IANA database has them, such as ``Asia/Shanghai``; otherwise None."""
    judge = {name: name for name in _zones()}.get

    def one(value: object) -> str | None:
        return judge(value) if isinstance(value, str) else None

    expected = "an IANA time zone such as Asia/Shanghai"
    return Encoder(one, lambda column: _words(column, one), _is_text, expected, None, judge=judge)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """Every zone that is named by its place or is UTC; what names a machine's own zone is left out."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def is_known(value: object) -> bool:
    """Whether ``value`` is known: not None, and equal to itself (NaN, NaT and pandas' NA are not)."""
    if value is None:
        return False
    if isinstance(value, float):
        return not math.isnan(value)
    same = operator.eq(value, value)
    return same is True or (isinstance(same, np.bool_) and bool(same))


def _printable(text: str) -> str | None:
    return text if 0 < len(text) <= TEXT_LIMIT and text.isprintable() else None


def _floats(figures: Iterable[float]) -> Array:
    return np.fromiter(figures, np.float64)


def _plain(value: object) -> object:
    """A NumPy scalar or a decimal as plain Python; only columns hold those."""
    if isinstance(value, np.generic):
        return value.item()
    return float(value) if isinstance(value, Decimal) else value


def _days(text: str) -> float:
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return NAN
    try:
        return float(date.fromisoformat(text).toordinal() - EPOCH)
    except ValueError:
        return NAN


def _any_day(value: object) -> float:
    if isinstance(value, str):
        return _days(value)
    return float(value.toordinal() - EPOCH) if isinstance(value, date) and is_known(value) else NAN


def _day_numbers(values: Array) -> Array:
    days = values.astype("datetime64[D]")
    return np.where(np.isnat(days), NAN, days.astype(np.int64).astype(np.float64))


def _words(column: Array, one: Callable[[object], str | None]) -> Array:
    """The column of judged words. Each distinct word is judged once; a column of a million rows holds few."""
    words = np.empty(len(column), dtype=object)
    try:
        judged = {value: one(value) for value in set(column)}
        words[:] = [judged[value] for value in column]
    except TypeError:  # something unhashable among the values
        words[:] = [one(value) for value in column]
    return words


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal, np.number)) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_truth(value: object) -> bool:
    return isinstance(value, (bool, np.bool_)) or (_is_number(value) and value in (0, 1))


def _is_day(value: object) -> bool:
    return isinstance(value, (date, np.datetime64)) or (isinstance(value, str) and is_known(_days(value)))
