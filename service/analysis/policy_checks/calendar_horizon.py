"""How far ahead the calendar is known, for the rules that need it: a list of holidays that runs out closes nothing.

A year is known by its official notice, or by the bank's own list in contact.yaml where the policy has no notices; what
is fixed by law is known for longer. Counted is the unbroken run of years from today's on. Pure: the day is handed in.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from service.core.errors import Problem
from service.rules.formulas import formulas_of
from service.rules.policy import Policy, QuietHours

LEAST_DAYS = 60
"""The notice of a year comes in November: fewer days are left only where nobody has brought it in."""
NAMES = frozenset({"context.holiday", "context.working_day"})
WHERE = "calendar.yaml"


@dataclass(frozen=True, slots=True)
class Horizon:
    """The rules that need the calendar, and the last days that are known; None where today itself is not."""

    today: date
    rules: tuple[str, ...]
    noticed: date | None
    by_law: date | None

    @property
    def days_left(self) -> int:
        """Days after today that the official notice covers; -1 where it does not cover today."""
        return -1 if self.noticed is None else (self.noticed - self.today).days

    @property
    def ended(self) -> bool:
        """Whether some rule needs a day of which nothing at all is known."""
        return bool(self.rules) and self.noticed is None and self.by_law is None

    @property
    def short(self) -> bool:
        """Whether some rule needs the calendar and fewer than ``LEAST_DAYS`` of it are left."""
        return bool(self.rules) and self.days_left < LEAST_DAYS

    def __str__(self) -> str:
        if not self.rules:
            return "no rule reads holidays or working days"
        return f"{self._noticed()}; {self._by_law()} ({_listed(self.rules)})"

    def _noticed(self) -> str:
        if self.noticed is None:
            return f"no official notice covers {self.today}"
        return f"official notices reach to {self.noticed}, {self.days_left} days from now"

    def _by_law(self) -> str:
        if self.by_law is None or (self.noticed is not None and self.by_law <= self.noticed):
            return "beyond them no holiday is known"
        return f"days fixed by law are known to {self.by_law}, without longer festivals and worked weekends"


def find_horizon(policy: Policy, today: date) -> Horizon:
    """How far the policy's calendar reaches from ``today`` (the bank's day)."""
    contact = policy.contact
    noticed = set(contact.calendar.notices) or {int(day[:4]) for day in contact.holidays}
    by_law = noticed | {day.year for day in contact.calendar.by_law}
    return Horizon(today, tuple(_rules(policy)), _last_day(noticed, today), _last_day(by_law, today))


def calendar_warnings(policy: Policy, today: date) -> list[Problem]:
    """What is wrong with the calendar's reach: one warning, or none."""
    found = find_horizon(policy, today)
    mend = f"bring in the State Council's notice for {found.today.year + (found.noticed is not None)}"
    return [Problem(WHERE, f"{found}; {mend}: fourcast calendar import FILE FOLDER")] if found.short else []


def _rules(policy: Policy) -> Iterator[str]:
    """The ids of what reads the calendar, in the order of the policy."""
    yield from (one.id for one in policy.contact.quiet_hours if _reads_days(one))
    yield from dict.fromkeys(owner for owner, formula in formulas_of(policy) if NAMES & formula.names)


def _reads_days(rule: QuietHours) -> bool:
    return rule.holidays or rule.working_days


def _last_day(years: Collection[int], today: date) -> date | None:
    """31 December of the last year of the unbroken run from today's on."""
    year = today.year
    while year in years:
        year += 1
    return None if year == today.year else date(year, 1, 1) - timedelta(days=1)


def _listed(rules: tuple[str, ...]) -> str:
    first = ", ".join(f'"{one}"' for one in rules[:3])
    return f"needed by {first}" + (f" and {len(rules) - 3} more" if len(rules) > 3 else "")
