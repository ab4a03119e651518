"""Webhook deliveries: fanned out from the change feed, shared out over receivers, retried with back-off.

A step blocks on no receiver. At most ``AT_ONCE`` deliveries are under way: ``TO_ONE`` to one receiver (host and port),
one to a receiver whose last delivery failed, and half of all to such receivers. Each outcome is stored when the
delivery ends, within the deadline of ``sending``.

Pauses between attempts grow threefold from five seconds to six hours, each shortened at random by up to half, so that a
receiver that recovers is not flooded. Twelve attempts take about two days. Any 2xx status means arrived.
"""

import logging
import random
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.core.clock import Clock, now_ms
from service.core.errors import InvalidInput, Unavailable
from service.engine.crm.webhooks.addresses import check_url
from service.engine.crm.webhooks.sending import DEADLINE_S, headers, send
from service.engine.runner_failures import Failures
from service.store import Store
from service.store.outbox.deliveries import DueDelivery, WaitingWebhook

LOG = logging.getLogger("fourcast.work")
FIRST_S, FACTOR, LONGEST_S = 5.0, 3.0, 6 * 3_600.0
AT_ONCE, TO_ONE = 32, 4
WAIT_S = 0.5
"""Seconds for which a step waits for a delivery to end."""


def pause_s(attempt: int, chance: float) -> float:
    """``min(5 x 3**(attempt - 1), 6 h) x (1 + chance) / 2`` seconds; ``chance`` from 0 to 1.

    >>> [pause_s(attempt, 1.0) for attempt in (1, 2, 3, 12)]
    [5.0, 15.0, 45.0, 21600.0]
    """
    return min(FIRST_S * FACTOR ** (attempt - 1), LONGEST_S) * (1.0 + chance) / 2.0


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver: host and port as written, and whether its last delivery failed."""

    name: str
    failing: bool


def receiver(url: str, failing: bool) -> Receiver:
    """The receiver of a URL.

    >>> receiver("https://CRM.example:8443/hooks?x=1", False)
    Receiver(name='crm.example:8443', failing=False)
    """
    return Receiver(urlsplit(url).netloc.lower(), failing)


def shares(waiting: Sequence[WaitingWebhook], busy: Collection[Receiver]) -> dict[str, int]:
    """Webhook id -> how many deliveries to begin now, given those under way."""
    at_work, failing, free = Counter(one.name for one in busy), sum(one.failing for one in busy), AT_ONCE - len(busy)
    begun: dict[str, int] = {}
    for one in waiting:
        name = receiver(one.url, one.failing).name
        room = min(1 - at_work[name], AT_ONCE // 2 - failing) if one.failing else TO_ONE - at_work[name]
        share = max(0, min(room, free))
        at_work[name], free = at_work[name] + share, free - share
        failing += share if one.failing else 0
        begun |= {one.webhook_id: share} if share else {}
    return begun


class Sender:
    """Sends due deliveries; ``loopback``: webhooks may go to this machine."""

    def __init__(self, store: Store, loopback: bool, deadline_s: float = DEADLINE_S, clock: Clock = now_ms) -> None:
        self._deliveries, self._loopback, self._deadline_s = store.deliveries, loopback, deadline_s
        self._clock = clock
        self._pool = ThreadPoolExecutor(AT_ONCE, "deliver")
        self._under_way: dict[Future[None], Receiver] = {}
        self._failures = Failures("webhooks")

    def expect_allowed(self, url: str) -> None:
        """Return if messages may be sent to this URL.

        Raises:
            InvalidInput: says what is not allowed.
        """
        check_url(url, self._loopback)

    def step(self) -> bool:
        """Fan out changes and begin due deliveries; True while there may be more, or some are under way."""
        more = self._deliveries.fan_out(self._failures.note)
        begun = self._begin()
        if self._under_way:
            wait(self._under_way, WAIT_S, FIRST_COMPLETED)
        self._under_way = {future: one for future, one in self._under_way.items() if not future.done()}
        return more or begun or bool(self._under_way)

    def close(self) -> None:
        """Wait for the deliveries under way."""
        self._pool.shutdown()

    def _begin(self) -> bool:
        """Begin as many deliveries as fit; returns whether there were any."""
        waiting = self._deliveries.list_waiting()
        failing = {one.webhook_id: one.failing for one in waiting}
        deliveries = self._deliveries.take_due(shares(waiting, self._under_way.values()))
        for due in deliveries:
            self._under_way[self._pool.submit(self._deliver, due)] = receiver(due.url, failing[due.webhook_id])
        return bool(deliveries)

    def _deliver(self, due: DueDelivery) -> None:
        """One delivery, which stops no other; if its outcome cannot be stored, it is sent again when its lease ends."""
        try:
            self._failures.attempt(due.id, self.deliver, due)
        except Unavailable as away:
            LOG.warning("waiting", extra={"line": "webhooks", "problem": away.message})

    def deliver(self, due: DueDelivery) -> None:
        """Send once, and store the outcome."""
        status, error = self._sent(due, self._deliveries.read_secrets(due))
        if status is not None and 200 <= status < 300:
            self._deliveries.mark_delivered(due, status)
        else:
            chance = random.SystemRandom().random()
            self._deliveries.mark_failed(due, status, error, int(pause_s(due.attempts, chance) * 1000))

    def _sent(self, due: DueDelivery, secrets: Sequence[str]) -> tuple[int | None, str]:
        """The receiver's status, and why the delivery did not arrive."""
        try:
            named = headers(secrets, f"msg_{due.id}", due.body, self._clock() // 1000)
            status = send(due.url, due.body, named, self._loopback, self._deadline_s)
        except InvalidInput as refused:
            return None, str(refused)
        except OSError as failure:
            return None, f"{type(failure).__name__}: {failure}"
        except Exception as failure:  # noqa: BLE001 - it is given up after as many attempts as any other
            self._failures.note(due.id, failure)
            return None, f"{type(failure).__name__}, before anything was sent"
        return status, f"answered {status}"
