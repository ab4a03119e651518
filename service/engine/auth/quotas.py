"""Quotas: requests a minute of each client over all workers, counted locally most of the time.

A quota belongs to a holder: a name, with the customer or branch to which it is bound. A token for a branch and a token
for a customer of the same subject have separate quotas.

Windows are whole minutes of the clock. A worker leases a block of the quota from Redis by one INCRBY and spends it
locally. So all workers together never exceed the quota; what is leased and not spent at the end of the window is lost
(at most a fiftieth of the quota for each worker). After a lease that got nothing, a worker asks Redis no more in that
window. A request with several events counts as that many, all or none. While Redis is down, each worker grants the
quota divided by the number of workers of this server.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from service.core.clock import Clock, now_ms
from service.core.domain import Client
from service.core.errors import TooMany
from service.engine.auth.keys import digest
from service.runtime.config import Settings

WINDOW_S = 60
BLOCKS = 50
"""Leases with which one worker spends a whole quota."""
CAPACITY = 10_000

Holder = tuple[str, str | None, str | None]
"""``Client.holder``."""
Take = Callable[[str, int, int], int | None]
"""``(name, count, ttl_s)``: adds to the counter of that name and returns its total; None where Redis is down."""


@dataclass(slots=True)
class _Purse:
    """What a worker may still grant a client in one window."""

    window: int
    left: int = 0
    used: int = 0
    """Requests counted over all workers at the last lease."""
    empty: bool = False
    """No more is to be had in this window."""


class Allowance(NamedTuple):
    """The quota, the requests left in the window as far as this worker knows, and the seconds to its end."""

    quota: int
    left: int
    ends_in_s: int


class Quotas:
    """The quotas of all clients, as one worker counts them."""

    def __init__(self, settings: Settings, take: Take, clock: Clock = now_ms) -> None:
        self._settings, self._take, self._clock = settings, take, clock
        self._purses: dict[Holder, _Purse] = {}

    def spend(self, client: Client, count: int = 1) -> Allowance:
        """Count requests, all or none; returns what is left, with ``left`` -1 where they were too many."""
        now = self._clock() // 1000
        window, quota = now // WINDOW_S, self._quota(client)
        ends_in_s = WINDOW_S - now % WINDOW_S
        purse = self._purses.get(client.holder)
        if purse is None or purse.window != window:
            purse = self._opened(client.holder, window)
        if purse.left < count and not purse.empty:
            self._lease(client.holder, purse, quota, count - purse.left)
        if purse.left < count:
            return Allowance(quota, -1, ends_in_s)
        purse.left -= count
        return Allowance(quota, purse.left + quota - purse.used, ends_in_s)

    def _quota(self, client: Client) -> int:
        if client.quota is not None:
            return client.quota
        return self._settings.quota if client.customer_id is None else self._settings.customer_quota

    def _opened(self, holder: Holder, window: int) -> _Purse:
        if len(self._purses) >= CAPACITY:
            self._purses.clear()
        purse = self._purses[holder] = _Purse(window)
        return purse

    def _lease(self, holder: Holder, purse: _Purse, quota: int, lacking: int) -> None:
        """Lease a block of what is left of the quota; without Redis, the worker's own share."""
        block = max(lacking, quota // BLOCKS)
        total = self._take(f"fq:{digest(holder)}:{purse.window}", block, 2 * WINDOW_S)
        if total is None:
            purse.left += max(1, quota // self._settings.workers)
            purse.used, purse.empty = quota, True
            return
        purse.left += max(0, min(block, quota - total + block))
        purse.used = min(total, quota)
        purse.empty = total >= quota


def expect_allowed(allowance: Allowance, count: int = 1) -> None:
    """Return if the request, which counts as ``count``, was allowed.

    Raises:
        TooMany: it exceeds the quota.
    """
    if allowance.left < 0:
        more = "" if count == 1 else f" This one counts as {count}, for what it holds: send smaller parts."
        raise TooMany(f"More than {allowance.quota} requests a minute. Try again later.{more}", allowance.ends_in_s)
