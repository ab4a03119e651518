"""API keys: clients by the key's SHA-256, remembered for ``REMEMBER_S`` seconds.

A key has 256 random bits, so a plain digest is safe to store. A revoked key works at most ``REMEMBER_S`` longer. While
PostgreSQL is down, a client seen before is still known; an unknown key gets 503 instead of 401.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable

import orjson

from service.core.domain import Client
from service.core.errors import Unauthorized, Unavailable

REMEMBER_S = 2.0
CAPACITY = 10_000


def key_digest(key: str) -> str:
    """SHA-256 of the key in hex: the only form in which a key is stored."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def digest(parts: Iterable[str | None]) -> str:
    """SHA-256 in hex of several parts in order, which identifies a holder or a principal in other keys."""
    return hashlib.sha256(orjson.dumps(list(parts))).hexdigest()


def new_key() -> tuple[str, str]:
    """A key of 256 random bits, and its digest."""
    key = "fck_" + secrets.token_urlsafe(32)
    return key, key_digest(key)


class Clients:
    """The clients that this worker saw lately; ``find`` reads others from PostgreSQL."""

    def __init__(self, find: Callable[[str], Client | None]) -> None:
        self._find = find
        self._seen: dict[str, tuple[float, Client]] = {}

    def client(self, key: str) -> Client:
        """The client that holds ``key``.

        Raises:
            Unauthorized: no client holds it.
            Unavailable: PostgreSQL does not answer, and the key was not seen before.
        """
        return self.holder(key_digest(key))

    def holder(self, digest: str) -> Client:
        """As ``client``, by the key's digest."""
        now = time.monotonic()
        seen = self._seen.get(digest)
        if seen is not None and now - seen[0] < REMEMBER_S:
            return seen[1]
        return self._ask(digest, now, seen)

    def _ask(self, digest: str, now: float, seen: tuple[float, Client] | None) -> Client:
        try:
            client = self._find(digest)
        except Unavailable:
            if seen is None:
                raise
            return seen[1]
        if client is None:
            self._seen.pop(digest, None)
            raise Unauthorized("No client holds this key. Send a key made by `fourcast keys add` as a Bearer token.")
        self._remember(digest, now, client)
        return client

    def _remember(self, digest: str, now: float, client: Client) -> None:
        if len(self._seen) >= CAPACITY:
            self._seen.clear()
        self._seen[digest] = (now, client)
