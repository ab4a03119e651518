"""The state of a Redis before it is trusted: version, eviction policy, clock, and our rights there."""

from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from service.core.clock import now_ms
from service.core.errors import InvalidInput, Problem, Unavailable


@dataclass(frozen=True)
class RedisState:
    """The state found; ``maxmemory`` in bytes, 0 without a bound; ``refused`` names the commands we may not use."""

    version: str
    policy: str
    maxmemory: int
    role: str
    skew_ms: float
    refused: tuple[str, ...]


def inspect(url: str, timeout_s: float) -> RedisState:
    """Inspect the server behind ``url``, leaving nothing there.

    Raises:
        Unavailable: it does not answer.
        InvalidInput: ``url`` is none.
    """
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
        )
        facts = client.info()
        before = now_ms() / 1000
        seconds, micros = client.time()
        took, middle = now_ms() / 1000 - before, (now_ms() / 1000 + before) / 2
        refused = tuple(_refused(client))
        client.close()
    except ValueError as broken:
        raise InvalidInput("The Redis URL cannot be read.", [Problem("FOURCAST_REDIS_URL", str(broken))]) from broken
    except RedisError as failure:
        raise Unavailable(f"Redis does not answer: {failure}") from failure
    skew_s = max(0.0, abs(seconds + micros / 1e6 - middle) - took / 2)
    return RedisState(
        str(facts.get("valkey_version") or facts.get("redis_version")),
        str(facts.get("maxmemory_policy", "unknown")),
        int(facts.get("maxmemory", 0)),
        str(facts.get("role", "unknown")),
        skew_s * 1000,
        refused,
    )


def _refused(client: "redis.Redis") -> list[str]:
    """The commands of the cache that this user may not use, tried on a key that nobody reads."""
    script = "redis.call('HSET', KEYS[1], 'r', '1') redis.call('EXPIRE', KEYS[1], 1) return redis.call('DEL', KEYS[1])"
    tries = {"scripts (EVAL)": ("EVAL", script, 1, "fc:check"), "HGET": ("HGET", "fc:check", "r")}
    found = []
    for name, words in tries.items():
        try:
            client.execute_command(*words)  # type: ignore[no-untyped-call]
        except redis.exceptions.ResponseError as refusal:
            found.append(f"{name}: {refusal}")
    return found
