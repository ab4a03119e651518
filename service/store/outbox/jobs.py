"""Jobs as a queue in PostgreSQL: taken under a lease, done in parts, each part exactly once.

    queued -> running -> done | failed        cancelled from either of the first two

``take`` skips jobs that other runners hold (FOR UPDATE SKIP LOCKED) and takes up a running job whose lease ran out: its
runner was killed. ``keep`` writes one part, its decisions and the progress in one transaction, and only while the lease
is still the writer's own, so a runner that comes back late writes nothing. Adding items and storing results locks their
customers: an erasure waits, and deletes the items. A job that makes no progress in ``ATTEMPTS`` leases is failed. A job
at which its runner failed is put off and taken again after a pause. All instants are ms by the database's clock.
"""

import contextlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, TextClause, select, text, true

from service.core.errors import Conflict, NotFound, TooMany, no_customer
from service.store import feed
from service.store.connection import encoding as texts
from service.store.connection import row_limits
from service.store.connection.database import PATIENCE_S, Database
from service.store.customers.repository import no_customer_of
from service.store.decisions import decisions
from service.store.revisions import hold_customers
from service.store.schema import NOBODY, jobs

OFFERS, LEADS = "offers", "leads"
"""Kinds of jobs: the offers of many customers, or the leads of a branch."""
PROPOSAL, APPROVAL = "proposal", "approval"
"""Kinds of jobs: propose a policy, or make one serve."""
CRM, POLICIES = (OFFERS, LEADS), (PROPOSAL, APPROVAL)
"""The kinds that the same clients may list, cancel and receive changes of."""
ATTEMPTS = 5
CANCEL_S = 10.0
"""The deadline of a cancellation, longer than that of other requests."""
RETRY_S = 60
MOST, MOST_OF_POLICIES = 100, 10
"""So many jobs of one client may wait or run; jobs with policies are counted separately."""
EVERYBODY_OF = "everybody_of"
"""The key of a job's request that holds the branch over whose customers it runs."""
PAGE = 1_000
SHOWN = [jobs.c[name] for name in ("id", "client", "branch", "request", "state", "total", "done", "failed", "error",
                                   "created_at", "started_at", "finished_at", "kind", "outcome")]  # fmt: skip

ADD = text("""
    INSERT INTO jobs (id, client, branch, request, total, created_at, kind)
    VALUES (:id, :client, :branch, cast(:request AS jsonb), :total, now_ms(), :kind)
""")
ITEMS = text("""
    INSERT INTO job_items (job_id, place, customer_id)
    SELECT :job, place, customer FROM unnest(cast(:names AS text[])) WITH ORDINALITY AS asked (customer, place)
""")
EVERYBODY = text("""
    INSERT INTO job_items (job_id, place, customer_id)
    SELECT :job, row_number() OVER (ORDER BY id), id FROM (
        SELECT id FROM customers WHERE cast(:branch AS text) IS NULL OR attributes ->> 'branch_id' = :branch
        ORDER BY id FOR KEY SHARE) AS held
""")
TAKE = text("""
    UPDATE jobs SET state = 'running', lease = :lease, leased_until = now_ms() + :lease_ms, attempts = attempts + 1,
        started_at = coalesce(started_at, now_ms())
    WHERE id = (
        SELECT id FROM jobs WHERE (state = 'queued' OR (state = 'running' AND leased_until < now_ms()))
            AND kind = ANY(:kinds)
        ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id::text, branch, request, total, attempts, error, kind, client, now_ms() - created_at AS age_ms
""")
OURS = "SELECT 1 FROM jobs WHERE id = :id AND lease = :lease AND state = 'running' FOR {}"
HOLD, SHARE = text(OURS.format("NO KEY UPDATE")), text(OURS.format("KEY SHARE"))
"""Locks: held at the end of what a runner writes; shared while items are added, which no ``TAKE`` passes."""
OPEN = text("SELECT place, customer_id FROM job_items WHERE job_id = :id AND rows IS NULL ORDER BY place LIMIT :limit")
WRITE = text("UPDATE job_items SET rows = cast(:rows AS jsonb) WHERE job_id = :job AND place = :place")
ADVANCE = text("""
    UPDATE jobs SET done = done + :done, failed = failed + :failed, attempts = 0, leased_until = now_ms() + :lease_ms
    WHERE id = :id
""")
PROGRESS = text("UPDATE jobs SET done = :done, total = :total, leased_until = now_ms() + :lease_ms WHERE id = :id")
FINISH = text("""
    UPDATE jobs SET state = :state, error = :error, outcome = cast(:outcome AS jsonb), finished_at = now_ms(),
        lease = NULL, leased_until = NULL, request = request - 'documents'
    WHERE id = :id RETURNING branch, kind
""")
RELEASE = text("""
    UPDATE jobs SET state = 'queued', lease = NULL, leased_until = NULL, attempts = attempts - 1
    WHERE id = :id AND lease = :lease AND state = 'running'
""")
PUT_OFF = text("""
    UPDATE jobs SET lease = NULL, leased_until = now_ms() + :pause_ms, error = :error
    WHERE id = :id AND lease = :lease AND state = 'running'
""")
RESULTS = text("""
    SELECT place, rows, job_items.customer_id, cast(:branch AS text) IS NULL OR customers.id IS NULL
        OR coalesce(attributes ->> 'branch_id' = :branch, false) AS reached,
        (rows -> 0 ->> 'personalised') IS DISTINCT FROM 'false' AND EXISTS (SELECT FROM (
            SELECT DISTINCT ON (purpose) granted, at FROM consents
            WHERE consents.customer_id = job_items.customer_id
                AND (purpose = 'personalisation' OR starts_with(purpose, 'label:'))
            ORDER BY purpose, at DESC, seq DESC) AS newest
        WHERE NOT granted AND at > extract(epoch FROM cast(rows -> 0 ->> 'decided_at' AS timestamptz)) * 1000
        ) AS refused
    FROM job_items LEFT JOIN customers ON customers.id = job_items.customer_id
    WHERE job_id = :id AND place > :after ORDER BY place LIMIT :limit
""")

REFUSED = "The customer withdrew personalisation or dropped a label after this was decided: ask again."
"""The problem of a row whose decision read what its customer has refused since."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as stored; ``total`` is None until its customers are counted. Instants in ms UTC."""

    id: str
    client: str
    branch: str | None
    request: Mapping[str, Any]
    state: str
    total: int | None
    done: int
    failed: int
    error: str | None
    created_at: int
    started_at: int | None
    finished_at: int | None
    kind: str = OFFERS
    outcome: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AllCustomers:
    """All customers of a branch, or of the bank (None), as they are when the job begins."""

    branch: str | None = None


@dataclass(frozen=True, slots=True)
class CustomersByKey:
    """Customers by external key, in that order, each with the customer id; None where no customer has the key."""

    ids: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class LeasedJob:
    """A job under this runner's lease."""

    id: str
    lease: str
    lease_ms: int
    branch: str | None
    request: Mapping[str, Any]
    counted: bool
    kind: str = OFFERS
    client: str = ""
    attempts: int = 1
    age_ms: int = 0


@dataclass(frozen=True, slots=True)
class JobPart:
    """Some items' results: place -> rows, how many of them are errors, and the decisions to store."""

    rows: Mapping[int, Sequence[Mapping[str, object]]]
    failed: int
    decisions: Sequence[Mapping[str, object]]


class LeaseLost(Conflict):
    """The job was cancelled, or another runner took it up; nothing was written."""


class JobQueue:
    """The job queue of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        client: str,
        branch: str | None,
        request: Mapping[str, object],
        whom: Sequence[str] | AllCustomers | CustomersByKey,
    ) -> Job:
        """Queue a job over those customers, or over all of a branch or the bank.

        An external key that no customer has is answered at once.

        Raises:
            TooMany: the client has as many jobs waiting or running as it may.
        """
        job_id = str(uuid.uuid4())
        names = [one or NOBODY for one in whom.ids.values()] if isinstance(whom, CustomersByKey) else whom
        customers = None if isinstance(names, AllCustomers) else list(names)
        asked = dict(request) | ({EVERYBODY_OF: whom.branch} if isinstance(whom, AllCustomers) else {})
        values = {
            "id": job_id,
            "client": client,
            "branch": branch,
            "total": customers and len(customers),
            "kind": OFFERS,
        }
        with self._database.begin(PATIENCE_S) as connection:
            _expect_room(connection, client, OFFERS)
            connection.execute(ADD, values | {"request": texts.document("request", asked).decode()})
            if customers:
                hold_customers(connection, customers)
                connection.execute(ITEMS, {"job": job_id, "names": customers})
            if isinstance(whom, CustomersByKey):
                _answer_nobody(connection, job_id, whom)
            return _one(connection, job_id)

    def add_whole(self, kind: str, client: str, branch: str | None, request: Mapping[str, object]) -> Job:
        """Queue a job that names no customers, for a branch or the bank.

        Raises:
            TooMany: the client has as many jobs waiting or running as it may.
        """
        job_id = str(uuid.uuid4())
        values = {"id": job_id, "client": client, "branch": branch, "total": None, "kind": kind}
        with self._database.begin(PATIENCE_S) as connection:
            _expect_room(connection, client, kind)
            connection.execute(ADD, values | {"request": texts.document("request", request).decode()})
            return _one(connection, job_id)

    def read(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFound: when there is no such job.
        """
        with self._database.begin() as connection:
            return _one(connection, job_id)

    def list_jobs(self, branch: str | None, limit: int) -> list[Job]:
        """The newest jobs of the CRM first, of one branch or of all."""
        with self._database.begin() as connection:
            mine = true() if branch is None else jobs.c.branch == branch
            newest = (
                select(*SHOWN)
                .where(mine, jobs.c.kind.in_(CRM))
                .order_by(jobs.c.created_at.desc(), jobs.c.id)
                .limit(limit)
            )
            return [Job(*row) for row in connection.execute(newest)]

    def cancel(self, job_id: str) -> Job:
        """End a job that waits or runs; cancelling it again changes nothing. What a runner writes at that moment is
        rolled back.

        Raises:
            NotFound: there is no such job.
            Conflict: it is done or failed.
        """
        with self._database.begin(CANCEL_S) as connection:
            connection.execute(text("SELECT 1 FROM jobs WHERE id = :id FOR NO KEY UPDATE"), {"id": _uuid(job_id)})
            job = _one(connection, job_id)
            if job.state in ("done", "failed"):
                raise Conflict(f"Job {job_id} is {job.state} already.")
            if job.state != "cancelled":
                _ended(connection, job_id, "cancelled", None)
            return _one(connection, job_id)

    def take(self, lease_ms: int, kinds: Sequence[str] = CRM) -> LeasedJob | None:
        """Lease the oldest job that waits or whose lease of ``lease_ms`` ran out; None where there is none."""
        lease = str(uuid.uuid4())
        with self._database.begin(PATIENCE_S) as connection:
            row = connection.execute(TAKE, {"lease": lease, "lease_ms": lease_ms, "kinds": list(kinds)}).first()
            if row is None:
                return None
            counted = row.total is not None or row.kind != OFFERS
            taken = LeasedJob(row.id, lease, lease_ms, row.branch, row.request, counted,
                          row.kind, row.client, row.attempts, row.age_ms)  # fmt: skip
            if row.attempts > ATTEMPTS:
                error = f"Given up: nobody got on with it in {ATTEMPTS} attempts. {row.error or ''}".strip()
                _ended(connection, row.id, "failed", error)
                return None
        return taken if taken.counted or self._laid_out(taken) else None

    def _laid_out(self, taken: LeasedJob) -> bool:
        """Add the items of a job over all customers; False where it was cancelled meanwhile."""
        with contextlib.suppress(LeaseLost), self._database.begin(PATIENCE_S) as connection:
            _hold(connection, taken, SHARE)
            _count(connection, taken)
            return True
        return False

    def open_items(self, taken: LeasedJob, limit: int) -> list[tuple[int, str]]:
        """The next items without a result: place and customer."""
        with self._database.begin(PATIENCE_S) as connection:
            rows = connection.execute(OPEN, {"id": taken.id, "limit": limit})
            return [(row.place, row.customer_id) for row in rows]

    def keep(self, taken: LeasedJob, part: JobPart) -> None:
        """Store a part's results and decisions, once, and renew the lease.

        Raises:
            LeaseLost: when the job is no longer this runner's; nothing is stored.
        """
        with self._database.begin(PATIENCE_S) as connection:
            decisions.insert_many(connection, part.decisions)
            rows = [{"job": taken.id, "place": place, "rows": orjson.dumps(told).decode()}
                    for place, told in part.rows.items()]  # fmt: skip
            connection.execute(WRITE, rows)
            _hold(connection, taken)
            counts = {"done": len(part.rows), "failed": part.failed, "id": taken.id, "lease_ms": taken.lease_ms}
            connection.execute(ADVANCE, counts)

    def advance(self, taken: LeasedJob, done: int, total: int) -> None:
        """Store how far a build is, and renew the lease.

        Raises:
            LeaseLost: when the job is no longer this runner's.
        """
        with self._database.begin(PATIENCE_S) as connection:
            _hold(connection, taken)
            connection.execute(PROGRESS, {"done": done, "total": total, "lease_ms": taken.lease_ms, "id": taken.id})

    def finish(self, taken: LeasedJob, error: str | None = None, outcome: Mapping[str, object] | None = None) -> None:
        """End the job: done with its ``outcome``, or failed with ``error``.

        Raises:
            LeaseLost: when the job is no longer this runner's.
        """
        with self._database.begin(PATIENCE_S) as connection:
            end(connection, taken, error, outcome)

    def put_off(self, taken: LeasedJob, pause_ms: int, error: str) -> None:
        """Leave the job alone for a while after its runner failed at it; then another runner takes it up."""
        with self._database.begin(PATIENCE_S) as connection:
            words = {"id": taken.id, "lease": taken.lease, "pause_ms": pause_ms, "error": error}
            connection.execute(PUT_OFF, words)

    def release(self, taken: LeasedJob) -> None:
        """Return the job to the queue; the next runner continues where this one stopped."""
        with self._database.begin(PATIENCE_S) as connection:
            connection.execute(RELEASE, {"id": taken.id, "lease": taken.lease})

    def results(self, job_id: str, branch: str | None = None) -> Iterator[Mapping[str, Any]]:
        """The rows of a job, in the order of its items; a customer of another branch is answered as unknown.

        Of a customer who withdrew personalisation or dropped a label after the decision, nothing of it is handed out.
        """
        after, words = 0, {"id": job_id, "limit": PAGE, "branch": branch}
        while True:
            with self._database.begin(PATIENCE_S) as connection:
                found = connection.execute(RESULTS, words | {"after": after}).all()
            yield from _rows(_readable(row) for row in found)
            if len(found) < PAGE:
                return
            after = found[-1].place


def end(
    connection: Connection, taken: LeasedJob, error: str | None = None, outcome: Mapping[str, object] | None = None
) -> None:
    """End the job within the caller's transaction, done or failed.

    Raises:
        LeaseLost: when the job is no longer this runner's.
    """
    _hold(connection, taken)
    _ended(connection, taken.id, "done" if error is None else "failed", error, outcome)


def _rows(items: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for rows in items:
        yield from rows or ()


def _readable(row: Any) -> list[dict[str, object]]:
    """One customer's rows as they may be read now."""
    if not row.reached:
        return [_stranger(row.customer_id)]
    if not row.refused:
        return list(row.rows or ())
    named = {name: row.rows[0].get(name) for name in ("customer_id", "external_key")}
    return [{**named, "status": Conflict.status, "problem": REFUSED}]


def _stranger(customer_id: str) -> dict[str, object]:
    """The row of another branch's customer: answered as an unknown one."""
    problem = no_customer(customer_id)
    return {"customer_id": customer_id, "external_key": None, "status": problem.status, "problem": problem.message}


def _expect_room(connection: Connection, client: str, kind: str) -> None:
    """Raise TooMany where the client has as many jobs as it may; its other requests wait until this one is queued."""
    kinds, most, instead = (CRM, MOST, "wait, or cancel some") if kind in CRM else (POLICIES, MOST_OF_POLICIES, "wait")
    waiting = row_limits.count(
        connection, jobs, client, jobs.c.kind.in_(kinds), jobs.c.state.in_(("queued", "running"))
    )
    if waiting >= most:
        raise TooMany(
            f"{waiting} jobs of this client wait or are under way, and it may have {most}: {instead}.", RETRY_S
        )


def _ended(
    connection: Connection, job_id: str, state: str, error: str | None, outcome: Mapping[str, object] | None = None
) -> None:
    """End a job, and write the change of a CRM job to the feed."""
    told = None if outcome is None else orjson.dumps(outcome).decode()
    row = connection.execute(FINISH, {"id": job_id, "state": state, "error": error, "outcome": told}).one()
    if row.kind in CRM:
        feed.note(connection, "job.ended", job_id, {"job_id": job_id, "state": state}, branch=row.branch)


def _hold(connection: Connection, taken: LeasedJob, how: TextClause = HOLD) -> None:
    if connection.execute(how, {"id": taken.id, "lease": taken.lease}).first() is None:
        raise LeaseLost(f"Job {taken.id} is no longer this runner's.")


def _count(connection: Connection, taken: LeasedJob) -> None:
    """Add the items of a job over all customers, once."""
    branch = taken.branch or taken.request.get(EVERYBODY_OF)
    total = connection.execute(EVERYBODY, {"job": taken.id, "branch": branch}).rowcount
    connection.execute(text("UPDATE jobs SET total = :total WHERE id = :id"), {"total": total, "id": taken.id})


def _one(connection: Connection, job_id: str) -> Job:
    row = connection.execute(select(*SHOWN).where(jobs.c.id == _uuid(job_id))).first()
    if row is None:
        raise NotFound(f'No job "{job_id[:40]}".')
    return Job(*row)


def _answer_nobody(connection: Connection, job_id: str, whom: CustomersByKey) -> None:
    """Write the results of the external keys that no customer has."""
    rows = [
        {"job": job_id, "place": place, "rows": orjson.dumps([_nobody(key)]).decode()}
        for place, (key, one) in enumerate(whom.ids.items(), 1)
        if one is None
    ]
    if rows:
        connection.execute(WRITE, rows)
        connection.execute(ADVANCE, {"id": job_id, "done": len(rows), "failed": len(rows), "lease_ms": 0})


def _nobody(external_key: str) -> dict[str, object]:
    problem = no_customer_of(external_key)
    return {"external_key": external_key, "status": problem.status, "problem": problem.message}


def _uuid(job_id: str) -> str:
    try:
        return str(uuid.UUID(job_id))
    except ValueError:
        raise NotFound(f'No job "{job_id[:40]}".') from None
