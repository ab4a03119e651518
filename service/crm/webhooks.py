"""Webhooks at work: what is new on the feed becomes deliveries, each is sent until it arrives or is given up.

Pauses grow threefold from five seconds to six hours, each shortened by chance to between half and whole, so that a
receiver that comes back is not met by everybody at once; twelve attempts take some two days. Any 2xx is an arrival.
"""

import random
from concurrent.futures import ThreadPoolExecutor

from service.crm.sending import checked, headers, send
from service.errors import InvalidInput
from service.store import Store
from service.store.deliveries import Due

FIRST_S, FACTOR, LONGEST_S = 5.0, 3.0, 6 * 3_600.0
AT_ONCE = 8


def pause_s(attempt: int, chance: float) -> float:
    """``min(5 x 3**(attempt - 1), 6 h) x (1 + chance) / 2`` seconds; ``chance`` from 0 to 1.

    >>> [pause_s(attempt, 1.0) for attempt in (1, 2, 3, 12)]
    [5.0, 15.0, 45.0, 21600.0]
    """
    return min(FIRST_S * FACTOR ** (attempt - 1), LONGEST_S) * (1.0 + chance) / 2.0


class Sender:
    """Sends what is due; ``loopback``: webhooks may lead to this machine."""

    def __init__(self, store: Store, loopback: bool) -> None:
        self._deliveries, self._loopback = store.deliveries, loopback

    def expect_allowed(self, url: str) -> None:
        """Raise InvalidInput for an address that nothing may be sent to."""
        checked(url, self._loopback)

    def step(self) -> bool:
        """Fan out and send once; True where there may be more at once."""
        more = self._deliveries.fan_out()
        due = self._deliveries.due(AT_ONCE)
        if due:
            with ThreadPoolExecutor(len(due), "deliver") as pool:
                list(pool.map(self.deliver, due))
        return more or len(due) == AT_ONCE

    def deliver(self, due: Due) -> None:
        """One attempt, and what came of it on record."""
        status, error = None, ""
        try:
            status = send(due.url, due.body, headers(due.secrets, f"msg_{due.id}", due.body), self._loopback)
            error = f"answered {status}"
        except InvalidInput as refused:
            error = str(refused)
        except OSError as failure:
            error = f"{type(failure).__name__}: {failure}"
        if status is not None and 200 <= status < 300:
            self._deliveries.delivered(due, status)
        else:
            chance = random.SystemRandom().random()
            self._deliveries.failed(due, status, error, int(pause_s(due.attempts, chance) * 1000))
