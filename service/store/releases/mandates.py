"""Mandates at a terminal: who signs for compliance, and who may act for whom, from when to when.

One person asks for a mandate, another confirms it: neither the one who asked nor the one who gets it. From then on, and
between its two instants, it counts. Anybody may end one. Names are compared as people read them. Over HTTP the scopes
of keys and tokens say the same; mandates are for the command line alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Update, insert, select, update

from service.core.errors import Conflict, InvalidInput, NotFound, OwnApproval, Problem
from service.core.grid import DAY_MS
from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.releases.notes import expect_note
from service.store.releases.person_names import read_persons
from service.store.releases.persons import Persons, read_name, same_person
from service.store.schema import mandates
from service.store.security import audit

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Mandate:
    """``person`` may act for another (``acts_for``), or sign for compliance (None), between two instants (ms)."""

    person: str
    acts_for: str | None
    begins_at: int
    ends_at: int
    note: str = ""
    asked_by: str = ""
    id: int = 0
    confirmed_by: str | None = None
    ended_by: str | None = None

    def counts(self, now: int) -> bool:
        """Whether it is confirmed, has begun and has not ended."""
        return self.confirmed_by is not None and self.ended_by is None and self.begins_at <= now < self.ends_at

    @property
    def subject(self) -> str:
        """What it is called in the audit log."""
        return f"{self.person} for {self.acts_for or 'compliance'}"


Expectation = Callable[[Mandate, str, Persons], None]
"""Refuses a change of a mandate by an actor."""


class MandateRepository:
    """The mandates of one database; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, mandate: Mandate) -> Mandate:
        """Store a mandate that waits for its confirmation.

        Raises:
            InvalidInput: a name or the time does not fit.
        """
        _check(mandate)
        with self._database.begin() as connection:
            made = _put(connection, mandate)
            audit.append(connection, mandate.asked_by, "mandate.ask", made.subject, _detail(made))
            return made

    def seed(self, mandate: Mandate) -> Mandate:
        """Store a mandate that counts at once, confirmed by nobody else; for a bank that is made up.

        Raises:
            InvalidInput: a name or the time does not fit.
        """
        _check(mandate)
        with self._database.begin() as connection:
            made = _put(connection, mandate, confirmed_by=mandate.asked_by)
            audit.append(connection, mandate.asked_by, "mandate.seed", made.subject, _detail(made))
            return made

    def confirm(self, number: int, actor: str) -> Mandate:
        """Let a mandate count.

        Raises:
            NotFound: no such mandate.
            OwnApproval: the actor asked for it or would get it.
            Conflict: it was confirmed or ended before.
        """
        return self._change(number, actor, "mandate.confirm", _expect_other, {"confirmed_by": actor})

    def end(self, number: int, actor: str) -> Mandate:
        """Let a mandate count no more.

        Raises:
            NotFound: no such mandate.
            Conflict: it was ended before.
        """
        return self._change(number, actor, "mandate.end", lambda *_: None, {"ended_by": actor})

    def list_mandates(self) -> list[Mandate]:
        """All mandates, the newest first."""
        with self._database.begin() as connection:
            return [_of(row) for row in connection.execute(select(mandates).order_by(mandates.c.id.desc()))]

    def may_act(self, person: str, acts_for: str) -> bool:
        """Whether a person may act for another now."""
        return self._any(lambda one: one.acts_for is not None and same_person(one.acts_for, acts_for), person)

    def may_comply(self, person: str) -> bool:
        """Whether a person may sign for compliance now."""
        return self._any(lambda one: one.acts_for is None, person)

    def _any(self, fits: Callable[[Mandate], bool], person: str) -> bool:
        now = self._database.clock()
        return any(one.counts(now) and fits(one) and same_person(one.person, person) for one in self.list_mandates())

    def _change(self, number: int, actor: str, action: str, hold: Expectation, values: dict[str, Any]) -> Mandate:
        with self._database.begin() as connection:
            row = connection.execute(select(mandates).where(mandates.c.id == number).with_for_update()).first()
            if row is None:
                raise NotFound(f"There is no mandate {number}.")
            found = _of(row)
            if found.ended_by is not None:
                raise Conflict(f"Mandate {number} was ended by {found.ended_by}.")
            hold(found, actor, read_persons(connection, self._database.clock()))
            changed: Update = update(mandates).where(mandates.c.id == number).values(**values)
            made = _of(connection.execute(changed.returning(mandates)).one())
            audit.append(connection, actor, action, made.subject, _detail(made))
            return made


def _put(connection: Connection, mandate: Mandate, confirmed_by: str | None = None) -> Mandate:
    row = {name: getattr(mandate, name) for name in ("person", "acts_for", "begins_at", "ends_at", "note", "asked_by")}
    made = insert(mandates).values(**row, confirmed_by=confirmed_by).returning(mandates)
    return _of(connection.execute(made).one())


def _of(row: Any) -> Mandate:
    return Mandate(**{str(name): value for name, value in row._mapping.items()})


def _detail(mandate: Mandate) -> dict[str, object]:
    return {
        "mandate": mandate.id,
        "begins_at": mandate.begins_at,
        "ends_at": mandate.ends_at,
        "asked_by": mandate.asked_by,
        "note": mandate.note,
    }


def _expect_other(mandate: Mandate, actor: str, persons: Persons) -> None:
    if mandate.confirmed_by is not None:
        raise Conflict(f"Mandate {mandate.id} was confirmed by {mandate.confirmed_by}.")
    if persons.is_among(actor, (mandate.person, mandate.asked_by)):
        raise OwnApproval(f"{mandate.asked_by} asked for it, for {mandate.person}: somebody else must confirm it.")


def _check(mandate: Mandate) -> None:
    expect_note(mandate.note)
    names = {"person": mandate.person, "asked_by": mandate.asked_by}
    names |= {} if mandate.acts_for is None else {"acts_for": mandate.acts_for}
    for field, name in names.items():
        encoding.new_name(field, name)
    problems = [Problem(field, "must not be blank") for field, name in names.items() if not read_name(name)]
    if not 0 < mandate.ends_at - mandate.begins_at <= LONGEST_DAYS * DAY_MS:
        problems.append(Problem("ends_at", f"must lie after the beginning, by at most {LONGEST_DAYS} days"))
    if mandate.acts_for is not None and same_person(mandate.person, mandate.acts_for):
        problems.append(Problem("acts_for", "must be another person"))
    if problems:
        raise InvalidInput("The mandate does not fit.", problems)
