"""Sealing: stored secrets are encrypted with keys that the database does not hold.

Fernet (AES-128-CBC, then HMAC-SHA256) of ``cryptography``: the first key seals, every key opens, so that keys can be
replaced one after another. Without keys nothing is sealed. What was stored before there was a key is plain, and is read
as it is until ``Secrets.seal`` has sealed it.

Sealed: webhooks' secrets, the keys of offer tokens, stored answers that show a secret. Not sealed: digests (API keys),
which open nothing, and the salts of ``pseudonyms``, by which PostgreSQL itself makes digests.
"""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from service.core.errors import Unavailable

PREFIX = b"sealed:"
VARIABLE = "FOURCAST_SECRET_KEYS"


class Sealed(Unavailable):
    """A secret in the database that none of the keys given here opens."""

    title = "A secret cannot be opened"


class Seal:
    """Seals with the first of the keys and opens with any of them."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._keys = MultiFernet([Fernet(key) for key in keys]) if keys else None
        self._newest = Fernet(keys[0]) if keys else None

    def __bool__(self) -> bool:
        """Whether there is a key."""
        return self._keys is not None

    def close(self, secret: bytes) -> bytes:
        """The secret as it is stored; plain where there is no key."""
        return secret if self._newest is None else PREFIX + self._newest.encrypt(secret)

    def open(self, kept: bytes) -> bytes:
        """The stored secret.

        Raises: Sealed: when no key opens it.
        """
        if not kept.startswith(PREFIX):
            return kept
        if self._keys is None:
            raise Sealed(f"A secret in the database is sealed, and {VARIABLE} is not set.", RETRY_S)
        try:
            return self._keys.decrypt(kept[len(PREFIX) :])
        except InvalidToken as wrong:
            raise Sealed(f"No key in {VARIABLE} opens a secret in the database: add the one it was sealed with.",
                         RETRY_S) from wrong  # fmt: skip

    def opens(self, kept: bytes) -> bool:
        """Whether a key opens it, or it is plain."""
        try:
            self.open(kept)
        except Sealed:
            return False
        return True

    def is_newest(self, kept: bytes) -> bool:
        """Whether it is sealed with the first key; True where there is none."""
        if self._newest is None:
            return True
        try:
            self._newest.decrypt(kept.removeprefix(PREFIX))
        except InvalidToken:
            return False
        return kept.startswith(PREFIX)


RETRY_S = 60


def new_key() -> str:
    """A key of 256 random bits, as ``FOURCAST_SECRET_KEYS`` takes it."""
    return Fernet.generate_key().decode()
