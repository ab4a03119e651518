"""The wall clock, in milliseconds since 1970-01-01 UTC. No other module reads it, but for one migration.

Whatever depends on the time of day gets a ``Clock`` from the engine or the store, which are built with one. Waiting is
measured by ``time.monotonic``, which is free to use anywhere.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from time import time_ns

Clock = Callable[[], int]
"""Returns the present instant, ms UTC."""


def now_ms() -> int:
    """The present instant, ms UTC."""
    return time_ns() // 1_000_000


def now_utc() -> datetime:
    """The present instant with its microseconds, in UTC."""
    return datetime.now(UTC)
