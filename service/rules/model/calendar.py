"""The bank's calendar as frozen values: what the State Council noticed year by year, and the days fixed by law.

A working day is a weekday that is no holiday, or a weekend day that a notice says is worked. The official notice of a
year comes late in the year before it. Until then only the days fixed by law are known: neither the days that make a
festival longer nor the weekend days worked in their place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Festival:
    """One line of a notice: days off from ``first`` to ``last``, both included, and the weekend days worked for it."""

    name: str
    first: date
    last: date
    working: tuple[date, ...] = ()

    @property
    def days(self) -> Iterator[date]:
        """Every day off, in order."""
        return (self.first + timedelta(days=step) for step in range((self.last - self.first).days + 1))


@dataclass(frozen=True, slots=True)
class Notice:
    """What the State Council's General Office noticed for one year, and on which day."""

    year: int
    source: str
    issued_on: date
    festivals: tuple[Festival, ...]

    @property
    def holidays(self) -> Iterator[date]:
        """Every day off."""
        return (day for festival in self.festivals for day in festival.days)

    @property
    def working(self) -> Iterator[date]:
        """Every weekend day that is worked."""
        return (day for festival in self.festivals for day in festival.working)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The notices by year, and the days fixed by law with their names."""

    notices: Mapping[int, Notice] = field(default_factory=dict)
    by_law: Mapping[date, str] = field(default_factory=dict)

    @property
    def holidays(self) -> frozenset[date]:
        """Every day off that is known."""
        return frozenset(self.by_law) | {day for notice in self.notices.values() for day in notice.holidays}

    @property
    def working(self) -> frozenset[date]:
        """Every weekend day that is worked, as far as it is known."""
        return frozenset(day for notice in self.notices.values() for day in notice.working)
