"""One lead under its customer's lock: changed, judged, and written to the feed and the audit log in one transaction."""

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, exists, false, select, text, update

from service.core.domain import Event, Lookback, Snapshot
from service.core.errors import NotFound
from service.store import feed, revisions
from service.store.connection.database import ask_within
from service.store.customers.snapshots import find_snapshots
from service.store.events import events, trails
from service.store.leads import advisers
from service.store.leads.rows import AT_WORK, COLUMNS, WAITING, WITHDRAWN, Actor, Lead, LeadJudgement, lead_of
from service.store.revisions import Forget
from service.store.schema import advisers as advisers_table
from service.store.schema import customers, leads
from service.store.security import audit, audit_values

LOCK = text("SELECT id FROM customers WHERE id = ANY (:names) ORDER BY id FOR NO KEY UPDATE")
AMEND_EVENT = text("""
    UPDATE events SET amount_yuan = cast(:yuan AS numeric) WHERE id = :id AND customer_id = :customer_id
""")
HAPPENED_AT = text("SELECT at FROM events WHERE id = :id AND customer_id = :customer_id")
UNDO_KEY = text("DELETE FROM event_keys WHERE id = :id")
KNOWN = text("SELECT 1 FROM events WHERE id = :id AND customer_id = :customer_id LIMIT 1")


ELSEWHERE = exists(
    select(customers.c.id).where(
        customers.c.id == leads.c.customer_id,
        customers.c.attributes["branch_id"].astext != leads.c.branch,
        ~exists(
            select(advisers_table.c.id).where(
                advisers_table.c.id == customers.c.attributes["adviser_id"].astext,
                advisers_table.c.branch == leads.c.branch,
            )
        ),
    )
)
"""Leads whose customer is another branch's, and whose own adviser, if any, is not of the lead's branch."""


class LockedLead:
    """One lead under its customer's lock, within a transaction."""

    def __init__(self, connection: Connection, lead: Lead, snapshot: Snapshot | None) -> None:
        self.connection, self.lead, self.snapshot = connection, lead, snapshot
        self._ask = ask_within(connection)

    def change(self, action: str, actor: Actor, detail: Mapping[str, object] | None = None, **values: object) -> Lead:
        """Change the lead and write it to the feed and the audit log; returns the changed lead."""
        changed = update(leads).where(leads.c.id == self.lead.id).values(**values).returning(*COLUMNS)
        self.lead = lead_of(self.connection.execute(changed).one())
        tell(self.connection, self.lead)
        self.note(action, actor, detail)
        return self.lead

    def note(self, action: str, actor: Actor, detail: Mapping[str, object] | None = None) -> None:
        """Write a row to the audit log; the ``detail`` beside the chain, because it is about the customer."""
        who = {"branch": actor.branch, "on_behalf_of": actor.behalf}
        about = {name: value for name, value in who.items() if value is not None}
        said = {name: value for name, value in (detail or {}).items() if value is not None}
        beside = audit_values.values_beside(self.connection, self.lead.customer_id, said) if said else None
        audit.append(self.connection, actor.client, f"lead.{action}", self.lead.id, about, beside)

    def apply_judgement(self, judged: LeadJudgement, actor: Actor) -> Lead:
        """Store what the gates said; a waiting lead is withdrawn where one is closed."""
        if judged.closed_by is not None and self.lead.status in WAITING:
            return self.change(
                "withdraw", actor, {"gate": judged.closed_by}, status=WITHDRAWN, closed_by=judged.closed_by
            )
        revision = self.snapshot.revision if self.snapshot else self.lead.revision
        known = {"revision": revision, "release_id": judged.release_id, "judged_until": judged.until}
        self.connection.execute(update(leads).where(leads.c.id == self.lead.id).values(**known))
        return self.lead

    def count_load(self, adviser_id: str, statuses: Sequence[str]) -> int:
        """How many other leads in those statuses the adviser has; no other transaction adds one until this one ends."""
        advisers.lock(self.connection, adviser_id)
        return advisers.held(self.connection, adviser_id, statuses, but=self.lead.id)

    def is_alone(self) -> bool:
        """Whether the customer has no other lead at work."""
        others = select(leads.c.id).where(leads.c.customer_id == self.lead.customer_id, leads.c.id != self.lead.id)
        return self.connection.execute(others.where(leads.c.status.in_(AT_WORK)).limit(1)).first() is None

    def is_elsewhere(self) -> bool:
        """Whether the customer has moved to another branch."""
        moved = select(leads.c.id).where(leads.c.id == self.lead.id, ELSEWHERE)
        return self.connection.execute(moved).first() is not None

    def has_event(self, event_id: str) -> bool:
        """Whether an event of this lead is stored."""
        words = {"id": event_id, "customer_id": self.lead.customer_id}
        return self.connection.execute(KNOWN, words).first() is not None

    def amend_event(self, event_id: str, amount_yuan: float) -> None:
        """Set another amount in an event of this lead; nothing happens where the event is not stored."""
        words = {"id": event_id, "customer_id": self.lead.customer_id, "yuan": amount_yuan}
        self.connection.execute(AMEND_EVENT, words)

    def undo_event(self, event_id: str, forget: Forget) -> None:
        """Delete an event of this lead and its effect on the trails; nothing happens where it is not stored.

        To be called last: it may lock what serves.
        """
        words = {"id": event_id, "customer_id": self.lead.customer_id}
        at = self.connection.execute(HAPPENED_AT, words).scalar()
        if at is None:
            return
        self.connection.execute(UNDO_KEY, words)
        self._ask(trails.TAKE_BACK, self.lead.customer_id.encode(), event_id.encode(), b"%d" % at)
        self._ask(trails.EMPTY, self.lead.customer_id.encode())
        revision = revisions.raise_revision(self._ask, self.lead.customer_id)
        revisions.invalidate(self._ask, self.lead.customer_id, revision, forget)

    def record_event(self, event: Event, forget: Forget) -> None:
        """Store an event of the lead's customer. To be called last: it may lock what serves.

        Raises:
            Conflict: the id was used before.
            NotFound: the customer is not stored.
        """
        revision = events.insert(self._ask, event)
        if revision is None:
            raise events.id_was_used(event)
        revisions.invalidate(self._ask, event.customer_id, revision, forget)


def tell(connection: Connection, lead: Lead) -> None:
    """Write a lead's state to the feed."""
    names = ("customer_id", "branch", "adviser", "offer", "status", "closed_by")
    body = {"lead_id": lead.id, **{name: getattr(lead, name) for name in names}}
    feed.note(connection, f"lead.{lead.status}", lead.id, body, customer_id=lead.customer_id, branch=lead.branch)


def lock(connection: Connection, names: Sequence[str]) -> set[str]:
    """Lock those of the customers who are stored, in the order of their ids, until the transaction ends; returns their
    ids.
    """
    return set(connection.execute(LOCK, {"names": list(names)}).scalars())


def lock_snapshot(connection: Connection, customer_id: str, back: Lookback) -> Snapshot | None:
    """Lock the customer until the transaction ends; returns the snapshot, None where no such customer is stored."""
    lock(connection, [customer_id])
    return find_snapshots(ask_within(connection), [customer_id], back).get(customer_id)


def find_lead(connection: Connection, lead_id: str, branch: str | None = None) -> Lead:
    """One lead.

    Raises:
        NotFound: there is no such lead; for a ``branch`` also where lead or customer belong to another.
    """
    try:
        number = str(uuid.UUID(lead_id))
    except ValueError:
        raise NotFound(f'No lead "{lead_id[:40]}".') from None
    moved = false() if branch is None else ELSEWHERE
    row = connection.execute(select(*COLUMNS).where(leads.c.id == number, ~moved)).first()
    if row is None or branch not in (None, row.branch):
        raise NotFound(f'No lead "{lead_id[:40]}".')
    return lead_of(row)
