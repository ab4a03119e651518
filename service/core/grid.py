"""The grid: customer (n) x offer (m) x channel (k); its index, and the bank's days.

A column has length 1 on every axis over which it does not vary, and NumPy broadcasts the rest. For one customer, a
column that varies over the customer or the request alone is a plain Python scalar, which a rule reads thirty times as
fast. Elsewhere: what fills ``customer.*`` (``core.attributes``), ``context.*`` (``core.context``), ``history.*``
(``rules.history``), ``offer.*`` and ``channel.*`` (the policy).

A day is a number: days since 1970-01-01 in the bank's time zone. Dates are only ever compared or subtracted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Column = float | int | bool | str | None | Array
Columns = Mapping[str, Column]

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
_QUARTER_MS = 900_000
_EPOCH = date(1970, 1, 1)
_FRIDAY = 5


def by_customer(values: Sequence[object] | Array) -> Array:
    """The values of n customers as (n, 1, 1)."""
    return np.asarray(values).reshape(-1, 1, 1)


def by_offer(values: Sequence[object] | Array) -> Array:
    """The values of m offers as (1, m, 1)."""
    return np.asarray(values).reshape(1, -1, 1)


def by_channel(values: Sequence[object] | Array) -> Array:
    """The values of k channels as (1, 1, k)."""
    return np.asarray(values).reshape(1, 1, -1)


class GridIndex:
    """The position of each offer, family and channel on its axis; a name unknown to the policy is at -1.

    ``size`` is the length of each axis; ``direction`` are the channels' directions in order.
    """

    def __init__(self, offers: Sequence[tuple[str, str]], channels: Sequence[tuple[str, str]]) -> None:
        """Offers as (id, family) and channels as (id, direction), each in the policy's order."""
        families = list(dict.fromkeys(family for _, family in offers))
        self.offer = {offer: place for place, (offer, _) in enumerate(offers)}
        self.channel = {channel: place for place, (channel, _) in enumerate(channels)}
        self.family_of = [families.index(family) for _, family in offers]
        self.family_index = np.array(self.family_of, dtype=np.intp)
        self.families = tuple(families)
        self.offers = tuple(offer for offer, _ in offers)
        self.channels = tuple(channel for channel, _ in channels)
        self.direction = tuple(direction for _, direction in channels)
        self.size = {"customer": 1, "offer": len(offers), "family": len(families), "channel": len(channels)}


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant in the bank's time zone: day number, minute of the day, weekday (1 is Monday)."""

    day: int
    minute: int
    weekday: int

    @property
    def hour(self) -> int:
        """0 to 23."""
        return self.minute // 60


@dataclass(frozen=True, slots=True, eq=False)
class WorkCalendar:
    """The bank's holidays, and the weekend days that are worked, as day numbers."""

    holidays: frozenset[int] = frozenset()
    working: frozenset[int] = frozenset()

    def is_working(self, at: Moment) -> bool:
        """Whether the day is worked: a weekday that is no holiday, or a weekend day in place of one.

        >>> saturday = Moment(day_number("2026-02-14"), 720, 6)
        >>> WorkCalendar().is_working(saturday), WorkCalendar(working=frozenset({saturday.day})).is_working(saturday)
        (False, True)
        """
        return at.day in self.working or (at.weekday <= _FRIDAY and at.day not in self.holidays)


def moment(now: int, timezone: str) -> Moment:
    """The bank's day, minute and weekday at ``now`` (ms UTC).

    >>> moment(0, "Asia/Shanghai")
    Moment(day=0, minute=480, weekday=4)
    """
    day, rest = divmod(now + _offset_ms(now // _QUARTER_MS, timezone), DAY_MS)
    return Moment(day, rest // 60_000, (day + 3) % 7 + 1)


def day_at(now: int, timezone: str) -> date:
    """The bank's day at ``now`` (ms UTC).

    >>> day_at(1_769_790_600_000, "Asia/Shanghai"), day_at(1_769_790_600_000, "UTC")
    (datetime.date(2026, 1, 31), datetime.date(2026, 1, 30))
    """
    return _EPOCH + timedelta(days=moment(now, timezone).day)


def start_of(day: date, timezone: str) -> int:
    """The instant (ms UTC) at which the bank's day begins; where clocks skip midnight, the first instant of that day.

    >>> start_of(date(2026, 1, 31), "Asia/Shanghai")
    1769788800000
    """
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone)).timestamp()) * 1000


@lru_cache(maxsize=1024)
def _offset_ms(quarter: int, timezone: str) -> int:
    """Local minus UTC; no zone has ever moved its clocks within a quarter of an hour."""
    then = datetime.fromtimestamp(quarter * 900, UTC).astimezone(ZoneInfo(timezone))
    offset = then.utcoffset()
    return 0 if offset is None else int(offset / timedelta(milliseconds=1))


def day_number(iso: str) -> int:
    """Days since 1970-01-01 of an ISO date.

    Raises:
        ValueError: ``iso`` is no ISO date.

    >>> day_number("2026-02-01")
    20485
    """
    return (date.fromisoformat(iso) - _EPOCH).days


def is_iso_day(text: str) -> bool:
    """Whether ``text`` is a day of the calendar, written YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@lru_cache(maxsize=64)
def year_after(day: date) -> date:
    """The last day of the 12 months that begin on a day: the same day a year later, 28 February for 29 February.

    What ``year_before`` of a day includes has not ended on that day (Civil Code art. 202).

    >>> year_after(date(2025, 3, 10)), year_after(date(2024, 2, 29))
    (datetime.date(2026, 3, 10), datetime.date(2025, 2, 28))
    """
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def year_before(day: int) -> int:
    """The first day whose 12 months have not ended: the same day a year before, 1 March for 29 February.

    What began on 28 February ends on 28 February (Civil Code art. 202), so on the 29th it is over.

    >>> day_number("2024-02-29") - year_before(day_number("2024-02-29"))
    365
    """
    today = _EPOCH + timedelta(days=day)
    leap = (today.month, today.day) == (2, 29)
    return ((date(today.year - 1, 3, 1) if leap else today.replace(year=today.year - 1)) - _EPOCH).days
