"""Customers at the edges: tolerances, days of assessment, ages, fen around minimums, ms around windows. Seeded."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from service.core.domain import Event, Scalar, Snapshot
from service.core.trails import surveys_of, trails_of

DAY, HOUR = 86_400_000, 3_600_000
BANK = ZoneInfo("Asia/Shanghai")
CHANNELS = ("mobile_app", "branch", "adviser_call", "sms", "wechat", "email")
DEPOSITS = ("demand-sweep", "notice-7d", "term-3m", "term-12m", "term-36m", "large-cd-12m", "structured-3m")
WEALTH = ("cash-r1", "fixed-income-6m", "mixed-r3", "equity-r4", "equity-fund-r5", "asset-plan-r3")
OFFERS = (*DEPOSITS, *WEALTH)
MINIMUMS = (1, 5, 10, 50, 100, 10_000, 50_000, 200_000, 300_000)
WINDOWS = (1, 7, 14, 30, 60)
KINDS = (
    "contact",
    "contact",
    "contact",
    "impression",
    "dismiss",
    "reject",
    "accept",
    "accept",
    "purchase",
    "click",
    "complaint",
    "survey",
)
FLAGS = ("payroll_customer", "pensioner", "housing_loan", "personal_loan", "mobile_app_active")
BARS = ("deceased", "frozen", "staff", "do_not_contact", "complaint_open", "credit_default")


def moments() -> list[int]:
    """Instants around every edge of the clock, on an ordinary day, a holiday, a leap day and the last of a year.

    Before them the noon of a Saturday, and of one that was worked.
    """
    days = ("2026-03-10", "2026-10-01", "2028-02-29", "2026-12-31")
    clocks = ("12:00:00.000", "07:59:59.999", "08:00:00.000", "08:59:59.999", "19:59:59.999", "20:00:00.000",
              "20:59:59.999", "21:00:00.000", "23:59:59.999", "00:00:00.000")  # fmt: skip
    weekend = [instant("2026-03-14T12:00:00"), instant("2026-02-14T12:00:00")]
    return [*weekend, *(instant(f"{day}T{clock}") for clock in clocks for day in days)]


def instant(local: str) -> int:
    """A time on the bank's wall as ms UTC."""
    return round(datetime.fromisoformat(local).replace(tzinfo=BANK).timestamp() * 1000)


def people(count: int, now: int, seed: int) -> list[Snapshot]:
    """``count`` customers as they stand at ``now``."""
    chance = random.Random(seed)
    return [_person(chance, now, f"g-{seed}-{number}") for number in range(count)]


def _person(chance: random.Random, now: int, name: str) -> Snapshot:
    attributes = {} if chance.random() < 0.04 else _attributes(chance, now)
    consents, events = _consents(chance), _events(chance, now, name)
    return Snapshot(name, 1, attributes, consents, trails_of(events), surveys_of(events))


def events_of(person: Snapshot) -> list[Event]:
    """Every event behind a customer's trails, oldest first."""
    scores = {survey.at: survey.score for survey in person.surveys}
    events = [
        Event(f"{person.customer_id}-{number}-{at}-{place}", person.customer_id, one.kind, at, one.offer, one.channel)
        for number, one in enumerate(person.trails)
        for place, at in enumerate(one.instants)
    ]
    told = [replace(one, score=scores.get(one.at)) if one.kind == "survey" else one for one in events]
    return sorted(told, key=lambda one: (one.at, one.id))


def _attributes(chance: random.Random, now: int) -> dict[str, Scalar]:
    facts: dict[str, Scalar] = {
        "age": chance.choice([16, 17, 18, 30, 44, 60, 64, 65, 66, 74, 75, 90]),
        "risk_tolerance": chance.randint(1, 5),
        "risk_assessed_on": _assessed(chance, now),
        "demand_yuan": _money(chance),
        "next_maturity_on": _day(now, chance.choice([-1, 0, 15, 31, 32, 200])),
        "next_maturity_yuan": _money(chance),
        "wealth_product_yuan": chance.choice([0.0, 999.99, 1_000.0, 60_000.0]),
        "adviser_id": "A1",
        "logins_30d": chance.choice([0, 1, 12]),
        "loan_yuan": _money(chance),
        "qualified_investor": chance.random() < 0.5,
        **dict.fromkeys(("sms_reachable", "wechat_bound", "email_reachable"), True),
        **dict.fromkeys(
            ("time_deposit_yuan", "structured_deposit_yuan", "large_cd_yuan", "fund_yuan", "plan_yuan"), 0.0
        ),
        **{flag: chance.random() < 0.4 for flag in FLAGS},
        **{bar: chance.random() < 0.03 for bar in BARS},
    }
    return {name: value for name, value in facts.items() if chance.random() < 0.95}


def _assessed(chance: random.Random, now: int) -> str:
    """Around twelve months ago, tomorrow, today, long ago; and the ends of February."""
    local = datetime.fromtimestamp(now / 1000, BANK).date()
    february = [f"{local.year - 1}-02-28", f"{local.year - 1}-03-01", "2024-02-29"]
    return chance.choice([*(_day(now, back) for back in (1, 0, -1, -364, -365, -366, -367, -90, -90, -900)), *february])


def _day(now: int, ahead: int) -> str:
    return (datetime.fromtimestamp(now / 1000, BANK) + timedelta(days=ahead)).date().isoformat()


def _money(chance: random.Random) -> float:
    """A fen below, at, or above a minimum; or anything."""
    if chance.random() < 0.5:
        return round(chance.choice(MINIMUMS) + chance.choice([-0.01, 0.0, 0.01]), 2)
    return round(10 ** chance.uniform(1, 7), 2)


def _consents(chance: random.Random) -> dict[str, bool]:
    said = {f"marketing:{one}": chance.random() < 0.75 for one in CHANNELS[2:] if chance.random() < 0.9}
    if chance.random() < 0.12:
        said["personalisation"] = chance.random() < 0.2
    if chance.random() < 0.1:
        said["contact"] = chance.random() < 0.3
    if chance.random() < 0.1:
        said["retired"] = chance.random() < 0.7
    return said


def _events(chance: random.Random, now: int, name: str) -> tuple[Event, ...]:
    """Few events for most, many for some, each within an hour or a ms of the end of a window."""
    count = chance.choice([0, 0, 1, 2, 3, 6, 40])
    events = [_event(chance, now, f"{name}-{place}", name, count) for place in range(count)]
    return tuple(sorted(events, key=lambda event: (event.at, event.id)))


def _event(chance: random.Random, now: int, event_id: str, name: str, count: int) -> Event:
    kind = "impression" if count == 40 and chance.random() < 0.9 else chance.choice(KINDS)
    age = (
        chance.choice(WINDOWS) * DAY + chance.choice([-HOUR, -1, 0, 1, HOUR]) if chance.random() < 0.6 else _any(chance)
    )
    offer = "term-12m" if count == 40 else chance.choice(OFFERS)
    channel = chance.choice([*CHANNELS, "closed-channel"])
    score = float(chance.randint(1, 5)) if kind == "survey" else None
    amount = _money(chance) if kind == "purchase" else None
    return Event(event_id, name, kind, now - age, offer, channel, None, amount, score)


def _any(chance: random.Random) -> int:
    return chance.randint(-60_000, 90 * DAY)
