"""calendar.yaml: the State Council's notices by year, and the days fixed by law. A policy may lack it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import chain

from service.core.grid import is_iso_day
from service.rules.loading.documents.entry import Entry
from service.rules.model.calendar import Calendar, Festival, Notice

YEARS = (2000, 2100)
LONGEST_DAYS = 15
"""No festival has ever been longer than nine days."""
SATURDAY, DECEMBER = 6, 12
LONGER_MAY = 2025
"""From this year on 2 May is fixed by law."""
YEAR = re.compile(r"(20\d\d)年")
"""A year as a source names it."""
UNREAD = date(YEARS[0], 1, 1)


def read_calendar(page: Entry) -> Calendar:
    """The calendar; an empty one where a policy has none."""
    if not page.values:
        return Calendar()
    page.has("by_law_source")
    by_law = _by_law(page)
    notices = page.child("notices") if page.has("notices") else Entry({}, page.file, page.problems)
    read = [_notice(key, value, page, by_law) for key, value in notices.values.items()]
    page.close()
    return Calendar({one.year: one for one in read if one is not None}, by_law)


def fixed_days(year: int, by_law: Mapping[date, str]) -> set[date]:
    """The days of a year that law fixes: those with the same date every year, and those that the calendar names."""
    fixed = [(1, 1), (5, 1), (10, 1), (10, 2), (10, 3), *([(5, 2)] if year >= LONGER_MAY else [])]
    return {date(year, *day) for day in fixed} | {day for day in by_law if day.year == year}


def _by_law(page: Entry) -> dict[date, str]:
    if not page.has("by_law"):
        return {}
    page.text("by_law_source", "the law that fixes these days")
    entry, found = page.child("by_law"), dict[date, str]()
    for key in entry.values:
        if is_iso_day(key):
            found[date.fromisoformat(key)] = entry.text(key, "the name of the festival")
        else:
            page.add_fault("by_law", f'must be dates (YYYY-MM-DD), got "{key}"')
    return found


def _notice(key: str, value: object, page: Entry, by_law: Mapping[date, str]) -> Notice | None:
    entry = Entry(value, page.file, page.problems, f'notice "{key}"')
    if not (key.isdecimal() and YEARS[0] <= int(key) <= YEARS[1]):
        entry.add_fault("", f"must be named by its year ({YEARS[0]} to {YEARS[1]})")
        return None
    before = len(page.problems)
    lines = [_festival(one) for one in entry.children("holidays", "holiday", named_by="name")]
    notice = Notice(int(key), entry.text("source", "who noticed it, and where"), _day(entry, "issued_on"), tuple(lines))
    entry.close()
    if len(page.problems) == before:
        for fault in _faults(notice, by_law):
            entry.add_fault("", fault)
    return notice


def _festival(entry: Entry) -> Festival:
    name, first, last = entry.text("name", "the name of the festival"), _day(entry, "from"), _day(entry, "to")
    days = entry.words("working", optional=True)
    for day in days:
        if not is_iso_day(day):
            entry.add_fault("working", f'must be dates (YYYY-MM-DD), got "{day}"')
    if not 0 <= (last - first).days < LONGEST_DAYS:
        entry.add_fault("to", f"must be 0 to {LONGEST_DAYS - 1} days after from")
        last = first
    entry.close()
    return Festival(name, first, last, tuple(date.fromisoformat(day) for day in days if is_iso_day(day)))


def _day(entry: Entry, key: str) -> date:
    text = entry.values.get(key)
    if entry.has(key) and isinstance(text, str) and is_iso_day(text):
        return date.fromisoformat(text)
    entry.add_wrong_kind(key, "a date (YYYY-MM-DD)")
    return UNREAD


def _faults(notice: Notice, by_law: Mapping[date, str]) -> Iterator[str]:
    """What is wrong with the days of a notice taken together."""
    times = Counter(chain(notice.holidays, notice.working))
    yield from (f"names {day} twice: a day is off or worked, once" for day, count in times.items() if count > 1)
    for day in times:
        if day.year != notice.year and (day.year, day.month) != (notice.year - 1, DECEMBER):
            yield f"names {day}; expected days of {notice.year}, or of the December before"
    for day in notice.working:
        if day.isoweekday() < SATURDAY:
            yield f"says that {day} is worked; expected a Saturday or a Sunday, other days are worked anyway"
    for day in sorted(fixed_days(notice.year, by_law) - {*notice.holidays}):
        yield f"leaves out {day}, which law fixes as a holiday"
    named = {int(year) for year in YEAR.findall(notice.source)}
    if named and notice.year not in named:
        yield f"has a source of another year: {notice.source}"
    if notice.issued_on.year > notice.year:
        yield f"was issued on {notice.issued_on}; expected a day before the end of {notice.year}"
