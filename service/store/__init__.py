"""PostgreSQL: the truth about customers, consents, events, decisions, releases, clients, and the audit log.

``Store`` has one attribute per noun; each of its methods is one transaction or one prepared statement. A method either
returns, and then what it wrote is durable, or raises: ``Unavailable`` within the deadline when the server fails (the
caller may try again: every write can be repeated), ``NotFound``, ``Conflict``, ``InvalidInput``. Reconnects by itself;
usable from any thread; a fork opens its own connections. Not here: the cache; what the attributes mean.

    schema       tables as SQLAlchemy names them
    migrations   Alembic scripts from one schema to the next, forward and back
    connection   connections, deadlines, breaker, prepared statements
    revisions    customers' revisions and the cache generation: what every change must raise
    security     clients, audit log, idempotency keys, secrets
    feed         the feed of changes
    customers    customers and consents: stored, loaded from files, read as snapshots, erased
    events       events, trails, contacts, visitors
    decisions    decisions, and what came of them
    releases     policies, bundles, releases, proposals, challengers
    outbox       jobs, webhooks, deliveries
    leads        leads and advisers
    maintenance  migrations, partitions, inspection, secrets of the whole database
"""

from collections.abc import Sequence

from service.core.clock import Clock, now_ms
from service.core.errors import Unavailable
from service.store.connection.database import Database
from service.store.customers.attribute_sources import Origin
from service.store.customers.consents import ConsentLedger, ConsentWords
from service.store.customers.copy import CopyRepository
from service.store.customers.file_import.consents import ConsentRow, ConsentWord
from service.store.customers.file_import.load import CustomerRow
from service.store.customers.file_import.merge import CustomerFile
from service.store.customers.objections import ObjectionRepository
from service.store.customers.repository import CustomerChange, CustomerRepository, Loaded, StoredCustomer, WriteResult
from service.store.decisions.decisions import DecisionRepository, Record, new_decision_id
from service.store.decisions.outcomes import CustomerHistory, LabelledDecision, OutcomeRepository
from service.store.events.contacts import ContactRepository
from service.store.events.events import EventRepository
from service.store.events.trails import TrailRepository
from service.store.events.visitors import VisitorRepository
from service.store.feed import ChangeFeed
from service.store.leads import AttestationRepository, LeadRepository
from service.store.maintenance import migrate, partitions
from service.store.maintenance.secrets import Secrets
from service.store.outbox.backlog import Backlog
from service.store.outbox.deliveries import DeliveryQueue
from service.store.outbox.jobs import JobQueue
from service.store.outbox.webhooks import WebhookRepository
from service.store.releases.challengers import Challenger, ChallengerRepository
from service.store.releases.fairness_overrides import FairnessOverride, FairnessOverrideRepository
from service.store.releases.mandates import Mandate, MandateRepository
from service.store.releases.model_stops import ModelStop, ModelStopRepository
from service.store.releases.person_names import PersonNameRepository
from service.store.releases.policy_names import PolicyNames
from service.store.releases.proposals import Proposal, ProposalRepository
from service.store.releases.releases import ReleaseRepository
from service.store.releases.signatures import Review, Signature, SignatureRepository
from service.store.releases.withdrawals import Withdrawal, WithdrawalRepository
from service.store.revisions import Forget, without_cache
from service.store.security.access_log import AccessLog
from service.store.security.audit import AuditLog, ChainVerdict, Head
from service.store.security.clients import ClientKey, ClientRepository
from service.store.security.idempotency import IdempotencyStore
from service.store.security.sealing import Seal
from service.store.security.signing_keys import SigningKeyRepository

__all__ = [
    "AccessLog",
    "ChainVerdict",
    "Challenger",
    "ChallengerRepository",
    "ClientKey",
    "ConsentRow",
    "ConsentWord",
    "ConsentWords",
    "CustomerChange",
    "CustomerFile",
    "CustomerHistory",
    "CustomerRepository",
    "CustomerRow",
    "FairnessOverride",
    "Forget",
    "Head",
    "IdempotencyStore",
    "LabelledDecision",
    "Loaded",
    "Mandate",
    "ModelStop",
    "Origin",
    "PolicyNames",
    "Proposal",
    "ProposalRepository",
    "Record",
    "Review",
    "Signature",
    "Store",
    "StoredCustomer",
    "Withdrawal",
    "WriteResult",
    "new_decision_id",
    "without_cache",
]


class Store:
    """The store behind one PostgreSQL ``url``; ``deadline_ms`` bounds every wait for an answer.

    One attribute per noun: ``customers``, ``consents`` (the ledger), ``copies`` (of all about a customer),
    ``objections``, ``events``, ``contacts``, ``trails``, ``visitors``, ``decisions``, ``outcomes`` (what came of
    decisions), ``releases``, ``proposals``, ``signatures`` (of compliance), ``withdrawals`` (of policies),
    ``challengers``, ``fairness_overrides``, ``mandates`` (who may act as whom), ``person_names`` (which names are
    one person), ``model_stops``, ``clients``, ``audit`` (the log), ``access_log`` (whom a branch's clients looked
    at, who read explanations), ``signing_keys`` (of offer tokens), ``idempotency`` (the stored answers of repeated
    requests), ``jobs``, ``leads``, ``attestations`` (of advisers), ``feed`` (of changes), ``webhooks``,
    ``deliveries`` (to webhooks), ``backlog`` (how much of all that waits), ``secrets`` (sealed with
    ``secret_keys``).
    """

    def __init__(
        self, url: str, deadline_ms: int = 500, secret_keys: Sequence[str] = (), clock: Clock = now_ms
    ) -> None:
        self.url = url
        self._database = database = Database(url, deadline_ms, clock)
        seal = Seal(secret_keys)
        self.customers, self.consents = CustomerRepository(database, seal), ConsentLedger(database)
        self.copies, self.objections = CopyRepository(database), ObjectionRepository(database)
        self.events, self.contacts = EventRepository(database), ContactRepository(database)
        self.trails, self.visitors = TrailRepository(database), VisitorRepository(database)
        self.decisions, self.outcomes = DecisionRepository(database), OutcomeRepository(database)
        self.releases, self.proposals = ReleaseRepository(database), ProposalRepository(database)
        self.challengers, self.mandates = ChallengerRepository(database), MandateRepository(database)
        self.model_stops, self.person_names = ModelStopRepository(database), PersonNameRepository(database)
        self.signatures, self.withdrawals = SignatureRepository(database), WithdrawalRepository(database)
        self.fairness_overrides = FairnessOverrideRepository(database, clock)
        self.clients, self.signing_keys = ClientRepository(database), SigningKeyRepository(database, seal)
        self.audit, self.access_log = AuditLog(database), AccessLog(database)
        self.idempotency = IdempotencyStore(database, seal)
        self.jobs, self.leads, self.backlog = JobQueue(database), LeadRepository(database), Backlog(database)
        self.attestations, self.feed = AttestationRepository(database), ChangeFeed(database)
        self.webhooks, self.deliveries = WebhookRepository(database, seal), DeliveryQueue(database, seal)
        self.secrets = Secrets(database, seal)

    def ready(self) -> bool:
        """Whether the database answers and has its tables."""
        try:
            self.releases.active()
        except Unavailable:
            return False
        return True

    def migrate(self, to: str = "head") -> None:
        """Bring the schema to this version (or ``to``) and make the partitions ahead; safe from several processes."""
        migrate.migrate(self._database, to)
        if to == "head":
            self.ensure_partitions()

    def ensure_partitions(self, months: int = 3) -> list[str]:
        """Make the partitions of the months ahead; returns the names of the new ones."""
        return partitions.ensure_partitions(self._database, self._database.clock(), months)

    def close(self) -> None:
        """Close this thread's connections and the pool."""
        self._database.close()
