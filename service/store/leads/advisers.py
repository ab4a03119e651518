"""Advisers: their hours, leave, substitute and skill, and how many leads each has at work."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from service.core.errors import Conflict, InvalidInput, NotFound, Problem
from service.store.connection import encoding
from service.store.leads.rows import AT_WORK, IN_HAND, Actor, AdviserRow
from service.store.schema import advisers, leads
from service.store.security import audit

SHOWN = [advisers.c[field.name] for field in fields(AdviserRow)]


def put(connection: Connection, rows: Sequence[AdviserRow], actor: Actor) -> None:
    """Store advisers, new or changed, all or none, and write each to the audit log.

    Raises:
        Conflict: an adviser is another branch's, or moves while leads are at work.
        InvalidInput: a substitute is no other adviser of the branch.
    """
    for one in rows:
        encoding.new_name("adviser_id", one.id)
        encoding.new_name("branch", one.branch)
        _expect_movable(connection, one, actor)
        values = {field.name: getattr(one, field.name) for field in fields(AdviserRow)}
        row = upsert(advisers).values(**values)
        connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
        told = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
        audit.append(connection, actor.client, "adviser.put", one.id, told)
    problems = [problem for one in rows for problem in _problems(connection, one)]
    if problems:
        raise InvalidInput("The adviser does not fit; nothing was stored.", problems[:20])


def _expect_movable(connection: Connection, one: AdviserRow, actor: Actor) -> None:
    known = connection.execute(select(advisers.c.branch).where(advisers.c.id == one.id)).scalar()
    if actor.branch is not None and known not in (None, actor.branch):
        raise Conflict(f'Adviser "{one.id}" is another branch\'s.')
    if known not in (None, one.branch) and (busy := held(connection, one.id, AT_WORK)):
        raise Conflict(f'Adviser "{one.id}" has {busy} leads at work in branch "{known}": hand them over first.')


def _problems(connection: Connection, one: AdviserRow) -> list[Problem]:
    if one.substitute is None:
        return []
    found = connection.execute(select(advisers.c.branch).where(advisers.c.id == one.substitute)).scalar()
    if found == one.branch and one.substitute != one.id:
        return []
    return [Problem("substitute", f'must be another adviser of branch "{one.branch}", got "{one.substitute}"')]


def read(connection: Connection, adviser_id: str, branch: str | None) -> tuple[AdviserRow, int]:
    """One adviser with how many leads they have at work.

    Raises: NotFound: when there is none, or it is another branch's.
    """
    row = connection.execute(select(*SHOWN).where(advisers.c.id == adviser_id)).first()
    if row is None or branch not in (None, row.branch):
        raise NotFound(f'No adviser "{adviser_id[:64]}".')
    return AdviserRow(*row), held(connection, adviser_id, AT_WORK)


def lock(connection: Connection, adviser_id: str) -> None:
    """Lock the adviser: no other transaction gives them a lead until this one ends."""
    connection.execute(select(advisers.c.id).where(advisers.c.id == adviser_id).with_for_update(key_share=True))


def held(connection: Connection, adviser_id: str, statuses: Sequence[str] = IN_HAND, but: str | None = None) -> int:
    """How many leads the adviser has in those statuses, not counting the lead ``but``."""
    mine = select(func.count()).where(leads.c.adviser == adviser_id, leads.c.status.in_(statuses))
    return int(connection.execute(mine if but is None else mine.where(leads.c.id != but)).scalar_one())


def remove(connection: Connection, adviser_id: str, actor: Actor) -> None:
    """Delete an adviser; the leads they worked stay credited to them.

    Raises: NotFound: when there is none. Conflict: when leads are at work.
    """
    lock(connection, adviser_id)
    one, busy = read(connection, adviser_id, actor.branch)
    if busy:
        raise Conflict(f'Adviser "{adviser_id}" has {busy} leads at work: reassign them first.')
    connection.execute(update(advisers).where(advisers.c.substitute == adviser_id).values(substitute=None))
    connection.execute(delete(advisers).where(advisers.c.id == adviser_id))
    told = {"branch": one.branch, "on_behalf_of": actor.behalf}
    audit.append(connection, actor.client, "adviser.delete", adviser_id, told)


def listed(connection: Connection, branch: str | None) -> list[tuple[AdviserRow, int]]:
    """Every adviser with how many leads they have at work."""
    count = func.count(leads.c.id)
    at_work = and_(leads.c.adviser == advisers.c.id, leads.c.status.in_(AT_WORK))
    found = select(*SHOWN, count).outerjoin(leads, at_work).group_by(advisers.c.id).order_by(advisers.c.id)
    rows = connection.execute(found if branch is None else found.where(advisers.c.branch == branch))
    return [(AdviserRow(*row[:-1]), row[-1]) for row in rows]
