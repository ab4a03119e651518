"""The breaker of Redis: after one failure no call for a second, then one call tries."""

import logging
import time

from prometheus_client import Gauge

HALF_OPEN_S = 1.0

_log = logging.getLogger("fourcast.cache")
_open = Gauge("fourcast_cache_breaker_open", "Workers whose last call found Redis away.", multiprocess_mode="livesum")


class CacheBreaker:
    """Closed, or open until an instant; at that instant one call may try (threads may let two through: no harm)."""

    def __init__(self, pause_s: float = HALF_OPEN_S) -> None:
        self._pause_s = pause_s
        self._again_at = 0.0

    @property
    def open(self) -> bool:
        """Whether the last call failed."""
        return self._again_at != 0.0

    def permits(self) -> bool:
        """Whether a call may be made now."""
        if not self._again_at:
            return True
        now = time.monotonic()
        if now < self._again_at:
            return False
        self._again_at = now + self._pause_s
        return True

    def failed(self, reason: Exception) -> None:
        """Open for ``pause_s``; the first failure is logged, the following ones are only counted."""
        if not self._again_at:
            _log.warning("cache: Redis does not answer, deciding without it: %s", reason)
            _open.set(1)
        self._again_at = time.monotonic() + self._pause_s

    def worked(self) -> None:
        """Close."""
        if self._again_at:
            self._again_at = 0.0
            _open.set(0)
            _log.warning("cache: Redis answers again")
