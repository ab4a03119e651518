"""The breaker of PostgreSQL, and its metrics.

After a failure no call is made for ``PAUSE_S``; then one caller tries. Metrics: the seconds of every statement and
transaction, failures, and how many workers have an open breaker.
"""

import threading
import time
from collections.abc import Callable
from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

from service.core.errors import Unavailable

PAUSE_S = 0.25
_BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_seconds = Histogram(
    "fourcast_database_seconds", "Time of a statement or transaction of PostgreSQL.", ["statement"], buckets=_BUCKETS
)
_failures = Counter("fourcast_database_failures_total", "Calls that found PostgreSQL silent or unreachable.")
_open = Gauge(
    "fourcast_database_breaker_open", "Workers whose last call found PostgreSQL away.", multiprocess_mode="livesum"
)


class DatabaseBreaker:
    """Shut after a failure for ``PAUSE_S``; then one caller at a time may try."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def enter(self, deadline_s: float) -> None:
        """Pass, or raise Unavailable; who passes after a pause keeps the others out while it tries.

        Raises: Unavailable: while it is open.
        """
        if not self._until:
            return
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                raise Unavailable("PostgreSQL did not answer a moment ago; trying again shortly.")
            self._until = now + deadline_s

    def failed(self) -> None:
        """Keep everybody out for a moment."""
        self._until = time.monotonic() + PAUSE_S
        _failures.inc()
        _open.set(1)

    def worked(self) -> None:
        """Open to all."""
        self._until = 0.0
        _open.set(0)


@lru_cache(maxsize=128)
def timed(statement: bytes) -> Callable[[float], None]:
    """The observer of the seconds of ``statement``."""
    return _seconds.labels(statement.decode()).observe
