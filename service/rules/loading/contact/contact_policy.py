"""contact.yaml: when a customer may be contacted.

Every consent, quiet hour, cap and cool-off is a gate of stage ``contact`` with its own id, reason and strategy, so it
appears in the same trace as the rules. Times of day are ``HH:MM`` in the policy's time zone.
"""

import re
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.core.domain import RETIRED
from service.core.grid import is_iso_day
from service.rules.loading.contact.contact_cases import EVENTS, read_cases
from service.rules.loading.documents.entry import Entry
from service.rules.loading.rule_files import Common, read_common
from service.rules.model.calendar import Calendar
from service.rules.model.contact import Cap, ConsentRule, Contact, CoolOff, QuietHours
from service.rules.model.rules import CONCERNS, Strategy
from service.rules.vocabulary import DIRECTIONS

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
Strategies = Mapping[str, Strategy]


def read_contact(page: Entry, strategies: Strategies, channels: Sequence[str], calendar: Calendar) -> Contact:
    """The contact policy, beside the calendar."""
    contact = Contact(
        timezone=_timezone(page),
        holidays=_holidays(page),
        consents=tuple(_consent(one, strategies) for one in page.children("consents", "consent", optional=True)),
        quiet_hours=tuple(
            _quiet(one, strategies, channels) for one in page.children("quiet_hours", "quiet hours", optional=True)
        ),
        caps=tuple(_cap(one, strategies) for one in page.children("caps", "cap", optional=True)),
        cool_offs=tuple(_cool_off(one, strategies) for one in page.children("cool_offs", "cool-off", optional=True)),
        calendar=calendar,
    )
    page.close()
    return contact


def _shared(entry: Entry, strategies: Strategies) -> Common:
    concern = entry.choice("concern", CONCERNS) if entry.has("concern") else "communication"
    return read_common(entry, concern, "contact", strategies)


def _consent(entry: Entry, strategies: Strategies) -> ConsentRule:
    shared = _shared(entry, strategies)
    rule = ConsentRule(
        **shared,
        direction=entry.choice("direction", DIRECTIONS),
        purpose=entry.text("purpose"),
        cases=read_cases(entry),
    )
    if rule.purpose == RETIRED:
        entry.add_fault("purpose", f'must be another: "{RETIRED}" says who is a customer no more, and nobody is asked')
    entry.close()
    return rule


def _quiet(entry: Entry, strategies: Strategies, channels: Sequence[str]) -> QuietHours:
    shared = _shared(entry, strategies)
    if entry.has("direction") == entry.has("channels"):
        entry.add_fault("", "must name either a direction or channels")
    rule = QuietHours(
        **shared,
        direction=entry.choice("direction", DIRECTIONS) if entry.has("direction") else None,
        channels=entry.words("channels", channels) if entry.has("channels") else None,
        start_minute=_minute(entry, "from"),
        end_minute=_minute(entry, "to"),
        holidays=entry.flag("holidays", default=False),
        working_days=entry.has("days") and entry.choice("days", ("all", "working")) == "working",
        cases=read_cases(entry),
    )
    if rule.start_minute == rule.end_minute:
        entry.add_fault("to", "must differ from from; write 00:00 to 24:00 for the whole day")
    if rule.working_days and rule.holidays:
        entry.add_fault("holidays", "must be left out beside days: working, which closes holidays too")
    entry.close()
    return rule


def _cap(entry: Entry, strategies: Strategies) -> Cap:
    shared = _shared(entry, strategies)
    cap = Cap(
        **shared,
        per=entry.choice("per", ("offer", "family", "channel", "customer")),
        counts=entry.words("counts", EVENTS),
        direction=entry.choice("direction", DIRECTIONS) if entry.has("direction") else None,
        window_days=entry.number("window_days", 0.01, 366, "days"),
        maximum=entry.whole("maximum", 1, 1000),
        cases=read_cases(entry),
    )
    entry.close()
    return cap


def _cool_off(entry: Entry, strategies: Strategies) -> CoolOff:
    shared = _shared(entry, strategies)
    rule = CoolOff(
        **shared,
        per=entry.choice("per", ("offer", "family")),
        after=entry.words("after", EVENTS),
        days=entry.number("days", 0.01, 366, "days"),
        until=entry.words("until", EVENTS, optional=True),
        cases=read_cases(entry),
    )
    if both := sorted({*rule.after} & {*rule.until}):
        entry.add_fault("until", f"must not name what the rest begins with: {', '.join(both)}")
    entry.close()
    return rule


def _minute(entry: Entry, key: str) -> int:
    text = entry.values.get(key)
    if not entry.has(key) or not isinstance(text, str) or not _TIME.fullmatch(text):
        entry.add_wrong_kind(key, "a time of day (HH:MM, 00:00 to 24:00)")
        return {"from": 0, "to": 1}[key]
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _timezone(page: Entry) -> str:
    name = page.text("timezone", "an IANA time zone such as Asia/Shanghai")
    try:
        return ZoneInfo(name or "UTC").key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        page.add_wrong_kind("timezone", "an IANA time zone such as Asia/Shanghai")
        return "UTC"


def _holidays(page: Entry) -> tuple[str, ...]:
    if page.has("holidays") and page.values["holidays"] == []:
        return ()
    days = page.words("holidays", optional=True)
    for day in days:
        if not is_iso_day(day):
            page.add_fault("holidays", f'must be dates (YYYY-MM-DD), got "{day}"')
    return tuple(sorted(day for day in days if is_iso_day(day)))
