"""`fourcast calendar`: bring the State Council's yearly notice into a policy, and show how far the calendar reaches."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import click

from service.analysis.policy_checks.calendar_horizon import WHERE, find_horizon
from service.cli.terminal import json_option, show
from service.core.clock import now_ms
from service.core.errors import InvalidInput, PolicyError, Problem
from service.core.grid import day_at
from service.rules.loading.contact.calendar import LONGER_MAY
from service.rules.loading.contact.calendar_text import HEAD, head_of, write_calendar
from service.rules.loading.contact.notice_table import notice_of
from service.rules.loading.documents.folder import read_folder
from service.rules.loading.documents.strict_yaml import RefusedError, parse
from service.rules.model.calendar import Notice
from service.rules.policy import DEFAULT, Policy, from_documents, load

MOST_BYTES = 1_000_000
DAYS_BY_LAW, BEFORE = 13, 11
"""Weekdays off less weekend days worked, where no two festivals fall on one day; before 2025 two fewer."""
FRIDAY = 5
Notices = dict[str, Any]

folder_argument = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DEFAULT, required=False
)


@click.group()
def calendar() -> None:
    """Holidays and worked weekends: the official notice of a year, and how far ahead days are known."""


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@folder_argument
@json_option
def import_(file: Path, folder: Path, as_json: bool) -> None:
    """Write the notice in FILE into calendar.yaml of the policy in FOLDER; publish and approve the policy afterwards.

    A CSV file has the columns day, kind (holiday or working), name, source and noticed_on, one row a day. A YAML file
    holds `notices` as calendar.yaml does. Nothing is written unless the whole policy is sound with it.
    """
    notices, documents = _read(file), _documents(folder)
    document = _mapping(documents.get("calendar"))
    before = _mapping(document.get("notices"))
    document["notices"] = {**before, **notices}
    checked = from_documents({**documents, "calendar": document})
    today = day_at(now_ms(), checked.contact.timezone)
    _refuse_ahead(checked, notices, today)
    _replace(folder / WHERE, write_calendar(document, _head(folder / WHERE)))
    show({**_told(checked, today), "notices": [_line(checked, year, before, notices) for year in notices]}, as_json)


@calendar.command("show")
@folder_argument
@json_option
def show_(folder: Path, as_json: bool) -> None:
    """How far the calendar of the policy in FOLDER (the shipped one by default) reaches, and every day it knows."""
    policy = load(folder)
    days = policy.contact.calendar
    named = {day: f"holiday, {name}, by law" for day, name in days.by_law.items()}
    for notice in days.notices.values():
        for festival in notice.festivals:
            named |= dict.fromkeys(festival.days, f"holiday, {festival.name}")
            named |= dict.fromkeys(festival.working, f"working, {festival.name}")
    listed = {f"{day} {day:%a}": named[day] for day in sorted(named)}
    show(
        {**_told(policy, day_at(now_ms(), policy.contact.timezone)), **({"days": listed} if as_json else listed)},
        as_json,
    )


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _documents(folder: Path) -> dict[str, Any]:
    """The documents of a folder as they are written; a case may wait for the notice that is being brought in."""
    problems: list[Problem] = []
    documents = read_folder(folder, problems)
    if problems:
        raise PolicyError("the policy cannot be read", problems)
    return documents


def _told(policy: Policy, today: date) -> dict[str, Any]:
    found = find_horizon(policy, today)
    return {
        "policy": policy.hash,
        "noticed until": found.noticed and str(found.noticed),
        "known by law until": found.by_law and str(found.by_law),
        "days left": found.days_left,
    }


def _line(policy: Policy, year: str, before: Notices, notices: Notices) -> str:
    """What became of one notice, and its count of days as a check."""
    state = "new" if year not in before else "as it was" if before[year] == notices[year] else "replaced"
    notice = policy.contact.calendar.notices[int(year)]
    off, worked = list(notice.holidays), list(notice.working)
    net, due = _net(notice), DAYS_BY_LAW if notice.year >= LONGER_MAY else BEFORE
    check = "" if net == due else f"; weekdays off less weekend days worked are {net}, not {due}: look again"
    return f"{year} is {state}: {len(off)} days off, {len(worked)} weekend days worked{check}"


def _net(notice: Notice) -> int:
    """Weekdays off less weekend days worked."""
    return sum(day.isoweekday() <= FRIDAY for day in notice.holidays) - len(list(notice.working))


def _refuse_ahead(policy: Policy, notices: Notices, today: date) -> None:
    """Refuse a notice that nobody can have read yet."""
    found = [policy.contact.calendar.notices[int(year)] for year in notices]
    ahead = [one for one in found if one.issued_on > today]
    if ahead:
        words = "must not lie after today"
        problems = [
            Problem(f'notice "{one.year}"', f"noticed_on {words}, {today}; got {one.issued_on}") for one in ahead
        ]
        raise InvalidInput("This notice has not been issued yet.", problems)


def _read(file: Path) -> Notices:
    """The notices of a file by year."""
    with file.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InvalidInput(f"{file}: is larger than {MOST_BYTES} bytes; a notice is one row a day")
    text = _decoded(file, content)
    if file.suffix.lower() in {".yaml", ".yml"}:
        return _yaml(file, text)
    year, notice = notice_of(_rows(file, text))
    return {year: notice}


def _rows(file: Path, text: str) -> list[dict[str, str]]:
    """The rows of a table; none holds more cells than the table has columns."""
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise InvalidInput(f"{file}: is no CSV table: {error}") from error
    surplus = [f"row {number}" for number, row in enumerate(rows, 2) if None in row]
    if surplus:
        problems = [Problem(where, "holds more cells than the table has columns") for where in surplus]
        raise InvalidInput(f"{file}: is no table of days", problems)
    return rows


def _decoded(file: Path, content: bytes) -> str:
    """UTF-8, or GB 18030, in which spreadsheets of Chinese systems save."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(f"{file}: is neither UTF-8 nor GB 18030")


def _yaml(file: Path, text: str) -> Notices:
    problems: list[Problem] = []
    try:
        value = parse(file.name, text, problems)
    except RefusedError:
        value = None
    notices = value.get("notices") if isinstance(value, dict) else None
    if problems or not isinstance(notices, dict) or not notices:
        raise InvalidInput(f"{file}: expected `notices` by year, as in {WHERE}", problems)
    return notices


def _head(path: Path) -> str:
    return head_of(path.read_text(encoding="utf-8")) if path.exists() else HEAD


def _replace(path: Path, text: str) -> None:
    """Write the file whole, or leave it as it was."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


VERBS = (calendar,)
