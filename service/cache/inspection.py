"""How a Redis stands before it is trusted: its version, what it does when full, its clock, what we may do there."""

from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from service.core.clock import now_ms
from service.core.errors import InvalidInput, Problem, Unavailable


@dataclass(frozen=True)
class RedisState:
    """What was found; ``maxmemory`` in bytes, 0 without a bound; ``refused`` names what we may not do there."""

    version: str
    policy: str
    maxmemory: int
    role: str
    skew_ms: float
    refused: tuple[str, ...]


def inspect(url: str, timeout_s: float) -> RedisState:
    """Look at the server behind ``url``, leaving nothing there; raises Unavailable, and InvalidInput for no URL."""
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
    """What the cache does with every key, tried on one that nobody reads."""
    script = "redis.call('HSET', KEYS[1], 'r', '1') redis.call('EXPIRE', KEYS[1], 1) return redis.call('DEL', KEYS[1])"
    tries = {"scripts (EVAL)": ("EVAL", script, 1, "fc:check"), "HGET": ("HGET", "fc:check", "r")}
    found = []
    for name, words in tries.items():
        try:
            client.execute_command(*words)  # type: ignore[no-untyped-call]
        except redis.exceptions.ResponseError as refusal:
            found.append(f"{name}: {refusal}")
    return found
