"""Leads as stored: built, listed, worked under their customer's lock, credited; and the advisers who work them."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.dialects.postgresql import insert as upsert

from service.core.domain import Lookback, Snapshot
from service.store.connection.database import PATIENCE_S, Database, ask_within
from service.store.customers.snapshots import find_snapshots
from service.store.decisions import decisions
from service.store.leads import advisers, credit
from service.store.leads.locked_lead import ELSEWHERE, LockedLead, find_lead, lock_snapshot, tell
from service.store.leads.rows import (
    AT_WORK,
    COLUMNS,
    WAITING,
    Actor,
    AdviserRow,
    Lead,
    LeadSearch,
    NewLead,
    PastContact,
    lead_of,
)
from service.store.schema import customers, leads

BUSY = select(leads.c.customer_id).where(leads.c.status.in_(AT_WORK))
"""Customers with a lead at work."""


class LeadRepository:
    """The leads of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Advisers --------------------------------------------------------------------------------------------------------

    def put_advisers(self, rows: Sequence[AdviserRow], actor: Actor) -> None:
        """Store advisers, new or changed, all or none.

        Raises:
            Conflict: an adviser is another branch's, or moves while leads are at work.
            InvalidInput: a substitute is no other adviser of the branch.
        """
        with self._database.begin() as connection:
            advisers.put(connection, rows, actor)

    def read_adviser(self, adviser_id: str, branch: str | None = None) -> tuple[AdviserRow, int]:
        """One adviser with how many leads they have at work.

        Raises:
            NotFound: when there is no such adviser, or it is another branch's.
        """
        with self._database.begin() as connection:
            return advisers.read(connection, adviser_id, branch)

    def remove_adviser(self, adviser_id: str, actor: Actor) -> None:
        """Delete an adviser; the leads they worked stay credited to them.

        Raises:
            NotFound: there is no such adviser, or it is another branch's.
            Conflict: they have leads at work.
        """
        with self._database.begin() as connection:
            advisers.remove(connection, adviser_id, actor)

    def list_advisers(self, branch: str | None = None) -> list[tuple[AdviserRow, int]]:
        """Every adviser with how many leads they have at work."""
        with self._database.begin(PATIENCE_S) as connection:
            return advisers.listed(connection, branch)

    # Building --------------------------------------------------------------------------------------------------------

    def next_customers(self, after: str, limit: int, back: Lookback, branch: str | None = None) -> list[Snapshot]:
        """Snapshots of the next customers without a lead at work, in the order of their ids, of a branch or all."""
        ids = select(customers.c.id).where(customers.c.id > after, customers.c.id.not_in(BUSY), _of(branch))
        with self._database.begin(PATIENCE_S) as connection:
            names = list(connection.execute(ids.order_by(customers.c.id).limit(limit)).scalars())
            return list(find_snapshots(ask_within(connection), names, back).values())

    def count_customers(self, branch: str | None = None) -> tuple[int, int]:
        """How many customers the branch or the bank has, and how many of them have a lead at work."""
        counts = select(func.count(), func.count().filter(customers.c.id.in_(BUSY))).where(_of(branch))
        with self._database.begin(PATIENCE_S) as connection:
            everybody, busy = connection.execute(counts.select_from(customers)).one()
            return int(everybody), int(busy)

    def add(self, customer_id: str, adviser: AdviserRow, back: Lookback, decide: Callable[[Snapshot], NewLead | None],
            at: int) -> Lead | None:  # fmt: skip
        """Make a lead of what ``decide`` returns for the customer now.

        None where it returns None, where the customer has a lead, and where the adviser's hours were filled meanwhile.
        """
        with self._database.begin(PATIENCE_S) as connection:
            snapshot = lock_snapshot(connection, customer_id, back)
            advisers.lock(connection, adviser.id)
            full = advisers.held(connection, adviser.id, AT_WORK) >= adviser.contacts
            new = None if snapshot is None or full else decide(snapshot)
            if snapshot is None or new is None:
                return None
            values = {
                "id": str(uuid.uuid4()), "customer_id": customer_id, "branch": adviser.branch, "adviser": adviser.id,
                "offer": new.offer, "decided_offer": new.offer, "decision_id": new.decision["id"],
                "priority": new.priority, "strategies": list(new.strategies), "revision": snapshot.revision,
                "release_id": new.judged.release_id, "judged_until": new.judged.until, "built_at": at,
                "due_on": new.due_on, "expires_at": new.expires_at,
            }  # fmt: skip
            row = upsert(leads).values(**values).on_conflict_do_nothing().returning(*COLUMNS)
            made = connection.execute(row).first()
            if made is None:
                return None
            decisions.insert_many(connection, [new.decision])
            tell(connection, lead_of(made))
            return lead_of(made)

    # Reading ---------------------------------------------------------------------------------------------------------

    def read(self, lead_id: str, branch: str | None = None) -> Lead:
        """One lead.

        Raises:
            NotFound: when there is no such lead, or it is another branch's.
        """
        with self._database.begin() as connection:
            return find_lead(connection, lead_id, branch)

    def list_leads(self, search: LeadSearch) -> list[Lead]:
        """Leads in the order of their priority, highest first."""
        terms: list[ColumnElement[bool]] = [leads.c[name] == value for name in ("branch", "adviser", "status")
                 if (value := getattr(search, name)) is not None]  # fmt: skip
        if search.own:
            terms.append(~ELSEWHERE)
        if search.after is not None:
            priority, lead_id = search.after
            next_best = and_(leads.c.priority == priority, leads.c.id > lead_id)
            terms.append(or_(leads.c.priority < priority, next_best))
        found = select(*COLUMNS).where(*terms).order_by(leads.c.priority.desc(), leads.c.id).limit(search.limit)
        with self._database.begin() as connection:
            return [lead_of(row) for row in connection.execute(found)]

    def list_doubtful(
        self, now: int, release_id: int, limit: int, among: Sequence[str] | None = None, without: Sequence[str] = ()
    ) -> list[str]:
        """Ids of waiting leads whose judgement is outdated, and of leads whose time is over; only of ``among`` where
        given.
        """
        stale = or_(leads.c.revision != customers.c.revision, customers.c.id.is_(None),
                    leads.c.release_id != release_id, leads.c.judged_until <= now)  # fmt: skip
        found = select(leads.c.id).outerjoin(customers, customers.c.id == leads.c.customer_id)
        over = and_(leads.c.status.in_(AT_WORK), leads.c.expires_at <= now)
        doubted = or_(and_(leads.c.status.in_(WAITING), stale), over)
        found = found.where(doubted, leads.c.id.not_in(without)).limit(limit)
        with self._database.begin(PATIENCE_S) as connection:
            return list(connection.execute(found if among is None else found.where(leads.c.id.in_(among))).scalars())

    # Working ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def lock(self, lead_id: str, back: Lookback, branch: str | None = None) -> Iterator[LockedLead]:
        """A lead under its customer's lock; committed at the end, rolled back by any error.

        Raises:
            NotFound: when there is no such lead, or it is another branch's.
        """
        with self._database.begin(PATIENCE_S) as connection:
            lead = find_lead(connection, lead_id, branch)
            snapshot = lock_snapshot(connection, lead.customer_id, back)
            held = select(*COLUMNS).where(leads.c.id == lead.id).with_for_update()
            yield LockedLead(connection, lead_of(connection.execute(held).one()), snapshot)

    def settle(self, limit: int = 200) -> int:
        """Credit leads with purchases of their offer within 30 days of the contact; returns how many."""
        with self._database.begin(PATIENCE_S) as connection:
            return credit.settle(connection, limit)

    def report(self, since: int, until: int, branch: str | None = None) -> list[dict[str, Any]]:
        """The outcomes of the leads built from ``since`` to ``until`` (ms): a row per adviser, then per strategy."""
        with self._database.begin(PATIENCE_S) as connection:
            return credit.report(connection, since, until, branch)

    def list_past(self, names: Sequence[str]) -> list[PastContact]:
        """Earlier contacts of these customers and what came of them, the newest last."""
        mine = select(leads.c.customer_id, leads.c.contacted_at, leads.c.outcome, leads.c.said)
        found = mine.where(leads.c.customer_id.in_(names)).order_by(leads.c.built_at, leads.c.id)
        with self._database.begin(PATIENCE_S) as connection:
            return [PastContact(*row) for row in connection.execute(found)]


def _of(branch: str | None) -> ColumnElement[bool]:
    return true() if branch is None else customers.c.attributes["branch_id"].astext == branch
