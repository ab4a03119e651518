"""A contact rule's own cases: read from ``contact.yaml``, and run when the policy is checked.

A case names a channel, an offer, a local time, the customer's consents and past events, and says whether the rule
passes or blocks. The gates that serve also run the cases, so that hours across midnight, holidays and windows are
tested where they are written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from service.core.attributes.encoders import zone_encoder
from service.core.domain import Event, EventKind
from service.core.errors import Problem
from service.core.grid import DAY_MS, GridIndex, WorkCalendar, moment
from service.core.trails import trails_of
from service.rules.contact_gates import ContactGates
from service.rules.history.event_counts import group_events
from service.rules.loading.documents.entry import Entry
from service.rules.loading.documents.folder import nearest
from service.rules.loading.rule_files import GATE_VERBS
from service.rules.model.contact import Cap, Contact, ContactCase, ContactRule, CoolOff, Past

NOON = "2026-03-10 12:00"
"""The default time of a case: a Tuesday that is no holiday."""
FORM = "%Y-%m-%d %H:%M"
EVENTS = tuple(kind.value for kind in EventKind)


def read_cases(entry: Entry) -> tuple[ContactCase, ...]:
    """The cases of one rule of ``contact.yaml``."""
    return tuple(
        _case(case, entry.where, place)
        for place, case in enumerate(entry.children("cases", "case", optional=True, named_by=""), 1)
    )


@dataclass(frozen=True, slots=True)
class Bench:
    """What every case is run on: the bank's time zone and calendar, and the gates on their grid."""

    timezone: str
    days: WorkCalendar
    gates: ContactGates
    index: GridIndex
    zoned: bool


def case_problems(contact: Contact, index: GridIndex, zoned: bool = False) -> list[Problem]:
    """Every case that names what is not there, or has another result than written.

    ``zoned``: whether the policy knows time zones of customers.
    """
    bench = Bench(contact.timezone, contact.days, ContactGates(contact, index), index, zoned)
    return [
        Problem(f'contact.yaml: rule "{rule.id}"', f"cases[{number}] {fault}")
        for rule in contact.rules
        for number, case in enumerate(rule.cases, 1)
        for fault in _faults(rule, case, bench)
    ]


def _case(entry: Entry, where: str, place: int) -> ContactCase:
    entry.where, entry.path = where, f"cases[{place}]"
    case = ContactCase(
        holds=entry.choice("expect", GATE_VERBS) == GATE_VERBS[0],
        channel=entry.text("channel", "the channel it speaks of"),
        offer=entry.text("offer") if entry.has("offer") else None,
        at=_local_time(entry),
        timezone=_zone(entry),
        consents=_consents(entry),
        past=tuple(_past(one) for one in entry.children("past", "event", optional=True, named_by="")),
    )
    entry.close()
    return case


def _consents(entry: Entry) -> dict[str, bool]:
    if not entry.has("consents"):
        return {}
    words = entry.child("consents")
    return {purpose: words.flag(purpose, default=False) for purpose in words.values}


def _past(entry: Entry) -> Past:
    past = Past(
        kind=entry.choice("kind", EVENTS),
        days_ago=entry.number("days_ago", 0.0, 400.0, "days"),
        times=entry.whole("times", 1, 1000, default=1),
        offer=entry.text("offer") if entry.has("offer") else None,
        channel=entry.text("channel") if entry.has("channel") else None,
    )
    entry.close()
    return past


def _local_time(entry: Entry) -> str:
    text = entry.text("at") if entry.has("at") else NOON
    try:
        datetime.strptime(text, FORM)
    except ValueError:
        entry.add_wrong_kind("at", "a local time (YYYY-MM-DD HH:MM)")
        return NOON
    return text


def _zone(entry: Entry) -> str | None:
    if not entry.has("timezone"):
        return None
    zone = zone_encoder()
    found = zone.encode_one(entry.values["timezone"])
    if found is None:
        entry.add_wrong_kind("timezone", zone.expected)
    return None if found is None else str(found)


def _faults(rule: ContactRule, case: ContactCase, bench: Bench) -> Iterator[str]:
    strangers = [*_strangers(case, bench.index)]
    if strangers:
        yield from strangers
    elif case.timezone is not None and not bench.zoned:
        yield "speaks of the customer's time zone, but no attribute has zone: true"
    elif isinstance(rule, Cap | CoolOff) and rule.per in ("offer", "family") and case.offer is None:
        yield "must say which offer it speaks of (offer: ...)"
    elif (found := _passes(rule, case, bench)) is not case.holds:
        yield f"expected that it {GATE_VERBS[not case.holds]}, but it {GATE_VERBS[not found]}"


def _strangers(case: ContactCase, index: GridIndex) -> Iterator[str]:
    """The faults of offers and channels that the policy does not have."""
    for noun, known, named in (
        ("offer", index.offers, [case.offer, *(one.offer for one in case.past)]),
        ("channel", index.channels, [case.channel, *(one.channel for one in case.past)]),
    ):
        for name in dict.fromkeys(named):
            if name is not None and name not in known:
                yield f'knows no {noun} "{name}"; {nearest(name, known)}'


def _passes(rule: ContactRule, case: ContactCase, bench: Bench) -> bool:
    """Whether the rule's own gate leaves the case's cell open."""
    zone, index = ZoneInfo(bench.timezone), bench.index
    now = round(datetime.strptime(case.at, FORM).replace(tzinfo=zone).timestamp() * 1000)
    past = group_events(trails_of(event for one in case.past for event in _events(one, now)), (), index, now)
    oks = bench.gates.check_one(case.consents, past, moment(now, case.timezone or bench.timezone), bench.days)
    shape = 1, len(index.offers), len(index.channels)
    cell = 0, index.offer.get(case.offer or "", 0), index.channel[case.channel]
    return bool(np.broadcast_to(oks[bench.gates.ids.index(rule.id)], shape)[cell])


def _events(past: Past, now: int) -> list[Event]:
    return [Event("", "", past.kind, now - round(past.days_ago * DAY_MS), past.offer, past.channel)] * past.times
