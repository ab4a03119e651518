"""Quotas: how many requests a client may make a minute, over all workers, at the cost of a local count.

A quota belongs to one holder: the name and the customer or branch it is bound to. What a token for a branch uses up is
not taken from the same subject's token for a customer.

Minutes are windows on the clock. Each worker leases a block of the client's quota from Redis by one INCRBY and spends
it by itself; so the sum of all workers never exceeds the quota, and what is leased and not spent at the end of the
window is lost (at most a fiftieth of the quota per worker). A worker that is told there is no more asks Redis no more
in that window. A request that carries several events counts as so many, all or none. While Redis is away each worker
grants its own share: the quota divided by the workers of this server.
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
"""Leases it takes one worker to spend a whole quota."""
CAPACITY = 10_000

Holder = tuple[str, str | None, str | None]
"""``Client.holder``."""
Take = Callable[[str, int, int], int | None]
"""``(name, count, ttl_s)``: counts so many more under the name; how many in all, None where nobody counts."""


@dataclass(slots=True)
class _Purse:
    """What a worker may still grant a client in one window."""

    window: int
    left: int = 0
    used: int = 0
    """Of the quota, by all workers, as far as the last lease said."""
    empty: bool = False
    """No more is to be had in this window."""


class Allowance(NamedTuple):
    """What a client may still do: requests a window, those left of it (as far as this worker knows), and its end."""

    quota: int
    left: int
    ends_in_s: int


class Quotas:
    """The purses of one worker."""

    def __init__(self, settings: Settings, take: Take, clock: Clock = now_ms) -> None:
        self._settings, self._take, self._clock = settings, take, clock
        self._purses: dict[Holder, _Purse] = {}

    def spend(self, client: Client, count: int = 1) -> Allowance:
        """So many requests counted, all or none, and what is left after; ``left`` is -1 where they are too many."""
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
        """Fill the purse by a block of what is left of the quota; by the worker's own share where Redis is away."""
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
    """Raise TooMany where the request, which counts as so many, was too much."""
    if allowance.left < 0:
        more = "" if count == 1 else f" This one counts as {count}, for what it holds: send smaller parts."
        raise TooMany(f"More than {allowance.quota} requests a minute. Try again later.{more}", allowance.ends_in_s)
