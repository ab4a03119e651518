"""What the statutory gates stopped: counted per rule, told as an alarm, and noted for the audit log.

A stop is always a fault of the policy: its own gates had let the offer through, be it in one channel of several. Every
stop is counted. The first of a rule under a release on a day is logged as an error, and goes into the audit log; the
log is written beside the requests (``audit``), and holds one row for all workers. What the policy could not have known
is no fault of its own: that a customer without personalisation died, or that their accounts are frozen.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from service.core.domain import Release
from service.core.grid import day_at
from service.engine.metrics import count_law_stop
from service.rules.statutory import FOR_EVERYBODY, LAW
from service.store import Store

LOG = logging.getLogger(__name__)
ACTION = "law.stop"
"""The action of the audit log's rows."""


@dataclass(frozen=True, slots=True)
class LawStop:
    """The first stop by a rule under one release and policy on one day of the bank."""

    rule: str
    release: int
    policy: str
    day: str

    @property
    def subject(self) -> str:
        """What the audit log names, once."""
        return f"{self.rule} release {self.release} {self.day}"


class LawStops:
    """The stops of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: set[LawStop] = set()
        self._waiting: list[LawStop] = []

    def note(self, release: Release, stopped: Mapping[str, int], personalised: bool, now: int, timezone: str) -> None:
        """Count what the law stopped at ``now`` (ms UTC), offers by gate; other gates are passed over."""
        for rule, offers in stopped.items():
            if rule.startswith(LAW) and (personalised or rule not in FOR_EVERYBODY):
                count_law_stop(rule, offers)
                self._tell(LawStop(rule, release.id, release.policy, day_at(now, timezone).isoformat()))

    def audit(self, store: Store) -> None:
        """Add what is not in the audit log yet.

        Raises: Unavailable: when PostgreSQL does not answer; nothing is lost.
        """
        with self._lock:
            waiting = list(self._waiting)
        for stop in waiting:
            detail = {"rule": stop.rule, "release": stop.release, "policy": stop.policy, "day": stop.day}
            store.audit.append_once("fourcast", ACTION, stop.subject, detail)
            with self._lock:
                self._waiting.remove(stop)

    def _tell(self, stop: LawStop) -> None:
        with self._lock:
            if stop in self._noted:
                return
            self._noted.add(stop)
            self._waiting.append(stop)
        LOG.error(
            "the law stopped an offer that the policy let through",
            extra={"rule": stop.rule, "release": stop.release, "policy": stop.policy, "day": stop.day},
        )
