"""PostgreSQL: the truth about customers, consents, events, decisions, releases, clients, and the audit log.

``Store`` is the whole room: each method is one transaction or one prepared statement. A method either returns, and then
what it wrote is durable, or raises: ``Unavailable`` within the deadline when the server fails (the caller may try
again: every write can be repeated), ``NotFound``, ``Conflict``, ``InvalidInput``. Reconnects by itself; usable from any
thread; a fork opens its own connections. Not here: the cache; what the attributes mean.

    connection   its address, connections, deadlines and breaker, and the statements prepared on it
    customers    stored, merged with a bank's files, read in one round trip, erased
    decisions    decisions as stored, and what came of them
    events       events, each exactly once, and the trails, contacts and visitors that decisions count
    leads        made, judged again, claimed, worked and credited
    maintenance  the database as a whole
    migrations   the way from one schema to the next, forward and back, as Alembic scripts in plain PostgreSQL
    outbox       what the service does or sends later
    releases     policies, bundles and releases
    schema       the tables as SQLAlchemy names them
    security     who may ask, what was done, and what must not be read
"""

import time
from collections.abc import Sequence

from service.store.connection.database import Database
from service.store.customers.asked import Asked
from service.store.customers.consent_file import ConsentRow, Word
from service.store.customers.consents import ConsentLedger
from service.store.customers.known import Known
from service.store.customers.merging import CustomerFile
from service.store.customers.origins import Origin
from service.store.customers.repository import CustomerRepository, Entry, Stored, Wanted
from service.store.customers.writes import Forget, Words, nobody_told
from service.store.decisions.decisions import Record, new_decision_id
from service.store.decisions.labelled import Outcome
from service.store.decisions.learned import Learned
from service.store.events.contacts import Contacts
from service.store.events.trails import Trails
from service.store.events.visitors import Visitors
from service.store.leads import Leads
from service.store.maintenance import migrate, partitions
from service.store.maintenance.copy import CustomerRow
from service.store.maintenance.secrets import Secrets
from service.store.outbox.backlog import Backlog
from service.store.outbox.deliveries import Deliveries
from service.store.outbox.feed import ChangeFeed
from service.store.outbox.jobs import Jobs
from service.store.outbox.webhooks import Webhooks
from service.store.releases.challengers import Challenger, Challengers
from service.store.releases.office import Office
from service.store.releases.proposals import Proposal, Proposals
from service.store.security.access_log import AccessLog
from service.store.security.audit import Head, Verdict
from service.store.security.clients import Key
from service.store.security.idempotency import IdempotencyStore
from service.store.security.sealing import Seal
from service.store.security.signing_keys import SigningKeys

__all__ = [
    "AccessLog",
    "Challenger",
    "Challengers",
    "ConsentRow",
    "CustomerFile",
    "CustomerRepository",
    "CustomerRow",
    "Entry",
    "Forget",
    "Head",
    "IdempotencyStore",
    "Key",
    "Origin",
    "Outcome",
    "Proposal",
    "Proposals",
    "Record",
    "Store",
    "Stored",
    "Verdict",
    "Wanted",
    "Word",
    "Words",
    "new_decision_id",
    "nobody_told",
]


class Store(Asked, Known, Learned, Office):
    """The store behind one PostgreSQL ``url``; ``deadline_ms`` bounds every wait for an answer.

    One attribute per noun: ``customers``, ``consents`` (the ledger), ``contacts``, ``trails``, ``visitors``,
    ``proposals``, ``challengers``, ``access_log`` (whom a branch's clients looked at), ``signing_keys`` (of offer
    tokens), ``idempotency`` (the stored answers of repeated requests), ``jobs``, ``feed`` (of changes), ``leads``,
    ``webhooks``, ``deliveries`` (to webhooks), ``backlog`` (how much of all that waits), ``secrets`` (sealed with
    ``secret_keys``).
    """

    def __init__(self, url: str, deadline_ms: int = 500, secret_keys: Sequence[str] = ()) -> None:
        self.url = url
        self._database, seal = Database(url, deadline_ms), Seal(secret_keys)
        self.proposals, self.consents = Proposals(self._database), ConsentLedger(self._database)
        self.challengers, self.access_log = Challengers(self._database), AccessLog(self._database)
        self.signing_keys, self.idempotency = SigningKeys(self._database, seal), IdempotencyStore(self._database, seal)
        self.customers, self.jobs = CustomerRepository(self._database, seal), Jobs(self._database)
        self.feed, self.leads = ChangeFeed(self._database), Leads(self._database)
        self.webhooks, self.deliveries = Webhooks(self._database, seal), Deliveries(self._database, seal)
        self.secrets = Secrets(self._database, seal)
        self.backlog, self.visitors = Backlog(self._database), Visitors(self._database)
        self.trails, self.contacts = Trails(self._database), Contacts(self._database)

    def migrate(self, to: str = "head") -> None:
        """Bring the schema to this version (or ``to``) and make the partitions ahead; safe from several processes."""
        migrate.migrate(self._database, to)
        if to == "head":
            self.ensure_partitions()

    def ensure_partitions(self, months: int = 3) -> list[str]:
        """Make the partitions of the months ahead; returns the names of the new ones."""
        return partitions.ensure_partitions(self._database, time.time_ns() // 1_000_000, months)

    def close(self) -> None:
        """Close this thread's connections and the pool."""
        self._database.close()
