"""Objections of customers to decisions: a case with a number and a deadline, answered by a person of the bank.

The deadline is the bank's: so many days after the day of the objection, calendar or working days (``Deadline``). Cases
that ended are deleted after three years; of an erased customer they are kept under a pseudonym.
Source: PIPL art. 24 (refusal of automated decisions) and 50 (requests), 47 and 55 (records).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from service.core.clock import Clock
from service.core.errors import InvalidInput, NotFound, Problem
from service.core.grid import DAY_MS, WorkCalendar, day_at, moment, start_of
from service.decision.record import shown
from service.engine.metrics import note_objections
from service.engine.releases.active_release import ReleaseFollower
from service.runtime.config import Settings
from service.store import Store
from service.store.customers.objections import NewObjection, Objection, ObjectionAnswer

CALENDAR, WORKING = COUNTED = ("calendar", "working")
KEPT_MS = 3 * 366 * DAY_MS
"""How long a case that ended is kept: three years."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """How many days the bank has for an answer, and which days count: ``calendar`` or ``working``."""

    days: int
    counted: str = CALENDAR

    def after(self, day: date, calendar: WorkCalendar, timezone: str) -> date:
        """The last day for the answer to an objection of ``day``, which does not count itself.

        >>> Deadline(15).after(date(2026, 11, 2), WorkCalendar(), "Asia/Shanghai")
        datetime.date(2026, 11, 17)
        >>> Deadline(5, WORKING).after(date(2026, 11, 5), WorkCalendar(), "Asia/Shanghai")
        datetime.date(2026, 11, 12)
        """
        if self.counted == CALENDAR:
            return day + timedelta(days=self.days)
        left = self.days
        while left:
            day += timedelta(days=1)
            left -= calendar.is_working(moment(start_of(day, timezone), timezone))
        return day


class ObjectionService:
    """Opens, answers and withdraws cases; lists of them are the store's."""

    def __init__(self, settings: Settings, store: Store, releases: ReleaseFollower, clock: Clock) -> None:
        self._store, self._cases, self._releases, self._clock = store, store.objections, releases, clock
        self.deadline = Deadline(settings.objection_days, settings.objection_days_counted)

    @property
    def today(self) -> date:
        """The bank's day."""
        return day_at(self._clock(), self._releases.serving.policy.contact.timezone)

    def open(
        self, customer_id: str, decision_id: str, offer: str | None, objection: str, client: str
    ) -> tuple[Objection, bool]:
        """Open a case on a decision about the customer; or the one that is open already. True where it is new.

        Raises:
            NotFound: no such customer, or no such decision about them.
            InvalidInput: the decision did not show the offer.
        """
        record = self._store.decisions.read(decision_id)
        if record.customer_id != customer_id:
            raise NotFound(f'No decision "{decision_id[:40]}".')
        if offer is not None and offer not in shown(record.record):
            problem = Problem("offer", "was not shown by this decision")
            raise InvalidInput("The objection does not fit; nothing was stored.", [problem])
        contact = self._releases.serving.policy.contact
        by = self.deadline.after(self.today, contact.days, contact.timezone)
        return self._cases.open(NewObjection(customer_id, decision_id, offer, objection, by, client))

    def read_of(self, customer_id: str, objection_id: str) -> Objection:
        """One case of the customer.

        Raises:
            NotFound: the customer has none of that id.
        """
        case = self._cases.read(objection_id)
        if case.customer_id != customer_id:
            raise NotFound(f'No objection "{objection_id[:40]}".')
        return case

    def answer(self, objection_id: str, said: ObjectionAnswer, branch: str | None = None) -> Objection:
        """Answer a case, for a person who reviewed it; the same answer again changes nothing.

        Raises:
            NotFound: there is none, or it is another branch's.
            Conflict: it is answered otherwise, or withdrawn.
        """
        case = self._cases.read(objection_id)
        if branch not in (None, case.branch):
            raise NotFound(f'No objection "{objection_id[:40]}".')
        return self._cases.answer(objection_id, said)

    def withdraw(self, customer_id: str, objection_id: str, client: str) -> Objection:
        """Withdraw a case of the customer; again it changes nothing.

        Raises:
            NotFound: the customer has none of that id.
            Conflict: it is answered.
        """
        self.read_of(customer_id, objection_id)
        return self._cases.withdraw(objection_id, client)

    def measure(self) -> bool:
        """Show Prometheus how many cases are open and overdue; returns False: no more work at once."""
        note_objections(*self._cases.count_open(self.today))
        return False

    def prune(self) -> bool:
        """Delete cases that ended and were opened three years ago; returns False: no more work at once."""
        self._cases.delete_before(self._clock() - KEPT_MS)
        return False
