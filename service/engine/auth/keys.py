"""Who holds this key: clients looked up by the key's SHA-256, remembered for a moment.

A key is 256 bits of chance, so a plain digest is enough at rest. A worker remembers an answer for ``REMEMBER_S``
seconds: a revoked key works at most that much longer. When PostgreSQL is down, a client seen before is still known;
one never seen cannot be told from a stranger and gets 503, not 401.
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
    """SHA-256 in hex of several parts in order: what stands for a holder or a principal where it is a key."""
    return hashlib.sha256(orjson.dumps(list(parts))).hexdigest()


def new_key() -> tuple[str, str]:
    """A key of 256 random bits, and its digest."""
    key = "fck_" + secrets.token_urlsafe(32)
    return key, key_digest(key)


class Clients:
    """The clients this worker has seen lately; ``find`` asks PostgreSQL for the rest."""

    def __init__(self, find: Callable[[str], Client | None]) -> None:
        self._find = find
        self._seen: dict[str, tuple[float, Client]] = {}

    def client(self, key: str) -> Client:
        """The client that holds ``key``; raises Unauthorized for a stranger, Unavailable when nobody can tell."""
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
