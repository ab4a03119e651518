"""Answers kept in Redis: under which field, for how long, and when none of them may be trusted.

A field names everything an answer depends on besides the customer: release, cache generation, request, and the end of
the time grain. The generation is read from PostgreSQL with every request. A change that Redis could not be told of
raises it, and until PostgreSQL names the new one no cached answer is read. Not here: the connection and its
breaker (``cache``), and whether an answer is still true, which only the customer's revision says (``engine``).
"""

from collections.abc import Callable
from typing import TypeVar

from service.cache import Cache
from service.engine.offers.request import OfferRequest
from service.engine.releases.active_release import ActiveRelease

T = TypeVar("T")
UNTOLD = -1
"""No generation: under it nothing was ever cached."""


class AnswerCache:
    """The kept answers of one worker; ``seconds`` bounds how long any of them stays."""

    def __init__(self, cache: Cache, seconds: int) -> None:
        self._cache, self._seconds = cache, seconds
        self._generation = UNTOLD

    @property
    def down(self) -> bool:
        """Whether Redis did not answer the last call."""
        return self._cache.down

    def set_generation(self, generation: int) -> None:
        """PostgreSQL named this cache generation a moment ago."""
        self._generation = generation

    def read(
        self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease
    ) -> tuple[int, bytes] | None:
        """The customer's revision that the kept answer was made from, and the answer; None where there is none."""
        return self._cache.read(customer_id, self._field(request, now, serving))

    def read_beside(
        self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease, work: Callable[[], T]
    ) -> tuple[T, tuple[int, bytes] | None]:
        """What ``work`` returns, and as ``read``; both wait at once.

        Asked under the generation heard last, and once more where the work hears of another.
        """
        if self._generation == UNTOLD:
            return work(), self.read(customer_id, request, now, serving)
        field = self._field(request, now, serving)
        done, kept = self._cache.read_beside(customer_id, field, work)
        due = self._field(request, now, serving)
        return done, kept if due == field else self._cache.read(customer_id, due)

    def write(
        self, customer_id: str, request: OfferRequest, now: int, serving: ActiveRelease, revision: int, body: bytes
    ) -> None:
        """Keep the answer made from this revision as long as it holds."""
        seconds = min(serving.max_age_s(now), self._seconds)
        self._cache.write(customer_id, self._field(request, now, serving), revision, body, seconds)

    def forget(self, customer_id: str, revision: int) -> bool:
        """Tell Redis of a change; where it cannot be told, trust nothing in it until the next generation."""
        told = self._cache.forget(customer_id, revision)
        if not told:
            self._generation = UNTOLD
        return told

    def _field(self, request: OfferRequest, now: int, serving: ActiveRelease) -> str:
        return f"{serving.release.id}:{self._generation}:{request.key}:{serving.until(now)}"
