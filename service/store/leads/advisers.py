"""Advisers with their hours and how many leads each has at work."""

from dataclasses import fields

from sqlalchemy import Connection, and_, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from service.errors import Conflict
from service.store import audit
from service.store.leads.rows import ACCEPTED, CLAIMED, CONTACTED, OPEN, Actor, AdviserRow
from service.store.schema import advisers, leads


def put(connection: Connection, one: AdviserRow, actor: Actor) -> None:
    """Store an adviser, new or changed, and say so in the audit log; Conflict for another branch's."""
    values = {field.name: getattr(one, field.name) for field in fields(AdviserRow)}
    known = connection.execute(select(advisers.c.branch).where(advisers.c.id == one.id)).scalar()
    if actor.branch is not None and known not in (None, actor.branch):
        raise Conflict(f'Adviser "{one.id}" is another branch\'s.')
    row = upsert(advisers).values(**values)
    connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
    audit.append(connection, actor.client, "adviser.put", one.id, values)


def listed(connection: Connection, branch: str | None) -> list[tuple[AdviserRow, int]]:
    """Every adviser with how many leads they have at work."""
    count = func.count(leads.c.id)
    at_work = and_(leads.c.adviser == advisers.c.id, leads.c.status.in_((OPEN, CLAIMED, CONTACTED, ACCEPTED)))
    found = select(advisers, count).outerjoin(leads, at_work).group_by(advisers.c.id).order_by(advisers.c.id)
    rows = connection.execute(found if branch is None else found.where(advisers.c.branch == branch))
    return [(AdviserRow(*row[:-1]), row[-1]) for row in rows]
