"""Objections of customers to decisions: cases that are opened once, answered by a person or withdrawn, and kept.

A case is ``open`` until it is ``answered`` or ``withdrawn``; ``erased`` where the customer was erased before. Each step
is on the feed and on the audit log in its own transaction. Every step can be repeated: the second time it changes
nothing.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, tuple_, update

from service.core.errors import Conflict, NotFound, no_customer
from service.store import feed
from service.store.connection import encoding
from service.store.connection.database import PATIENCE_S, Database
from service.store.schema import customers
from service.store.schema import objections as cases
from service.store.security import audit, audit_values

OPEN, ANSWERED, WITHDRAWN, ERASED = STATES = ("open", "answered", "withdrawn", "erased")
UPHELD, REJECTED = OUTCOMES = ("upheld", "rejected")
"""How a case ends: the bank agrees and says what it does, or it does not and says why."""


@dataclass(frozen=True, slots=True)
class Objection:
    """A case as stored; instants in ms UTC. ``source``: the client through which it came."""

    id: str
    number: int
    customer_id: str
    branch: str | None
    decision_id: str
    offer: str | None
    objection: str | None
    state: str
    opened_at: int
    answer_by: date
    source: str
    outcome: str | None
    answer: str | None
    answered_at: int | None
    answered_by: str | None
    reviewer: str | None
    withdrawn_at: int | None

    @property
    def case(self) -> str:
        """The number of the case, as people say it."""
        return f"O-{self.number:07d}"

    def is_overdue(self, today: date) -> bool:
        """Whether it is open after its last day."""
        return self.state == OPEN and self.answer_by < today


@dataclass(frozen=True, slots=True)
class NewObjection:
    """A case to open; ``answer_by`` is the last day for the answer."""

    customer_id: str
    decision_id: str
    offer: str | None
    objection: str
    answer_by: date
    source: str


@dataclass(frozen=True, slots=True)
class ObjectionAnswer:
    """The answer to a case, by the ``reviewer``, a person, through the client ``answered_by``."""

    outcome: str
    answer: str
    reviewer: str
    answered_by: str


COLUMNS = [cases.c[field.name] for field in fields(Objection)]


class ObjectionRepository:
    """The cases of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, new: NewObjection) -> tuple[Objection, bool]:
        """Open a case; or the open one that the customer has on the decision. True where it is new.

        Raises:
            NotFound: no such customer is stored.
        """
        with self._database.begin() as connection:
            branch = _lock_customer(connection, new.customer_id)
            same = select(*COLUMNS).where(cases.c.customer_id == new.customer_id, cases.c.state == OPEN)
            found = connection.execute(same.where(cases.c.decision_id == new.decision_id)).first()
            if found is not None:
                return _objection(found), False
            row = {field.name: getattr(new, field.name) for field in fields(NewObjection)}
            row |= {"id": str(uuid.uuid4()), "branch": branch, "opened_at": self._database.clock()}
            made = _objection(connection.execute(insert(cases).values(row).returning(*COLUMNS)).one())
            _note(connection, made, "open", new.source, {"answer_by": str(made.answer_by)})
            return made, True

    def read(self, objection_id: str) -> Objection:
        """One case.

        Raises:
            NotFound: there is none.
        """
        with self._database.begin() as connection:
            return _read(connection, objection_id)

    def read_by_number(self, number: int) -> Objection:
        """The case of that number.

        Raises:
            NotFound: there is none.
        """
        with self._database.begin() as connection:
            found = connection.execute(select(*COLUMNS).where(cases.c.number == number)).first()
        if found is None:
            raise NotFound(f"No objection has the number {number}.")
        return _objection(found)

    def list_of(self, customer_id: str, before: int, limit: int) -> list[Objection]:
        """A customer's cases below the number ``before``, the newest first."""
        mine = [cases.c.customer_id == customer_id, cases.c.number < before]
        return self._list(mine, [cases.c.number.desc()], limit)

    def list_by_deadline(self, state: str, branch: str | None, after: Sequence[object], limit: int) -> list[Objection]:
        """Cases in a state, of one branch or (None) all, the nearest deadline first; ``after``: deadline and number."""
        wanted: list[ColumnElement[bool]] = [cases.c.state == state]
        if branch is not None:
            wanted.append(cases.c.branch == branch)
        if after:
            wanted.append(tuple_(cases.c.answer_by, cases.c.number) > tuple_(*after))
        return self._list(wanted, [cases.c.answer_by, cases.c.number], limit)

    def answer(self, objection_id: str, said: ObjectionAnswer) -> Objection:
        """Answer a case; the same answer again changes nothing.

        Raises:
            NotFound: there is none.
            Conflict: it is answered otherwise, or withdrawn.
        """
        with self._database.begin() as connection:
            case = _lock(connection, objection_id)
            row = {field.name: getattr(said, field.name) for field in fields(ObjectionAnswer)}
            if case.state == ANSWERED and all(getattr(case, name) == value for name, value in row.items()):
                return case
            _expect_open(case)
            changed = _change(connection, case, **row, state=ANSWERED, answered_at=self._database.clock())
            told = {"outcome": said.outcome, "on_behalf_of": said.reviewer}
            _note(connection, changed, "answer", said.answered_by, told)
            return changed

    def withdraw(self, objection_id: str, client: str) -> Objection:
        """Withdraw a case; again it changes nothing.

        Raises:
            NotFound: there is none.
            Conflict: it is answered.
        """
        with self._database.begin() as connection:
            case = _lock(connection, objection_id)
            if case.state == WITHDRAWN:
                return case
            _expect_open(case)
            changed = _change(connection, case, state=WITHDRAWN, withdrawn_at=self._database.clock())
            _note(connection, changed, "withdraw", client, {})
            return changed

    def count_open(self, today: date) -> tuple[int, int]:
        """How many cases are open, and how many of them are overdue."""
        overdue = func.count().filter(cases.c.answer_by < today)
        with self._database.begin(PATIENCE_S) as connection:
            row = connection.execute(select(func.count(), overdue).where(cases.c.state == OPEN)).one()
            return int(row[0]), int(row[1])

    def delete_before(self, instant: int) -> int:
        """Delete cases that ended and were opened before that instant (ms UTC); returns how many."""
        old = delete(cases).where(cases.c.state != OPEN, cases.c.opened_at < instant)
        with self._database.begin(PATIENCE_S) as connection:
            return int(connection.execute(old).rowcount)

    def _list(
        self, wanted: Sequence[ColumnElement[bool]], order: Sequence[ColumnElement[object]], limit: int
    ) -> list[Objection]:
        with self._database.begin() as connection:
            found = connection.execute(select(*COLUMNS).where(*wanted).order_by(*order).limit(limit))
            return [_objection(row) for row in found]


def _lock_customer(connection: Connection, customer_id: str) -> str | None:
    """Lock the customer until the transaction ends; returns their branch."""
    encoding.name("customer_id", customer_id)
    branch = customers.c.attributes["branch_id"].astext
    row = connection.execute(select(branch).where(customers.c.id == customer_id).with_for_update(key_share=True))
    found = row.first()
    if found is None:
        raise no_customer(customer_id)
    return None if found[0] is None else str(found[0])


def _lock(connection: Connection, objection_id: str) -> Objection:
    """The case under its customer's lock, so that no erasure comes between."""
    case = _read(connection, objection_id)
    if case.state != ERASED:
        connection.execute(select(customers.c.id).where(customers.c.id == case.customer_id).with_for_update())
    return _read(connection, objection_id)


def _read(connection: Connection, objection_id: str) -> Objection:
    try:
        known = str(uuid.UUID(objection_id))
    except ValueError:
        raise _none(objection_id) from None
    found = connection.execute(select(*COLUMNS).where(cases.c.id == known)).first()
    if found is None:
        raise _none(objection_id)
    return _objection(found)


def _none(objection_id: str) -> NotFound:
    return NotFound(f'No objection "{objection_id[:40]}".')


def _expect_open(case: Objection) -> None:
    if case.state != OPEN:
        raise Conflict(f"Objection {case.case} is {case.state}.")


def _change(connection: Connection, case: Objection, **values: object) -> Objection:
    changed = update(cases).where(cases.c.id == case.id).values(**values).returning(*COLUMNS)
    return _objection(connection.execute(changed).one())


def _note(connection: Connection, case: Objection, step: str, actor: str, told: Mapping[str, object]) -> None:
    """Write a step to the feed and to the audit log: the case in the chain, what it is about beside it."""
    about = {"decision_id": case.decision_id, "offer": case.offer}
    beside = audit_values.values_beside(connection, case.customer_id, about)
    branch = {} if case.branch is None else {"branch": case.branch}
    names = ("customer_id", "branch", "decision_id", "state")
    body = {"objection_id": case.id, "case": case.case, **{name: getattr(case, name) for name in names}}
    body["answer_by"] = str(case.answer_by)
    feed.note(connection, f"objection.{case.state}", case.id, body, customer_id=case.customer_id, branch=case.branch)
    audit.append(connection, actor, f"objection.{step}", case.id, {"case": case.case, **branch, **told}, beside)


def _objection(row: Row[tuple[object, ...]]) -> Objection:
    return Objection(**row._mapping)
