"""The answer cache: finished answers in Redis, never trusted beyond the revision they were made from.

Key table (one hash per customer, so that one command deletes all answers of a customer):

    ============================== ========== =========================================================
    ``fc:<server>:<customer>``     ``r``      the lowest revision still accepted, decimal
    ``fc:<server>:<customer>``     any other  8 bytes revision (big endian), then the answer's bytes
    ============================== ========== =========================================================

The field is the caller's: release, generation, request and time grain. ``<server>`` is the start of the Redis server's
run id, asked once per connection: a server that restarts, or a replica that takes over, begins with an empty cache
however much it restored from disk.

In order: ``read`` is one HGET; ``read_beside`` sends it before other work and receives the answer after. ``write`` is
one Lua script that refuses a revision below ``r``, so a slow writer cannot restore what ``forget`` removed. ``forget``
raises ``r`` and empties the hash. It returns True only when Redis confirmed, so that the caller can retire all cached
answers (generation + 1) when it did not.

When Redis fails, every call returns at once and never raises: each wait is at most 50 ms, a timed-out call is not
retried, and after one failure the breaker refuses all calls for a second, then lets one try. A connection that the
server closed while it idled is opened anew once.

Not here: the content of an answer, and whether a revision is current (``engine`` compares it with PostgreSQL).

    line        one open connection to Redis: commands and Lua scripts
    breaker     the breaker: after one failure no call for a second, then one call tries
    inspection  version, settings, clock and rights of a Redis before it is trusted
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar, cast

import redis
from prometheus_client import Counter, Histogram
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from service.cache.breaker import HALF_OPEN_S, CacheBreaker
from service.cache.line import Line, Script, Word

__all__ = ["Cache"]

T = TypeVar("T")
TIMEOUT_S = 0.05
FLOOR_TTL_S = 300
"""Seconds that ``r`` outlives a change: longer than any request that read the customer before it."""
MAX_FIELDS = 32
"""Answers stored per customer; one more empties the hash, so that old time grains do not pile up."""

_COMMON = """
local stored = redis.pcall('HGET', KEYS[1], 'r')
local floor = 0
if stored then floor = tonumber(stored) end
if not floor then redis.call('DEL', KEYS[1]) floor = 0 end
local revision = tonumber(ARGV[1])
"""

_WRITE = Script(f"""{_COMMON}
if revision < floor then return 0 end
if redis.call('HLEN', KEYS[1]) > {MAX_FIELDS} then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'r', string.format('%.0f', floor))
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], math.max(tonumber(ARGV[4]), {FLOOR_TTL_S}))
return 1
""")

_FORGET = Script(f"""{_COMMON}
if revision <= floor then return 1 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'r', ARGV[1])
redis.call('EXPIRE', KEYS[1], {FLOOR_TTL_S})
return 1
""")

_TAKE = Script("""
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if total == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return total
""")

_log = logging.getLogger("fourcast.cache")
_operations = Counter("fourcast_cache_operations_total", "Calls to the decision cache.", ["operation", "outcome"])
_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)
_seconds = Histogram("fourcast_cache_seconds", "Time of a call to Redis.", ["operation"], buckets=_BUCKETS)
_OUTCOMES = {
    "read": ("hit", "miss", "unreadable", "refused", "failed", "skipped"),
    "write": ("kept", "outdated", "refused", "failed", "skipped"),
    "take": ("taken", "refused", "failed", "skipped"),
    "forget": ("confirmed", "refused", "failed", "skipped"),
}
_count = {(name, end): _operations.labels(name, end).inc for name, ends in _OUTCOMES.items() for end in ends}
_timed = {name: _seconds.labels(name).observe for name in _OUTCOMES}


class _NoAnswerError(Exception):
    """Redis did not do what was asked; the failure is counted already."""


class Cache:
    """Answers by customer and field, each with the revision it was made from. No method raises when Redis fails.

    ``url``: ``redis://``, ``rediss://`` or ``unix://``. Usable from any thread, and after a fork: connections are
    opened on first use, one per thread and process.
    """

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S, pause_s: float = HALF_OPEN_S) -> None:
        pool = redis.ConnectionPool.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
        self._connection_class, self._options = pool.connection_class, pool.connection_kwargs
        self._breaker = CacheBreaker(pause_s)
        self._here = threading.local()

    @property
    def down(self) -> bool:
        """Whether the last call found Redis not answering."""
        return self._breaker.open

    def read(self, customer_id: str, field: str) -> tuple[int, bytes] | None:
        """(revision, answer) of one field; None where it is missing, unreadable, or Redis does not answer. One round
        trip.
        """
        return self._read(customer_id, field, None)

    def read_beside(self, customer_id: str, field: str, work: Callable[[], T]) -> tuple[T, tuple[int, bytes] | None]:
        """The result of ``work``, and the field as ``read`` returns it: sent before the work and received after it.

        An error of ``work`` is raised after the answer is received.
        """
        sent = self._sent(customer_id, field)
        try:
            done = work()
        finally:
            kept = self._read(customer_id, field, sent)
        return done, kept

    def write(self, customer_id: str, field: str, revision: int, body: bytes, ttl_s: int) -> None:
        """Store ``body`` for at least ``ttl_s`` seconds, unless a newer revision was announced; counts failures."""
        value = revision.to_bytes(8, "big") + body
        try:
            kept = self._call("write", _WRITE.run, customer_id, revision, field, value, ttl_s)
        except _NoAnswerError:
            return
        _count["write", "kept" if kept else "outdated"]()

    def forget(self, customer_id: str, revision: int) -> bool:
        """Remove all answers below ``revision`` and refuse later ones; True only when Redis confirmed it."""
        try:
            self._call("forget", _FORGET.run, customer_id, revision)
        except _NoAnswerError:
            return False
        _count["forget", "confirmed"]()
        return True

    def taken(self, name: str, count: int, ttl_s: int) -> int | None:
        """Add ``count`` to a counter that expires ``ttl_s`` after its first use; returns the sum, None without an
        answer.
        """
        try:
            total = cast(int, self._call("take", _TAKE.answer, name, count, ttl_s))
        except _NoAnswerError:
            return None
        _count["take", "taken"]()
        return total

    def close(self) -> None:
        """Close this thread's connection; the next call opens another."""
        line = self._here.__dict__.pop("line", None)
        if line is not None and line.pid == os.getpid():
            line.close()

    def _sent(self, customer_id: str, field: str) -> Line | None:
        """The line on which the answer of one field is under way; None where it has to be asked for later."""
        line = getattr(self._here, "line", None)
        if line is None or line.pid != os.getpid() or self._breaker.open:
            return None
        try:
            line.send("HGET", f"{line.prefix}{customer_id}", field)
        except ConnectionLost:  # the line is opened anew by whoever asks next
            return None
        except RedisError as failure:
            self.close()
            self._breaker.failed(failure)
            return None
        return cast(Line, line)

    def _read(self, customer_id: str, field: str, sent: Line | None) -> tuple[int, bytes] | None:
        def act(line: Line) -> object:
            return line.receive() if line is sent else line.ask("HGET", f"{line.prefix}{customer_id}", field)

        try:
            stored = self._call("read", act)
        except _NoAnswerError:
            return None
        return _unpack(cast(bytes | None, stored))

    def _call(self, operation: str, act: Callable[..., object], *words: Word) -> object:
        if not self._breaker.permits():
            raise _no_answer(operation, "skipped")
        begun = time.monotonic()
        try:
            answer = self._reach(act, *words)
        except ResponseError as refusal:
            self._breaker.worked()
            _log.debug("cache: %s refused: %s", operation, refusal)
            raise _no_answer(operation, "refused") from refusal
        except RedisError as failure:
            self.close()
            self._breaker.failed(failure)
            raise _no_answer(operation, "failed") from failure
        finally:
            _timed[operation](time.monotonic() - begun)
        self._breaker.worked()
        return answer

    def _reach(self, act: Callable[..., object], *words: Word) -> object:
        line = getattr(self._here, "line", None)
        if line is not None and line.pid == os.getpid():
            try:
                return act(line, *words)
            except ConnectionLost:  # a server may close what idles; a timeout is not a lost connection
                self.close()
        line = self._here.line = Line(self._connection_class(**self._options))
        return act(line, *words)


def _no_answer(operation: str, outcome: str) -> _NoAnswerError:
    _count[operation, outcome]()
    return _NoAnswerError(outcome)


def _unpack(stored: bytes | None) -> tuple[int, bytes] | None:
    if stored is None or len(stored) < 8:
        _count["read", "miss" if stored is None else "unreadable"]()
        return None
    _count["read", "hit"]()
    return int.from_bytes(stored[:8], "big"), stored[8:]
