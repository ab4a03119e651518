"""Rates of a data supplier into market.yaml: a table of rows joined with the rates that are there, and text. Pure.

A row names a rate by its id and states rate and day. What a known rate's row leaves out stays as it was; a new rate
states everything. A rate is a share per year (0.0125) or has its percent sign (1.25%): a bare 1.25 is refused.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from service.core.errors import InvalidInput, Problem
from service.core.grid import is_iso_day
from service.rules.model.market import HIGHEST, LOWEST

HEAD = """# The market: rates that others pay, from outside the bank. Read as market.<id>; NULL where stale.
"""
KEYS = ("id", "rate", "day", "meaning", "source", "licence", "fresh_days")
_WORDS = ("meaning", "source", "licence")
_RATE = re.compile(r"(-?\d{1,3}(?:\.\d{1,10})?)\s*([%\uff05]?)")
_WHOLE = re.compile(r"\d{1,4}")
_PERCENT = 0.01
Row = Mapping[str, Any]


def merge_rates(known: Sequence[Row], rows: Sequence[Row], today: date) -> list[dict[str, Any]]:
    """The rates of market.yaml with a supplier's ``rows`` brought in; those known stay in their order.

    Raises: InvalidInput: names every row that does not hold: by its number, the key, and what was expected.
    """
    found = {str(one["id"]): dict(one) for one in known}
    problems: list[Problem] = [] if rows else [Problem("rows", "there are none; expected one row a rate")]
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        id_ = str(row.get("id") or "").strip()
        faults = [*_faults(row, id_, seen, found.get(id_), today)]
        problems += [Problem(f"row {number}" + (f' "{id_}"' if id_ else ""), fault) for fault in faults]
        seen.add(id_)
        if not faults:
            found[id_] = {**found.get(id_, {}), **_stated(row, id_)}
    if problems:
        raise InvalidInput("The rates cannot be brought in.", problems)
    return list(found.values())


def write_market(rates: Sequence[Row], head: str = HEAD) -> str:
    """market.yaml as text beneath its comment, a line a rate."""
    lines = [head.rstrip("\n"), "", "rates:"]
    lines += [f"  - {{{', '.join(f'{key}: {_quoted(one[key])}' for key in KEYS)}}}" for one in rates]
    return "\n".join(lines) + "\n"


def _faults(row: Row, id_: str, seen: set[str], known: Row | None, today: date) -> Iterator[str]:
    if strangers := sorted(str(key) for key in row if key not in KEYS):
        yield f"holds {', '.join(strangers)}; expected {', '.join(KEYS)}"
    if not id_:
        yield "id is missing; expected the <id> of market.<id>"
    if id_ in seen:
        yield "stands twice; expected one row a rate"
    yield from _rate_faults(row)
    yield from _day_faults(row, known, today)
    if id_ and known is None:
        lacking = [key for key in (*_WORDS, "fresh_days") if not _said(row, key)]
        if lacking:
            yield f"is new, and states no {', '.join(lacking)}"
    if _said(row, "fresh_days") and not _WHOLE.fullmatch(_said(row, "fresh_days")):
        yield f"fresh_days must be a whole number of days, got {row['fresh_days']!r:.40}"


def _rate_faults(row: Row) -> Iterator[str]:
    text = _said(row, "rate")
    written = _RATE.fullmatch(text)
    if not written:
        yield f"rate must be a share per year (0.0125) or a percentage (1.25%), got {text!r:.40}"
    elif not LOWEST <= _number(row) <= HIGHEST:
        meant = "" if written.group(2) else f"; is it {text}%? Then write the sign"
        yield f"rate must be {LOWEST:g} to {HIGHEST:g} per year, got {text}{meant}"


def _day_faults(row: Row, known: Row | None, today: date) -> Iterator[str]:
    day = _said(row, "day")
    if not is_iso_day(day):
        yield f"day must be a date (YYYY-MM-DD), got {day!r:.40}"
    elif day > today.isoformat():
        yield f"day must not lie after today, {today}; got {day}"
    elif known is not None and day < str(known["day"]):
        yield f"is of {day}, older than what is there, of {known['day']}"


def _said(row: Row, key: str) -> str:
    """What a cell says as text; empty where it says nothing. A float of JSON is written without an exponent."""
    value = row.get(key)
    if value is None or isinstance(value, bool):
        return ""
    return f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value).strip()


def _number(row: Row) -> float:
    written = _RATE.fullmatch(_said(row, "rate"))
    assert written is not None
    number = float(written.group(1))
    return round(number * _PERCENT, 12) if written.group(2) else number


def _stated(row: Row, id_: str) -> dict[str, Any]:
    """The row as market.yaml holds it; only what it states."""
    words = {key: said for key in _WORDS if (said := _said(row, key))}
    fresh = {"fresh_days": int(said)} if (said := _said(row, "fresh_days")) else {}
    return {"id": id_, "rate": _number(row), "day": _said(row, "day"), **words, **fresh}


def _quoted(value: object) -> str:
    """A value as JSON writes it, which YAML reads alike."""
    return json.dumps(value, ensure_ascii=False)
