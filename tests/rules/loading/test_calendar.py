"""calendar.yaml: the official notices and the days fixed by law, and what may not stand in it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from service.core.errors import PolicyError
from service.core.grid import WorkCalendar, moment
from service.rules.loading.contact.calendar_text import head_of, write_calendar
from service.rules.loading.documents.strict_yaml import parse
from service.rules.policy import DEFAULT, from_documents, load
from tests.gates.people import instant

POLICY = load(DEFAULT)
CALENDAR = POLICY.contact.calendar
TEXT = (DEFAULT / "calendar.yaml").read_text()


def days_of(year: int) -> tuple[list[str], list[str]]:
    """The days off and the weekend days worked of a year's notice."""
    notice = CALENDAR.notices[year]
    return [f"{day:%m-%d}" for day in notice.holidays], [f"{day:%m-%d}" for day in notice.working]


def test_the_notice_of_2026_is_the_state_councils() -> None:
    off, worked = days_of(2026)
    assert off[:3] == ["01-01", "01-02", "01-03"]
    assert off[3:12] == [f"02-{day}" for day in range(15, 24)]
    assert off[12:20] == ["04-04", "04-05", "04-06", "05-01", "05-02", "05-03", "05-04", "05-05"]
    assert off[20:26] == ["06-19", "06-20", "06-21", "09-25", "09-26", "09-27"]
    assert off[26:] == [f"10-0{day}" for day in range(1, 8)]
    assert worked == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]


def test_the_notice_of_2025_is_the_state_councils() -> None:
    off, worked = days_of(2025)
    assert (len(off), off[0], off[1], off[8], off[-1]) == (28, "01-01", "01-28", "02-04", "10-08")
    assert worked == ["01-26", "02-08", "04-27", "09-28", "10-11"]


@pytest.mark.parametrize("year", sorted(CALENDAR.notices))
def test_weekdays_off_less_weekend_days_worked_are_the_thirteen_days_of_the_law(year: int) -> None:
    notice = CALENDAR.notices[year]
    assert sum(day.isoweekday() <= 5 for day in notice.holidays) - len(list(notice.working)) == 13


@pytest.mark.parametrize(
    ("year", "new_year", "qingming", "dragon_boat", "mid_autumn"),
    [
        (2027, "02-06", "04-05", "06-09", "09-15"),
        (2028, "01-26", "04-04", "05-28", "10-03"),
        (2029, "02-13", "04-04", "06-16", "09-22"),
        (2030, "02-03", "04-05", "06-05", "09-12"),
        (2031, "01-23", "04-05", "06-24", "10-01"),
        (2032, "02-11", "04-04", "06-12", "09-19"),
    ],
)
def test_the_days_fixed_by_law_are_those_of_both_calendars(
    year: int, new_year: str, qingming: str, dragon_boat: str, mid_autumn: str
) -> None:
    first = date.fromisoformat(f"{year}-{new_year}").toordinal()
    spring = {date.fromordinal(first + step) for step in (-1, 0, 1, 2)}
    fixed = {date(year, *day) for day in ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))}
    moving = {date.fromisoformat(f"{year}-{day}") for day in (qingming, dragon_boat, mid_autumn)}
    assert {day for day in CALENDAR.by_law if day.year == year} == spring | fixed | moving


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-02-13", True),  # Friday
        ("2026-02-14", True),  # Saturday, worked
        ("2026-02-15", False),  # Sunday, off
        ("2026-02-20", False),  # Friday, off
        ("2026-02-21", False),  # Saturday, off
        ("2026-03-07", False),  # Saturday
        ("2027-01-01", False),  # Friday, off by law
        ("2027-01-04", True),  # Monday
    ],
)
def test_a_day_is_worked_or_not(day: str, worked: bool) -> None:
    days: WorkCalendar = POLICY.contact.days
    assert days.is_working(moment(instant(f"{day}T12:00"), "Asia/Shanghai")) is worked


Change = Callable[[dict[str, Any]], object]


def faults(change: Change) -> str:
    documents = POLICY.documents
    change(documents["calendar"])
    with pytest.raises(PolicyError) as error:
        from_documents(documents)
    return "\n".join(map(str, error.value.problems))


def line(calendar: dict[str, Any], name: str) -> dict[str, Any]:
    """The line of a festival of 2026."""
    found: dict[str, Any] = next(one for one in calendar["notices"]["2026"]["holidays"] if one["name"] == name)
    return found


WRONG: dict[str, tuple[Change, str]] = {
    "a day of the law left out": (
        lambda c: line(c, "劳动节").update({"from": "2026-05-02"}),
        "leaves out 2026-05-01, which law fixes as a holiday",
    ),
    "a day off and worked": (
        lambda c: line(c, "元旦").update(working=["2026-01-03"]),
        "names 2026-01-03 twice: a day is off or worked, once",
    ),
    "a weekday that is worked": (
        lambda c: line(c, "元旦").update(working=["2026-01-05"]),
        "says that 2026-01-05 is worked; expected a Saturday or a Sunday, other days are worked anyway",
    ),
    "a day of another year": (
        lambda c: line(c, "元旦").update(working=["2025-06-01"]),
        "names 2025-06-01; expected days of 2026, or of the December before",
    ),
    "a source of another year": (
        lambda c: c["notices"]["2026"].update(source="关于2025年部分节假日安排的通知"),
        "has a source of another year: 关于2025年部分节假日安排的通知",
    ),
    "a festival that ends before it begins": (
        lambda c: line(c, "元旦").update(to="2025-12-31"),
        'holiday "元旦": to must be 0 to 14 days after from',
    ),
    "a year that is none": (
        lambda c: c["notices"].update({"MMXXVI": c["notices"].pop("2026")}),
        'notice "MMXXVI": must be named by its year (2000 to 2100)',
    ),
    "a notice without its day": (
        lambda c: c["notices"]["2026"].pop("issued_on"),
        'notice "2026": issued_on is missing: expected a date (YYYY-MM-DD)',
    ),
    "a day fixed by no law": (
        lambda c: c.pop("by_law_source"),
        "by_law_source is missing: expected the law that fixes these days",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_a_calendar_is_refused_with_its_place(wrong: str) -> None:
    change, expected = WRONG[wrong]
    assert f"{expected}" in faults(change)


def test_a_policy_without_a_calendar_is_read_with_its_own_holidays_alone() -> None:
    documents = POLICY.documents
    del documents["calendar"]
    documents["contact"]["holidays"] = ["2026-02-17", "2027-01-01"]
    documents["contact"]["quiet_hours"].pop()
    days = from_documents(documents).contact.days
    assert (len(days.holidays), days.working) == (2, frozenset())


def test_what_is_written_out_is_read_back_and_keeps_its_comment() -> None:
    document = parse("calendar.yaml", TEXT, [])
    assert isinstance(document, dict)
    written = write_calendar(document, head_of(TEXT))
    assert parse("calendar.yaml", written, []) == document
    assert written.startswith(head_of(TEXT).rstrip("\n"))
