"""Services for a bank's CRM, each with one subject.

    customers    customers: stored, amended, read, erased, checked by the policy's attribute table
    assessments  risk assessments: which client may write them, and what the audit log says of each write
    bulk         lists of up to 200 customers, decided in one call
    jobs         lists of any length, decided in parts by the runner
    leads        leads for advisers: built, worked, described
    webhooks     webhook deliveries: sent until they arrive or are given up
    row_files    rows as CSV, JSON Lines and Parquet files

Rows are stored by ``store``, gates are in ``decision``, access is checked by ``routes.http.guard``.
"""

from service.core.clock import Clock
from service.engine.crm.bulk import Bulk
from service.engine.crm.customers import Customers
from service.engine.crm.jobs import Jobs
from service.engine.crm.leads.adviser_brief import AdviserBrief
from service.engine.crm.leads.attestation import Attestations
from service.engine.crm.leads.customer_facts import LeadFactReader
from service.engine.crm.leads.leads import Leads
from service.engine.crm.webhooks.webhooks import Sender
from service.engine.explain import ExplanationService
from service.engine.metrics import note_waiting
from service.engine.offers.answer_cache import AnswerCache
from service.engine.releases.active_release import ReleaseFollower
from service.rendering.answer import Sign
from service.runtime.config import Settings
from service.store import Store


class Crm:
    """The CRM services of one process."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        releases: ReleaseFollower,
        answers: AnswerCache,
        explanations: ExplanationService,
        sign: Sign,
        clock: Clock,
    ) -> None:
        self._store = store
        self.customers = Customers(store, releases, answers, clock)
        self.bulk = Bulk(store, releases, answers, sign, clock)
        self.attestations = Attestations(store, releases, clock)
        self.leads = Leads(store, releases, answers, clock)
        self.briefs = AdviserBrief(store, releases, explanations, clock)
        self.lead_facts = LeadFactReader(store, releases, clock)
        self.sender = Sender(store, settings.webhook_loopback == "on", clock=clock)
        self.jobs = Jobs(store, self.bulk, self.leads.build, settings.job_lease_seconds)

    def measure(self) -> bool:
        """Show Prometheus what waits; returns False: no more work at once."""
        for queue, waiting in self._store.backlog.measure().items():
            note_waiting(queue, waiting.items, waiting.oldest_s)
        return False

    def trail(self) -> bool:
        """Build missing trails of stored customers; True where there may be more."""
        return self._store.trails.make()

    def prune(self) -> bool:
        """Delete changes and deliveries older than 30 days; returns False: no more work at once."""
        self._store.deliveries.prune()
        self._store.feed.prune()
        return False
