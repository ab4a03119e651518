"""Leads: made, judged again, claimed, worked and credited, each step in one transaction under the customer's lock.

    open -> claimed -> contacted -> accepted -> sold          rejected, withdrawn, erased end a lead
      ^--------'  (released)

The customer's row is locked before the lead's, as by every writer of the customer's facts: so between the look at the
gates and the commit nothing about the customer changes, and of eight who claim one lead one gets it. A lead remembers
what its gates were last judged by: the customer's revision, the release, and until when that holds by the clock. One
that is no longer so judged is judged again before anybody sees it (``doubtful``), and by the runner within a second.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from service.domain import Lookback, Snapshot
from service.store import bulk, register
from service.store.database import Database
from service.store.leads import advisers, credit
from service.store.leads.desk import Desk, locked, one, snapshots, tell
from service.store.leads.rows import (
    ACCEPTED,
    CLAIMED,
    COLUMNS,
    CONTACTED,
    OPEN,
    REJECTED,
    SOLD,
    WAITING,
    WITHDRAWN,
    Actor,
    AdviserRow,
    Judged,
    Lead,
    New,
    Search,
    lead_of,
)
from service.store.schema import customers, leads

__all__ = [
    "ACCEPTED",
    "CLAIMED",
    "CONTACTED",
    "OPEN",
    "REJECTED",
    "SOLD",
    "WAITING",
    "WITHDRAWN",
    "Actor",
    "AdviserRow",
    "Desk",
    "Judged",
    "Lead",
    "Leads",
    "New",
    "Search",
]


class Leads:
    """The leads of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Advisers --------------------------------------------------------------------------------------------------------

    def put_adviser(self, row: AdviserRow, actor: Actor) -> None:
        """Store an adviser, new or changed, and say so in the audit log; Conflict for another branch's."""
        with self._database.begin() as connection:
            advisers.put(connection, row, actor)

    def advisers(self, branch: str | None = None) -> list[tuple[AdviserRow, int]]:
        """Every adviser with how many leads they have at work."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return advisers.listed(connection, branch)

    # Building --------------------------------------------------------------------------------------------------------

    def page(self, after: str, limit: int, back: Lookback) -> list[Snapshot]:
        """The next customers in the order of their ids who have no lead at work."""
        busy = select(leads.c.customer_id).where(leads.c.status.in_((OPEN, CLAIMED, CONTACTED, ACCEPTED)))
        ids = select(customers.c.id).where(customers.c.id > after, customers.c.id.not_in(busy))
        with self._database.begin(bulk.PATIENCE_S) as connection:
            names = list(connection.execute(ids.order_by(customers.c.id).limit(limit)).scalars())
            return list(snapshots(connection, names, back).values())

    def add(self, customer_id: str, adviser: AdviserRow, back: Lookback, decide: Callable[[Snapshot], New | None],
            at: int) -> Lead | None:  # fmt: skip
        """Make a lead of what ``decide`` says of the customer now; None where it says nothing, or they have one."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            snapshot = locked(connection, customer_id, back)
            new = None if snapshot is None else decide(snapshot)
            if snapshot is None or new is None:
                return None
            values = {
                "id": str(uuid.uuid4()), "customer_id": customer_id, "branch": adviser.branch, "adviser": adviser.id,
                "offer": new.offer, "decided_offer": new.offer, "decision_id": new.decision["id"],
                "priority": new.priority, "strategies": list(new.strategies), "revision": snapshot.revision,
                "release_id": new.judged.release_id, "judged_until": new.judged.until, "built_at": at,
            }  # fmt: skip
            row = upsert(leads).values(**values).on_conflict_do_nothing().returning(*COLUMNS)
            made = connection.execute(row).first()
            if made is None:
                return None
            register.remember(connection, [new.decision])
            tell(connection, lead_of(made))
            return lead_of(made)

    # Reading ---------------------------------------------------------------------------------------------------------

    def read(self, lead_id: str, branch: str | None = None) -> Lead:
        """One lead; NotFound, also for another branch's."""
        with self._database.begin() as connection:
            return one(connection, lead_id, branch)

    def listed(self, search: Search) -> list[Lead]:
        """Leads, best first."""
        terms: list[ColumnElement[bool]] = [leads.c[name] == value for name in ("branch", "adviser", "status")
                 if (value := getattr(search, name)) is not None]  # fmt: skip
        if search.after is not None:
            priority, lead_id = search.after
            next_best = and_(leads.c.priority == priority, leads.c.id > lead_id)
            terms.append(or_(leads.c.priority < priority, next_best))
        found = select(*COLUMNS).where(*terms).order_by(leads.c.priority.desc(), leads.c.id).limit(search.limit)
        with self._database.begin() as connection:
            return [lead_of(row) for row in connection.execute(found)]

    def doubtful(self, now: int, release_id: int, limit: int, among: Sequence[str] | None = None) -> list[str]:
        """Leads that wait and whose gates were judged by what is no longer so; of ``among`` where given."""
        stale = or_(leads.c.revision != customers.c.revision, customers.c.id.is_(None),
                    leads.c.release_id != release_id, leads.c.judged_until <= now)  # fmt: skip
        found = select(leads.c.id).outerjoin(customers, customers.c.id == leads.c.customer_id)
        found = found.where(leads.c.status.in_(WAITING), stale).limit(limit)
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return list(connection.execute(found if among is None else found.where(leads.c.id.in_(among))).scalars())

    # Working ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def desk(self, lead_id: str, back: Lookback, branch: str | None = None) -> Iterator[Desk]:
        """A lead under its customer's lock; committed at the end, undone by any error; NotFound."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            lead = one(connection, lead_id, branch)
            snapshot = locked(connection, lead.customer_id, back)
            held = select(*COLUMNS).where(leads.c.id == lead.id).with_for_update()
            yield Desk(connection, lead_of(connection.execute(held).one()), snapshot)

    def settle(self, limit: int = 200) -> int:
        """Credit leads with purchases of their offer that came by event within 30 days of the contact; how many."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return credit.settle(connection, limit)

    def report(self, since: int, until: int) -> list[dict[str, Any]]:
        """What became of the leads built in a time: a row per adviser, then one per strategy credited."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            return credit.report(connection, since, until)
