"""Answers cached in Redis: under which field, for how long, and when they may not be read.

A field names everything an answer depends on besides the customer: release, cache generation, request, and the end of
the time grain. The generation is read from PostgreSQL with every request. A change of which Redis could not be notified
raises the generation; until the new one is read, no cached answer is used. The connection and its breaker are in
``cache``. Whether an answer is current depends on the customer's revision, which ``engine`` compares.
"""

from collections.abc import Callable
from typing import TypeVar

from service.cache import Cache
from service.engine.offers.request import OfferRequest
from service.engine.releases.active_release import ActiveRelease

T = TypeVar("T")
UNTOLD = -1
"""No generation is known: nothing was ever cached under this one."""


class AnswerCache:
    """The cached answers, as one worker reads them. No answer is cached longer than ``seconds``."""

    def __init__(self, cache: Cache, seconds: int) -> None:
        self._cache, self._seconds = cache, seconds
        self._generation = UNTOLD

    @property
    def down(self) -> bool:
        """Whether the last call to Redis failed."""
        return self._cache.down

    def set_generation(self, generation: int) -> None:
        """Read and write under this cache generation from now on."""
        self._generation = generation

    def read(
        self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease
    ) -> tuple[int, bytes] | None:
        """The revision from which the cached answer was made, and the answer; None where nothing is cached."""
        return self._cache.read(customer_id, self._field(request, now, serving))

    def read_beside(
        self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease, work: Callable[[], T]
    ) -> tuple[T, tuple[int, bytes] | None]:
        """The result of ``work``, and the cached answer as in ``read``; the two run at the same time.

        Redis is read under the last known generation, and once more if ``work`` sets another one.
        """
        if self._generation == UNTOLD:
            return work(), self.read(customer_id, request, now, serving)
        field = self._field(request, now, serving)
        done, cached = self._cache.read_beside(customer_id, field, work)
        due = self._field(request, now, serving)
        return done, cached if due == field else self._cache.read(customer_id, due)

    def write(
        self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease, revision: int, body: bytes
    ) -> None:
        """Cache the answer, made from this revision, until its validity ends."""
        seconds = min(serving.max_age_s(now), self._seconds)
        self._cache.write(customer_id, self._field(request, now, serving), revision, body, seconds)

    def forget(self, customer_id: str, revision: int) -> bool:
        """Notify Redis of a change. If that fails, no cached answer is used until the next generation is read."""
        notified = self._cache.forget(customer_id, revision)
        if not notified:
            self._generation = UNTOLD
        return notified

    def _field(self, request: OfferRequest, now: int, serving: ActiveRelease) -> str:
        return (
            f"{serving.release.id}.{serving.release.arithmetic}:{self._generation}:{request.key}:{serving.until(now)}"
        )
