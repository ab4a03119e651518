"""The runner: what is done beside the requests, by a process of its own (``fourcast work``), any number of them.

Each line of work is a step that says whether there was something to do, repeated by a thread of its own; a line rests
when there was nothing, and when a server it needs is away. What is left undone is in PostgreSQL, so a runner may be
killed at any moment: its leases run out and another goes on. Told to stop, each line ends its present step and gives
back what it holds. Whatever fails otherwise ends the process with its traceback, and the launcher starts it anew.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

from service.crm import Crm
from service.drifting import Drifting
from service.errors import Unavailable
from service.visiting import Visiting

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

    def __init__(self, crm: Crm, drifting: Drifting, visiting: Visiting) -> None:
        self._stop = threading.Event()
        self._lines: tuple[Line, ...] = (
            Line("jobs", lambda: crm.jobs.work(self._stop.is_set), 0.5),
            Line("leads", crm.leads.sweep, 1.0),
            Line("webhooks", crm.sender.step, 0.5),
            Line("backlog", crm.measure, 15.0),
            Line("trails", crm.trail, 3_600.0),
            Line("pruning", crm.prune, 3_600.0),
            Line("visitors", visiting.prune, 3_600.0),
            Line("drift", drifting.watch, 900.0),
        )

    def stop(self) -> None:
        """End after the present steps."""
        self._stop.set()

    def run(self) -> None:
        """Work until told to stop; raises what a line raised."""
        with ThreadPoolExecutor(len(self._lines), "work") as pool:
            lines = [pool.submit(self._follow, line) for line in self._lines]
            wait(lines, return_when=FIRST_EXCEPTION)
            self._stop.set()
        _raise(line.exception() for line in lines)

    def _follow(self, line: Line) -> None:
        while not self._stop.is_set():
            try:
                busy = line.step()
            except Unavailable as away:
                LOG.warning("waiting", extra={"line": line.name, "problem": away.message})
                busy = False
            if not busy:
                self._stop.wait(line.rest_s)


def _raise(failures: Iterable[BaseException | None]) -> None:
    for failure in failures:
        if failure is not None:
            raise failure
