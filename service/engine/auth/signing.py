"""The keys with which this service signs tokens: the newest signs; it and the one before are accepted.

They are read from the store again every ``REFRESH_S`` seconds, so that every worker soon knows of a rotation. While
PostgreSQL is down, the last keys stay in use.
"""

import base64
import hmac
import time
from collections.abc import Callable

import orjson

from service.core.errors import FourcastError

REFRESH_S = 30.0
SIGNED = 16
"""Bytes of a signature (RFC 2104 allows half of SHA-256)."""


class SigningKeys:
    """The accepted keys of one worker; ``read`` returns them by number, newest first."""

    def __init__(self, read: Callable[[], dict[int, bytes]]) -> None:
        self._read = read
        self._keys: dict[int, bytes] = {}
        self._read_at = 0.0

    def newest(self) -> tuple[int, bytes]:
        """The number and bytes of the key that signs.

        Raises:
            Unavailable: no key could be read yet.
        """
        return next(iter(self._accepted().items()))

    def key(self, number: int) -> bytes | None:
        """The key of that number, None if there is none; a new number is looked up at most once a second."""
        if number not in self._accepted() and time.monotonic() - self._read_at > 1.0:
            self._read_at = 0.0
        return self._accepted().get(number)

    def _accepted(self) -> dict[int, bytes]:
        """The accepted keys, newest first; read again after ``REFRESH_S``, kept while PostgreSQL is down."""
        if time.monotonic() - self._read_at > REFRESH_S or not self._keys:
            try:
                self._keys = self._read()
            except FourcastError:
                if not self._keys:
                    raise
            self._read_at = time.monotonic()
        return self._keys


def signature(key: bytes, *words: str | int) -> str:
    """HMAC-SHA256 over the words in order, cut to 128 bits, as text."""
    return text_of(hmac.digest(key, orjson.dumps(words), "sha256")[:SIGNED])


def text_of(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
