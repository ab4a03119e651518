"""Waiting for what comes true by itself."""

import time
from collections.abc import Callable


def eventually(holds: Callable[[], object], within_s: float = 30) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False
