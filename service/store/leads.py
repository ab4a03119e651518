"""Leads: made, judged again, claimed, worked and credited, each step in one transaction under the customer's lock.

    open -> claimed -> contacted -> accepted -> sold          rejected, withdrawn, erased end a lead
      ^--------'  (released)

The customer's row is locked before the lead's, as by every writer of the customer's facts: so between the look at the
gates and the commit nothing about the customer changes, and of eight who claim one lead one gets it. A lead remembers
what its gates were last judged by: the customer's revision, the release, and until when that holds by the clock. One
that is no longer so judged is judged again before anybody sees it (``doubtful``), and by the runner within a second.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from service.domain import Event, Snapshot
from service.errors import Conflict, NotFound, no_customer
from service.store import audit, bulk, changes, events, register
from service.store.customers import RAISE_GENERATION, Forget
from service.store.database import Database
from service.store.register import MANY
from service.store.schema import advisers, customers, leads

OPEN, CLAIMED, CONTACTED, ACCEPTED = "open", "claimed", "contacted", "accepted"
SOLD, REJECTED, WITHDRAWN, ERASED = "sold", "rejected", "withdrawn", "erased"
WAITING = (OPEN, CLAIMED)
"""The statuses in which a closed gate withdraws the lead: nobody has been contacted yet."""
CREDIT_MS = 30 * 86_400_000
"""How long after the contact a purchase of the offer is the lead's."""


@dataclass(frozen=True, slots=True)
class AdviserRow:
    """An adviser as stored."""

    id: str
    branch: str
    minutes_per_week: int
    minutes_per_contact: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as stored; instants in ms UTC. ``decided_offer`` differs from ``offer`` after an override."""

    id: str
    customer_id: str
    branch: str
    adviser: str
    offer: str
    decided_offer: str
    decision_id: str
    priority: float
    strategies: tuple[str, ...]
    status: str
    closed_by: str | None
    reason: str | None
    revision: int
    release_id: int
    judged_until: int
    contacts: int
    built_at: int
    claimed_at: int | None
    contacted_at: int | None
    sold_at: int | None
    sold_yuan: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gates said: ``closed_by`` is the first closed one (None: all open), ``until`` when that ends (ms)."""

    closed_by: str | None
    release_id: int
    until: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something to a lead: the client, its branch (None: the whole bank), for whom, in which language."""

    client: str
    branch: str | None = None
    behalf: str | None = None
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class New:
    """A decision that becomes a lead: its row for ``decisions``, and what the lead takes from it."""

    decision: Mapping[str, object]
    offer: str
    priority: float
    strategies: tuple[str, ...]
    judged: Judged


@dataclass(frozen=True, slots=True)
class Search:
    """Which leads to list; ``after`` is the last one of the page before (priority, id)."""

    branch: str | None = None
    adviser: str | None = None
    status: str | None = None
    after: tuple[float, str] | None = None
    limit: int = 20


Judge = Callable[[Snapshot, str], Judged]
"""A customer and an offer to what the gates say of it."""
COLUMNS = [leads.c[field.name] for field in fields(Lead)]


class Desk:
    """One lead under its customer's lock, within a transaction."""

    def __init__(self, connection: Connection, lead: Lead, snapshot: Snapshot | None) -> None:
        self.connection, self.lead, self.snapshot = connection, lead, snapshot

    def set(self, action: str, actor: Actor, detail: Mapping[str, object] | None = None, **values: object) -> Lead:
        """Change the lead, tell it on the feed and the audit log; the lead as it stands now."""
        changed = update(leads).where(leads.c.id == self.lead.id).values(**values).returning(*COLUMNS)
        self.lead = _lead(self.connection.execute(changed).one())
        tell(self.connection, self.lead)
        told = {"branch": actor.branch, "on_behalf_of": actor.behalf, **(detail or {})}
        told = {name: value for name, value in told.items() if value is not None}
        audit.append(self.connection, actor.client, f"lead.{action}", self.lead.id, told)
        return self.lead

    def judged(self, judged: Judged, actor: Actor) -> Lead:
        """Note what the gates say; a lead that waits is withdrawn where one is closed."""
        if judged.closed_by is not None and self.lead.status in WAITING:
            return self.set("withdraw", actor, {"gate": judged.closed_by}, status=WITHDRAWN, closed_by=judged.closed_by)
        revision = self.snapshot.revision if self.snapshot else self.lead.revision
        known = {"revision": revision, "release_id": judged.release_id, "judged_until": judged.until}
        self.connection.execute(update(leads).where(leads.c.id == self.lead.id).values(**known))
        return self.lead

    def happened(self, event: Event, forget: Forget) -> None:
        """Record an event of the lead's customer in this transaction."""
        record(self.connection, event, forget)


class Leads:
    """The leads of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Advisers --------------------------------------------------------------------------------------------------------

    def put_adviser(self, one: AdviserRow, actor: Actor) -> None:
        """Store an adviser, new or changed, and say so in the audit log; Conflict for another branch's."""
        values = {field.name: getattr(one, field.name) for field in fields(AdviserRow)}
        with self._database.begin() as connection:
            known = connection.execute(select(advisers.c.branch).where(advisers.c.id == one.id)).scalar()
            if actor.branch is not None and known not in (None, actor.branch):
                raise Conflict(f'Adviser "{one.id}" is another branch\'s.')
            row = upsert(advisers).values(**values)
            connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
            audit.append(connection, actor.client, "adviser.put", one.id, values)

    def advisers(self, branch: str | None = None) -> list[tuple[AdviserRow, int]]:
        """Every adviser with how many leads they have at work."""
        count = func.count(leads.c.id)
        at_work = and_(leads.c.adviser == advisers.c.id, leads.c.status.in_((OPEN, CLAIMED, CONTACTED, ACCEPTED)))
        found = select(advisers, count).outerjoin(leads, at_work).group_by(advisers.c.id).order_by(advisers.c.id)
        with self._database.begin(bulk.PATIENCE_S) as connection:
            rows = connection.execute(found if branch is None else found.where(advisers.c.branch == branch))
            return [(AdviserRow(*row[:-1]), row[-1]) for row in rows]

    # Building --------------------------------------------------------------------------------------------------------

    def page(self, after: str, limit: int, since_ms: int) -> list[Snapshot]:
        """The next customers in the order of their ids who have no lead at work."""
        busy = select(leads.c.customer_id).where(leads.c.status.in_((OPEN, CLAIMED, CONTACTED, ACCEPTED)))
        ids = select(customers.c.id).where(customers.c.id > after, customers.c.id.not_in(busy))
        with self._database.begin(bulk.PATIENCE_S) as connection:
            names = list(connection.execute(ids.order_by(customers.c.id).limit(limit)).scalars())
            return list(_snapshots(connection, names, since_ms).values())

    def add(self, customer_id: str, adviser: AdviserRow, since_ms: int, decide: Callable[[Snapshot], New | None],
            at: int) -> Lead | None:  # fmt: skip
        """Make a lead of what ``decide`` says of the customer now; None where it says nothing, or they have one."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            snapshot = _locked(connection, customer_id, since_ms)
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
            tell(connection, _lead(made))
            return _lead(made)

    # Reading ---------------------------------------------------------------------------------------------------------

    def read(self, lead_id: str, branch: str | None = None) -> Lead:
        """One lead; NotFound, also for another branch's."""
        with self._database.begin() as connection:
            return _one(connection, lead_id, branch)

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
            return [_lead(row) for row in connection.execute(found)]

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
    def desk(self, lead_id: str, since_ms: int, branch: str | None = None) -> Iterator[Desk]:
        """A lead under its customer's lock; committed at the end, undone by any error; NotFound."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            lead = _one(connection, lead_id, branch)
            snapshot = _locked(connection, lead.customer_id, since_ms)
            held = select(*COLUMNS).where(leads.c.id == lead.id).with_for_update()
            yield Desk(connection, _lead(connection.execute(held).one()), snapshot)

    def settle(self, limit: int = 200) -> int:
        """Credit leads with purchases of their offer that came by event within 30 days of the contact; how many."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            found = connection.execute(BOUGHT, {"within": CREDIT_MS, "limit": limit}).all()
            for row in found:
                desk = Desk(connection, _one(connection, row.id), None)
                desk.set("sold", Actor("runner"), status=SOLD, sold_at=row.at, sold_yuan=row.yuan)
            return len(found)

    def report(self, since: int, until: int) -> list[dict[str, Any]]:
        """What became of the leads built in a time: a row per adviser, then one per strategy credited."""
        with self._database.begin(bulk.PATIENCE_S) as connection:
            rows = connection.execute(REPORT, {"since": since, "until": until})
            return [{str(name): value for name, value in row.items()} for row in rows.mappings()]


BOUGHT = text("""
    SELECT l.id::text AS id, min(e.at) AS at, sum(e.amount_yuan) AS yuan
    FROM leads AS l JOIN events AS e ON e.customer_id = l.customer_id AND e.kind = 'purchase' AND e.offer = l.offer
        AND e.at >= l.contacted_at AND e.at < l.contacted_at + :within
    WHERE l.status IN ('claimed', 'contacted', 'accepted') GROUP BY l.id LIMIT :limit
""")
REPORT = text("""
    WITH mine AS (SELECT * FROM leads WHERE built_at >= :since AND built_at < :until),
    keyed AS (
        SELECT 'adviser' AS by, adviser AS name, mine.* FROM mine
        UNION ALL SELECT 'strategy', strategy, mine.* FROM mine, unnest(strategies) AS strategy)
    SELECT by, name, count(*) AS leads, count(claimed_at) AS claimed, count(contacted_at) AS contacted,
        count(*) FILTER (WHERE status IN ('accepted', 'sold')) AS accepted, count(sold_at) AS sold,
        coalesce(sum(sold_yuan), 0)::double precision AS sold_yuan,
        count(*) FILTER (WHERE status = 'rejected') AS rejected,
        count(*) FILTER (WHERE status = 'withdrawn') AS withdrawn,
        count(*) FILTER (WHERE offer <> decided_offer) AS overridden
    FROM keyed GROUP BY by, name ORDER BY by, sold_yuan DESC, name
""")
LOCK = text("SELECT 1 FROM customers WHERE id = :id FOR UPDATE")
RAISE = text("UPDATE customers SET revision = revision + 1, updated_at = now() WHERE id = :id RETURNING revision")
SNAPSHOTS = text(MANY.text.decode().replace("$1", ":names").replace("$2::bigint", "cast(:since AS bigint)")
                 .replace(":names::json", "cast(:names AS json)"))  # fmt: skip
STORE_EVENT = text("""
    INSERT INTO events (id, customer_id, kind, at, offer, channel, decision_id, amount_yuan)
    VALUES (:id, :customer_id, :kind, :at, :offer, :channel, :decision_id, cast(:amount_yuan AS numeric))
""")
STORE_KEY = text("INSERT INTO event_keys (id, body_hash, at) VALUES (:id, :hash, :at)")


def record(connection: Connection, event: Event, forget: Forget) -> None:
    """Store a new event and raise the customer's revision; Conflict for an id that was used, NotFound."""
    connection.execute(STORE_KEY, {"id": event.id, "hash": events.body_hash(event), "at": event.at})
    names = ("id", "customer_id", "kind", "at", "offer", "channel", "decision_id", "amount_yuan")
    connection.execute(STORE_EVENT, {name: getattr(event, name) for name in names})
    revision = connection.execute(RAISE, {"id": event.customer_id}).scalar()
    if revision is None:
        raise no_customer(event.customer_id)
    if not forget(event.customer_id, int(revision)):
        connection.exec_driver_sql(RAISE_GENERATION.text.decode())


def tell(connection: Connection, lead: Lead) -> None:
    """Put a lead's state on the feed."""
    names = ("customer_id", "branch", "adviser", "offer", "status", "closed_by")
    body = {"lead_id": lead.id, **{name: getattr(lead, name) for name in names}}
    changes.note(connection, f"lead.{lead.status}", lead.id, body, customer_id=lead.customer_id, branch=lead.branch)


def _locked(connection: Connection, customer_id: str, since_ms: int) -> Snapshot | None:
    connection.execute(LOCK, {"id": customer_id})
    return _snapshots(connection, [customer_id], since_ms).get(customer_id)


def _snapshots(connection: Connection, names: Sequence[str], since_ms: int) -> dict[str, Snapshot]:
    rows = connection.execute(SNAPSHOTS, {"names": orjson.dumps(list(names)).decode(), "since": since_ms})
    return {row[0]: Snapshot(row[0], row[1], row[2], row[3] or {}, tuple(Event(*each) for each in row[4] or ()))
            for row in rows}  # fmt: skip


def _one(connection: Connection, lead_id: str, branch: str | None = None) -> Lead:
    try:
        number = str(uuid.UUID(lead_id))
    except ValueError:
        raise NotFound(f'No lead "{lead_id[:40]}".') from None
    row = connection.execute(select(*COLUMNS).where(leads.c.id == number)).first()
    if row is None or branch not in (None, row.branch):
        raise NotFound(f'No lead "{lead_id[:40]}".')
    return _lead(row)


def _lead(row: Row[Any]) -> Lead:
    values = dict(row._mapping)
    yuan = values["sold_yuan"]
    return Lead(
        **values | {"strategies": tuple(values["strategies"]), "sold_yuan": None if yuan is None else float(yuan)}
    )
