"""Unforeseen failures of the runner's work: logged, counted, and backed off.

The pause before a unit of work is tried again doubles from one second to five minutes, and ends with its first success.
So a poisoned job, lead, delivery or line of work stops only itself. An unavailable server is not such a failure: every
unit would meet it, so it is raised.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from service.core.errors import Unavailable
from service.engine.metrics import count_failure

LOG = logging.getLogger("fourcast.work")
FIRST_S, LONGEST_S = 1.0, 300.0
FORGET_S = 3_600.0
"""Seconds without an attempt after which a unit's failures are forgotten."""

P = ParamSpec("P")
R = TypeVar("R")


def pause_s(failures: int) -> float:
    """``min(2**(failures - 1), 300)`` seconds; 0 without a failure.

    >>> [pause_s(failures) for failures in (0, 1, 2, 3, 40)]
    [0.0, 1.0, 2.0, 4.0, 300.0]
    """
    return 0.0 if not failures else min(FIRST_S * 2.0 ** min(failures - 1, 16), LONGEST_S)


@dataclass(frozen=True, slots=True)
class _Failed:
    """How many times in a row a unit failed, and when last (monotonic seconds)."""

    times: int
    last: float

    @property
    def until(self) -> float:
        return self.last + pause_s(self.times)


class Failures:
    """The failures of one line of work."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._failed: dict[str, _Failed] = {}

    def attempt(self, unit: str, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """The result of the work; None if it failed, which is noted.

        Raises:
            Unavailable: a server does not answer.
        """
        try:
            done = work(*args, **kwargs)
        except Unavailable:
            raise
        except Exception as failure:  # noqa: BLE001 - whatever it is, the other units go on
            self.note(unit, failure)
            return None
        self._failed.pop(unit, None)
        return done

    def note(self, unit: str, failure: Exception) -> None:
        """Log and count one failure."""
        before = self._failed.get(unit)
        self._failed[unit] = _Failed(1 if before is None else before.times + 1, time.monotonic())
        count_failure(self._line)
        LOG.error("failed", exc_info=failure, extra={"line": self._line, "unit": unit})

    def pause_s(self, unit: str) -> float:
        """Seconds to wait after a unit's last failure."""
        failed = self._failed.get(unit)
        return 0.0 if failed is None else pause_s(failed.times)

    def backing_off(self) -> list[str]:
        """The units whose back-off has not ended yet."""
        now = time.monotonic()
        self._failed = {unit: one for unit, one in list(self._failed.items()) if one.until > now - FORGET_S}
        return [unit for unit, one in self._failed.items() if one.until > now]
