"""An official notice as a table of days, one row a day, into the form in which calendar.yaml holds it. Pure.

    day,kind,name,source,noticed_on
    2026-01-01,holiday,元旦,国务院办公厅关于2026年部分节假日安排的通知,2025-11-04
    2026-01-04,working,元旦,国务院办公厅关于2026年部分节假日安排的通知,2025-11-04

``kind`` is ``holiday`` for a day off, and ``working`` for a weekend day that is worked for the festival of that name.
"""

import itertools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from service.core.errors import InvalidInput, Problem
from service.core.grid import is_iso_day
from service.rules.loading.contact.calendar import DECEMBER

COLUMNS = ("day", "kind", "name", "source", "noticed_on")
KINDS = ("holiday", "working")
MOST_ROWS = 200
Row = Mapping[str, str]


def notice_of(rows: Sequence[Row]) -> tuple[str, dict[str, Any]]:
    """The year of the notice, and the notice as calendar.yaml holds it.

    Raises:
        InvalidInput: names every row that does not fit, or what the rows do not agree on.
    """
    problems = [problem for number, row in enumerate(rows, 2) for problem in _faults(number, row)]
    problems += _disagreements(rows) if not problems else []
    if not 0 < len(rows) <= MOST_ROWS:
        problems.append(Problem("rows", f"must be 1 to {MOST_ROWS}, one a day, got {len(rows)}"))
    if problems:
        raise InvalidInput("This is no notice of holidays.", problems)
    worked, first = [row for row in rows if row["kind"] == "working"], rows[0]
    lines = [
        {"name": name, "from": str(days[0]), "to": str(days[-1]), **_worked(name, worked)}
        for name, days in _festivals(rows).items()
    ]
    notice = {"source": first["source"], "issued_on": first["noticed_on"], "holidays": lines}
    return _year(rows), notice


def _faults(number: int, row: Row) -> list[Problem]:
    where = f"row {number}"
    missing = [name for name in COLUMNS if not (row.get(name) or "").strip()]
    if missing:
        return [Problem(where, f"lacks {', '.join(missing)}; expected {', '.join(COLUMNS)}")]
    days = [name for name in ("day", "noticed_on") if not is_iso_day(row[name])]
    found = [Problem(where, f'{name} must be a date (YYYY-MM-DD), got "{row[name]:.40}"') for name in days]
    if row["kind"] not in KINDS:
        found.append(Problem(where, f'kind must be one of {", ".join(KINDS)}, got "{row["kind"]:.40}"'))
    return found


def _disagreements(rows: Sequence[Row]) -> list[Problem]:
    """What all rows must agree on, days that stand twice, festivals with a gap, and work for no festival."""
    found = [
        Problem(name, f"must be the same in every row; got {' and '.join(sorted({row[name] for row in rows})[:2])}")
        for name in ("source", "noticed_on")
        if len({row[name] for row in rows}) > 1
    ]
    days = [row["day"] for row in rows]
    found += [Problem(day, "stands in two rows; expected one: off or worked") for day in _repeated(days)]
    festivals = _festivals(rows)
    for name, off in festivals.items():
        gaps = [day for day, after in itertools.pairwise(off) if after - day > timedelta(days=1)]
        found += [Problem(name, f"has a gap after {day}; expected days that follow one another") for day in gaps]
    strangers = [row for row in rows if row["kind"] == "working" and row["name"] not in festivals]
    return found + [Problem(row["day"], f'is worked for "{row["name"]}", which has no day off') for row in strangers]


def _repeated(days: Sequence[str]) -> list[str]:
    return sorted({day for day in days if days.count(day) > 1})


def _festivals(rows: Sequence[Row]) -> dict[str, list[date]]:
    """The days off by festival, in the order of their first days."""
    off = sorted((date.fromisoformat(row["day"]), row["name"]) for row in rows if row["kind"] == "holiday")
    return {name: [day for day, of in off if of == name] for name in dict.fromkeys(name for _, name in off)}


def _worked(name: str, worked: Sequence[Row]) -> dict[str, list[str]]:
    days = sorted(row["day"] for row in worked if row["name"] == name)
    return {"working": days} if days else {}


def _year(rows: Sequence[Row]) -> str:
    """The year that the notice is of: that of most of its days, a December before left out."""
    years = [row["day"][:4] for row in rows if int(row["day"][5:7]) != DECEMBER]
    return max(sorted(set(years)), key=years.count) if years else rows[0]["day"][:4]
