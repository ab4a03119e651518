"""The public keys of the bank's identity provider (RFC 7517), from a URL or a file, by their ``kid``.

They are read when first needed, again every ``REFRESH_S`` seconds, and at once for an unknown ``kid``, but at most
every ``BACK_OFF_S``: inventing ``kid`` values does not flood the provider. While the provider is unavailable, the last
keys stay in use. An unknown ``kid`` is then answered 503 (it may be a new key), otherwise 401. A key is used only if it
fits exactly one of our algorithms, so that a token's header chooses nothing. Redirects are not followed.
"""

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from service.core.errors import InvalidToken, Unavailable

LOG = logging.getLogger("fourcast.access")
REFRESH_S = 300.0
BACK_OFF_S = 10.0
TIMEOUT_S = 1.0
MAX_BYTES = 262_144
RSA_BITS = 2048
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""What reading and parsing a key document may raise."""

FITS: Mapping[str, tuple[str, str | None]] = {"RS256": ("RSA", None), "ES256": ("EC", "P-256")}
"""Key type and curve of each algorithm; no others are accepted."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


class KeySet:
    """The keys of one ``source``: ``https://...``, ``http://...`` or a file."""

    def __init__(self, source: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._source, self._clock = source, clock
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[str, Any]] = {}
        self._read_at = self._tried_at = float("-inf")
        self._failed = False

    def key(self, kid: str, algorithm: str) -> Any:
        """The key of that name for that algorithm.

        Raises:
            InvalidToken: there is no such key.
            Unavailable: the keys cannot be read, so it is unknown.
        """
        if kid not in self._keys or self._clock() - self._read_at > REFRESH_S:
            self._refresh()
        fit, key = self._keys.get(kid, (None, None))
        if fit == algorithm:
            return key
        if fit is None and self._failed:
            raise Unavailable("The identity provider's keys cannot be read just now.", round(BACK_OFF_S))
        raise InvalidToken("The token's key is none of the identity provider's.")

    def _refresh(self) -> None:
        with self._lock:
            if self._clock() - self._tried_at < BACK_OFF_S:
                return
            self._tried_at = self._clock()
            try:
                self._keys = read(_fetched(self._source))
                self._read_at, self._failed = self._tried_at, False
            except UNREADABLE as error:
                self._failed = True
                LOG.warning("identity provider's keys cannot be read", extra={"problem": str(error)})


def read(document: bytes) -> dict[str, tuple[str, Any]]:
    """The usable keys of a JWK set: kid -> (algorithm, key); an unusable one is left out and logged."""
    keys: dict[str, tuple[str, Any]] = {}
    for row in json.loads(document)["keys"]:
        algorithm = _algorithm(row)
        if algorithm is None or row["kid"] in keys:
            LOG.warning("key left out", extra={"kid": str(row.get("kid"))[:64]})
            continue
        try:
            key = PyJWK(row, algorithm=algorithm).key
        except PyJWTError as error:
            LOG.warning("key left out", extra={"kid": row["kid"][:64], "problem": str(error)})
            continue
        if not isinstance(key, RSAPublicKey) or key.key_size >= RSA_BITS:
            keys[row["kid"]] = algorithm, key
    return keys


def _algorithm(row: Mapping[str, Any]) -> str | None:
    """The algorithm of a public signing key with a name; None for any other row."""
    named = isinstance(row.get("kid"), str) and row["kid"]
    verifies = row.get("use", "sig") == "sig" and "verify" in row.get("key_ops", ["verify"])
    if not named or not verifies or "d" in row or "k" in row:
        return None
    fits = (name for name, shape in FITS.items() if shape == (row.get("kty"), row.get("crv")))
    return next((name for name in fits if row.get("alg", name) == name), None)


def _fetched(source: str) -> bytes:
    if not source.startswith(("https://", "http://")):
        return Path(source).expanduser().read_bytes()
    with _OPENER.open(source, timeout=TIMEOUT_S) as answer:
        document = bytes(answer.read(MAX_BYTES + 1))
    if len(document) > MAX_BYTES:
        raise ValueError(f"the document is larger than {MAX_BYTES} bytes")
    return document
