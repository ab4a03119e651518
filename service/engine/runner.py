"""The runner: work outside of requests, in processes of its own (``fourcast work``), any number of them.

Each line of work is a step that returns whether there may be more to do, repeated by a thread of its own. A line rests
when there was nothing to do, and when a server it needs is unavailable. Unfinished work is in PostgreSQL, so a runner
may be killed at any time: its leases expire and another runner goes on. When stopped, each line ends its present step
and releases its leases. An unforeseen failure is logged, counted and backed off (``runner_failures``), in its own unit
(a job, a lead, a delivery) or else in its line; other lines are not affected.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

from service.core.errors import Unavailable
from service.engine.auth.audit_anchors import AuditAnchors
from service.engine.crm import Crm
from service.engine.drift import DriftService
from service.engine.offers.visitors import VisitorService
from service.engine.releases.fairness.measuring import FairnessService
from service.engine.releases.models.model_inventory import ModelInventory
from service.engine.releases.policy_jobs import PolicyJobs
from service.engine.rights.objections import ObjectionService
from service.engine.runner_failures import Failures

LOG = logging.getLogger("fourcast.work")

Step = Callable[[], bool]
"""One step of work; returns True where there may be more at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of work, and the seconds for which it rests when there is nothing to do."""

    name: str
    step: Step
    rest_s: float


class Runner:
    """All lines of work of one process."""

    def __init__(
        self,
        crm: Crm,
        drift: DriftService,
        visitors: VisitorService,
        policy_jobs: PolicyJobs,
        objections: ObjectionService,
        anchors: AuditAnchors,
        fairness: FairnessService,
        inventory: ModelInventory,
    ) -> None:
        self._stop = threading.Event()
        self._sender = crm.sender
        self._lines: tuple[Line, ...] = (
            Line("jobs", lambda: crm.jobs.work(self._stop.is_set), 0.5),
            Line("policies", lambda: policy_jobs.work(self._stop.is_set), 0.5),
            Line("leads", crm.leads.sweep, 1.0),
            Line("webhooks", crm.sender.step, 0.5),
            Line("backlog", crm.measure, 15.0),
            Line("trails", crm.trail, 3_600.0),
            Line("pruning", crm.prune, 3_600.0),
            Line("visitors", visitors.prune, 3_600.0),
            Line("drift", drift.watch, 900.0),
            Line("objections", objections.measure, 60.0),
            Line("objection_records", objections.prune, 3_600.0),
            Line("anchors", anchors.watch, 3_600.0),
            Line("fairness", fairness.watch, 86_400.0),
            Line("inventory", inventory.watch, 3_600.0),
        )

    def stop(self) -> None:
        """Stop after the present steps."""
        self._stop.set()

    def run(self) -> None:
        """Work until stopped; raises whatever ends a line, which no failure of its work does."""
        with ThreadPoolExecutor(len(self._lines), "work") as pool:
            lines = [pool.submit(self._follow, line) for line in self._lines]
            wait(lines, return_when=FIRST_EXCEPTION)
            self._stop.set()
        self._sender.close()
        _raise(line.exception() for line in lines)

    def _follow(self, line: Line) -> None:
        failures = Failures(line.name)
        while not self._stop.is_set():
            try:
                busy = failures.attempt(line.name, line.step)
            except Unavailable as away:
                LOG.warning("waiting", extra={"line": line.name, "problem": away.message})
                busy = False
            if not busy:
                self._stop.wait(max(line.rest_s, failures.pause_s(line.name)))


def _raise(failures: Iterable[BaseException | None]) -> None:
    for failure in failures:
        if failure is not None:
            raise failure
