"""What a bank's CRM works with, as parts of the engine, each with one subject.

    customers    stored by id or external key, judged by the policy's attribute table, read, erased
    bulk         up to 200 customers decided in one call, by the same code as one
    jobs         any number of customers, in parts, by the runner (``service.engine.runner``)
    leads        whom an adviser should call, and what becomes of it: built, worked, told in words
    webhooks     what changed, sent to those who asked
    assessments  who may write a risk assessment, and what the audit log says of it
    row_files    rows as CSV, JSON Lines, Parquet

Not here: the rows (``store``), the gates (``decision``), who may ask (``routes.http.guard``).
"""

from service.core.clock import Clock
from service.engine.crm.bulk import Bulk
from service.engine.crm.customers import Customers
from service.engine.crm.jobs import Jobs
from service.engine.crm.leads.adviser_brief import AdviserBrief
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
    """The CRM's desk of one process."""

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
        self.leads, self.briefs = Leads(store, releases, answers, clock), AdviserBrief(store, releases, explanations)
        self.lead_facts = LeadFactReader(store, releases, clock)
        self.sender = Sender(store, settings.webhook_loopback == "on", clock=clock)
        self.jobs = Jobs(store, self.bulk, self.leads.build, settings.job_lease_seconds)

    def measure(self) -> bool:
        """Show Prometheus what waits; False: there is nothing more to do at once."""
        for queue, waiting in self._store.backlog.measure().items():
            note_waiting(queue, waiting.items, waiting.oldest_s)
        return False

    def trail(self) -> bool:
        """Make the trails of customers stored before there were any; True where there may be more."""
        return self._store.trails.make()

    def prune(self) -> bool:
        """Forget changes and deliveries of more than 30 days ago; False: there is nothing more to do at once."""
        self._store.deliveries.prune()
        self._store.feed.prune()
        return False
