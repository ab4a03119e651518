"""The runner: what is done beside the requests, by a process of its own (``fourcast work``), any number of them.

Each line of work is a step that says whether there was something to do, repeated by a thread of its own; a line rests
when there was nothing, and when a server it needs is away. What is left undone is in PostgreSQL, so a runner may be
killed at any moment: its leases run out and another goes on. Told to stop, each line ends its present step and gives
back what it holds. What fails unforeseen is logged, counted and left alone for a while (``runner_failures``): first in
its own unit (a job, a lead, a delivery), else in its line; the other lines never hear of it.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

from service.core.errors import Unavailable
from service.engine.crm import Crm
from service.engine.drift import DriftService
from service.engine.offers.visitors import VisitorService
from service.engine.releases.policy_jobs import PolicyJobs
from service.engine.runner_failures import Failures

LOG = logging.getLogger("fourcast.work")

Step = Callable[[], bool]
"""One step of work: True where there may be more at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of work and how long it rests when there is nothing to do, seconds."""

    name: str
    step: Step
    rest_s: float


class Runner:
    """All lines of work of one process."""

    def __init__(self, crm: Crm, drift: DriftService, visitors: VisitorService, policy_jobs: PolicyJobs) -> None:
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
        )

    def stop(self) -> None:
        """End after the present steps."""
        self._stop.set()

    def run(self) -> None:
        """Work until told to stop; raises what ends a line, which no failure of its work does."""
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
