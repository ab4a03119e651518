"""The market: rates that others pay, as outside data with source, day and licence; one number for all customers.

A rate is read as ``market.<id>``. It is NULL before its day, and where it is older than its ``fresh_days``: what is
stale says nothing. Days are those of the bank's time zone. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import nan

from service.core.expressions import Kind, Name
from service.core.grid import day_number

PREFIX = "market."
LOWEST, HIGHEST = -0.05, 0.3
"""Bounds of a rate, per year."""
KEPT_DAYS = 64
"""So many days' columns are kept."""


@dataclass(frozen=True, slots=True)
class MarketRate:
    """One rate per year, as ``source`` told it on ``day``; it holds for ``fresh_days`` days after."""

    id: str
    rate: float
    meaning: str
    source: str
    day: date
    licence: str
    fresh_days: int

    @property
    def name(self) -> str:
        """How an expression reads it."""
        return PREFIX + self.id

    def holds_on(self, day: int) -> bool:
        """Whether the rate says something on a day (days since 1970-01-01)."""
        return 0 <= day - day_number(self.day.isoformat()) <= self.fresh_days


@dataclass(frozen=True)
class Market:
    """All rates of a policy, in their order; none where the policy has no market.yaml."""

    rates: tuple[MarketRate, ...] = ()

    @property
    def schema(self) -> Mapping[str, Name]:
        """Every ``market.<id>`` as expressions see it: a number without axes."""
        return {one.name: Name(Kind.NUMBER) for one in self.rates}

    def columns(self, day: int) -> Mapping[str, float]:
        """Every ``market.<id>`` on a day (days since 1970-01-01), NaN where it says nothing."""
        found = self._by_day.get(day)
        if found is None:
            found = {one.name: one.rate if one.holds_on(day) else nan for one in self.rates}
            if len(self._by_day) >= KEPT_DAYS:
                self._by_day.clear()
            self._by_day[day] = found
        return found

    def silent_on(self, day: int) -> Iterator[MarketRate]:
        """The rates that say nothing on a day."""
        return (one for one in self.rates if not one.holds_on(day))

    @cached_property
    def _by_day(self) -> dict[int, Mapping[str, float]]:
        """The columns of the days that were asked."""
        return {}
