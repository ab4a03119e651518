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
from service.store.customers.consents import Permissions
from service.store.customers.known import Known
from service.store.customers.merging import CustomerFile
from service.store.customers.origins import Origin
from service.store.customers.repository import Entry, Register, Stored, Wanted
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
from service.store.outbox.feed import Changes
from service.store.outbox.jobs import Jobs
from service.store.outbox.webhooks import Webhooks
from service.store.releases.challengers import Challenger, Challengers
from service.store.releases.office import Office
from service.store.releases.proposals import Proposal, Proposals
from service.store.security.access_log import Views
from service.store.security.audit import Head, Verdict
from service.store.security.clients import Key
from service.store.security.idempotency import Repeats
from service.store.security.sealing import Seal
from service.store.security.signing_keys import SigningKeys

__all__ = [
    "Challenger",
    "Challengers",
    "ConsentRow",
    "CustomerFile",
    "CustomerRow",
    "Entry",
    "Forget",
    "Head",
    "Key",
    "Origin",
    "Outcome",
    "Proposal",
    "Proposals",
    "Record",
    "Register",
    "Repeats",
    "Store",
    "Stored",
    "Verdict",
    "Views",
    "Wanted",
    "Word",
    "Words",
    "new_decision_id",
    "nobody_told",
]


class Store(Asked, Known, Learned, Office):
    """The store behind one PostgreSQL ``url``; ``deadline_ms`` bounds every wait for an answer.

    ``proposals`` is the release desk (propose, approve, roll back), ``permissions`` what customers permit,
    ``challengers`` what is on trial, ``views`` whom a branch's clients looked at, ``signing`` the keys of offer tokens,
    ``repeats`` the answers kept for requests that are sent again, ``register`` the customers one by one, ``jobs`` the
    queue, ``changes`` the feed, ``leads`` those of the advisers, ``webhooks`` who listens, ``deliveries`` what is
    sent to them, ``backlog`` how much of all that waits, ``visitors`` what happened on devices of nobody known,
    ``trails`` what decisions read of events, ``contacts`` those reserved and made, ``secrets`` what is sealed with
    ``secret_keys`` (``sealing``).
    """

    def __init__(self, url: str, deadline_ms: int = 500, secret_keys: Sequence[str] = ()) -> None:
        self.url = url
        self._database, seal = Database(url, deadline_ms), Seal(secret_keys)
        self.proposals, self.permissions = Proposals(self._database), Permissions(self._database)
        self.challengers, self.views = Challengers(self._database), Views(self._database)
        self.signing, self.repeats = SigningKeys(self._database, seal), Repeats(self._database, seal)
        self.register, self.jobs = Register(self._database, seal), Jobs(self._database)
        self.changes, self.leads = Changes(self._database), Leads(self._database)
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
