"""Signing keys of offer tokens: made by the migration at first start, replaced by a rotation.

The newest signs; the one before it is still accepted. Older ones stay in the table but open nothing. All workers and
all restarts read the same rows; they are sealed where there is a key to seal with (``sealing``).
"""

import secrets

from sqlalchemy import Connection, insert

from service.core.clock import now_ms
from service.store.connection.database import Database
from service.store.connection.wire import Statement
from service.store.schema import signing_keys
from service.store.security import audit
from service.store.security.sealing import Seal

ACCEPTED = Statement(b"signing_keys", b"SELECT id, encode(secret, 'hex') FROM signing_keys ORDER BY id DESC LIMIT 2")
BYTES = 32


class SigningKeyRepository:
    """The signing keys of one database."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal

    def list_accepted(self) -> dict[int, bytes]:
        """The newest key and the one before it, by number.

        Raises:
            Sealed: when one of them does not open.
        """
        rows = self._database.ask(ACCEPTED)
        kept = {int(number or 0): bytes.fromhex((secret or b"").decode()) for number, secret in rows}
        return {number: self._seal.open(secret) for number, secret in kept.items()}

    def rotate(self, actor: str) -> int:
        """Sign with a new key from now on, and write it to the audit log; returns its number.

        Raises:
            Sealed: the older keys do not open here, so the service could not open the new one either.
        """
        self.list_accepted()
        with self._database.begin() as connection:
            number = add(connection, self._seal)
            audit.append(connection, actor, "signing.rotate", f"signing key {number}", {})
            return number


def add(connection: Connection, seal: Seal) -> int:
    """Store a new key, sealed; returns its number."""
    values = {"secret": seal.close(secrets.token_bytes(BYTES)), "made_at": now_ms()}
    return int(connection.execute(insert(signing_keys).values(values).returning(signing_keys.c.id)).scalar_one())
