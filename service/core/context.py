"""``context.*``: what a rule may read of a request and of the bank's day, one row a name. Pure.

A name of the day is a row of ``DAY_NAMES``. A name that a request states is a field of ``domain.Context``, made by
``request_field``. Either is the one place where its kind, its meaning and whether it is personal are written. From it
follow the schema of the rules (``rules.vocabulary``), the column (``context_columns``), what stays unread of a customer
without personalisation (``PERSONAL_FIELDS``), and the fields of a request (``REQUEST_NAMES``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from math import nan

from service.core.domain import Context
from service.core.expressions import Kind
from service.core.grid import Column, Moment, WorkCalendar, year_before


@dataclass(frozen=True, slots=True)
class RequestName:
    """One name that a request states in a field of ``Context``; ``personal`` marks a fact about the customer."""

    name: str
    kind: Kind
    meaning: str
    field: str
    personal: bool = False


@dataclass(frozen=True, slots=True)
class DayName:
    """One name of the bank's day: ``read`` takes the moment and the policy's calendar."""

    name: str
    kind: Kind
    meaning: str
    read: Callable[[Moment, WorkCalendar], float]


DAY_NAMES = (
    DayName("context.hour", Kind.NUMBER, "The hour, 0 to 23.", lambda at, calendar: at.hour),
    DayName("context.weekday", Kind.NUMBER, "The day of the week; 1 is Monday.", lambda at, calendar: at.weekday),
    DayName("context.today", Kind.DATE, "The day.", lambda at, calendar: at.day),
    DayName(
        "context.year_ago",
        Kind.DATE,
        "The same day 12 months before; 1 March for 29 February.",
        lambda at, calendar: year_before(at.day),
    ),
    DayName(
        "context.holiday",
        Kind.BOOLEAN,
        "Whether the day is one of the policy's holidays.",
        lambda at, calendar: at.day in calendar.holidays,
    ),
    DayName(
        "context.working_day",
        Kind.BOOLEAN,
        "Whether the day is worked: a weekday that is no holiday, or a weekend day worked in place of one.",
        lambda at, calendar: calendar.is_working(at),
    ),
)
"""Hours and days are those of the policy's time zone."""

REQUEST_NAMES: Mapping[str, RequestName] = {
    one.name: RequestName(
        f"context.{one.name}",
        Kind(one.metadata["kind"]),
        one.metadata["meaning"],
        one.name,
        one.metadata["personal"],
    )
    for one in fields(Context)
    if one.metadata
}
"""What a request states, by its field, in the order of ``Context``."""

PERSONAL_FIELDS = tuple(name for name, one in REQUEST_NAMES.items() if one.personal)
"""Fields of ``Context`` that are facts about the customer."""

_TEXTS = {one.name: field for field, one in REQUEST_NAMES.items() if one.kind is Kind.TEXT}
_FIGURES = {one.name: field for field, one in REQUEST_NAMES.items() if one.kind is not Kind.TEXT}


def context_columns(context: Context, at: Moment, calendar: WorkCalendar) -> dict[str, Column]:
    """``context.*`` of one request as plain scalars; NaN (None for text) where the request states nothing."""
    columns: dict[str, Column] = dict(_day_columns(at, calendar))
    for name, field in _TEXTS.items():
        columns[name] = getattr(context, field)
    for name, field in _FIGURES.items():
        figure = getattr(context, field)
        columns[name] = nan if figure is None else float(figure)
    return columns


@lru_cache(maxsize=64)
def _day_columns(at: Moment, calendar: WorkCalendar) -> Mapping[str, Column]:
    """The names of the day; the same for every request of one minute."""
    return {one.name: float(one.read(at, calendar)) for one in DAY_NAMES}
