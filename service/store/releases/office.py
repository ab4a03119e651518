"""Releases, clients and the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.core.domain import Client, Release
from service.store.connection.database import PATIENCE_S, Database
from service.store.events import names
from service.store.events.names import Names
from service.store.releases import releases
from service.store.security import audit, clients
from service.store.security.audit import Head, Verdict
from service.store.security.clients import Key


class Office:
    """The part of the store that keeps what serves, who may ask, and the log of both."""

    _database: Database

    def put_policy(self, policy_hash: str, documents: Mapping[str, object]) -> None:
        """Keep a policy's documents under their hash."""
        with self._database.begin() as connection:
            releases.put_policy(connection, policy_hash, documents)

    def policy(self, policy_hash: str) -> dict[str, Any]:
        """The documents of one policy; NotFound."""
        with self._database.begin() as connection:
            return releases.policy(connection, policy_hash)

    def names(self) -> Names:
        """The names that the policies of all releases and trials give to offers, channels and questions."""
        with self._database.begin(PATIENCE_S) as connection:
            return names.names(connection)

    def put_bundle(self, version: str, manifest: Mapping[str, object]) -> None:
        """Keep a bundle's manifest under its version; Conflict when it is stored with another."""
        with self._database.begin() as connection:
            releases.put_bundle(connection, version, manifest)

    def bundle(self, version: str) -> dict[str, Any]:
        """The manifest of one bundle; NotFound."""
        with self._database.begin() as connection:
            return releases.bundle(connection, version)

    def activate(
        self, policy: str, bundle: str | None, note: str, actor: str, prices: Mapping[str, float] | None = None
    ) -> Release:
        """Make policy and bundle serve as a new release, and say so in the audit log; NotFound."""
        with self._database.begin() as connection:
            return releases.activate(connection, policy, bundle, prices or {}, note, actor)

    def promote(self, bundle: str, note: str, actor: str) -> Release:
        """Make a bundle serve beside the policy and prices that serve; NotFound, Conflict where none do."""
        with self._database.begin() as connection:
            return releases.promote(connection, bundle, note, actor)

    def releases(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The newest releases first, all of them without ``limit``."""
        with self._database.begin() as connection:
            return releases.listed(connection, limit)

    def add_client(self, client: Client, key_hash: str, actor: str, expires_at: datetime | None = None) -> None:
        """Store a client under the SHA-256 (hex) of its key, useless from ``expires_at`` on; Conflict."""
        with self._database.begin() as connection:
            clients.add(connection, client, key_hash, actor, expires_at)

    def rotate_client(self, name: str, key_hash: str, actor: str, overlap_s: float = 0) -> Client:
        """Give a client a new key; those it held work ``overlap_s`` seconds longer; NotFound, Conflict."""
        with self._database.begin() as connection:
            return clients.rotate(connection, name, key_hash, actor, overlap_s)

    def revoke_client(self, name: str, actor: str) -> int:
        """End all live keys of a client; returns how many; NotFound."""
        with self._database.begin() as connection:
            return clients.revoke(connection, name, actor)

    def clients(self) -> list[Key]:
        """Every live key with its client, by name."""
        with self._database.begin() as connection:
            return clients.listed(connection)

    def audit(self, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> int:
        """Add a row to the audit log; returns its number."""
        with self._database.begin() as connection:
            return audit.append(connection, actor, action, subject, detail)

    def audit_log(self, limit: int) -> list[dict[str, Any]]:
        """The newest rows of the audit log, newest first."""
        with self._database.begin() as connection:
            return audit.listed(connection, limit)

    def audit_head(self) -> Head:
        """The end of the audit log now, to be noted elsewhere."""
        with self._database.begin() as connection:
            return audit.head(connection)

    def verify_audit(self, since: Head | None = None) -> Verdict:
        """Whether the audit log's chain holds, from a head that was noted too, and where it breaks."""
        with self._database.begin(PATIENCE_S) as connection:
            return audit.verify(connection, since)

    def crosscheck_audit(self) -> list[str]:
        """Where the audit log differs from the releases and erasures that it tells of."""
        with self._database.begin(PATIENCE_S) as connection:
            return audit.crosscheck(connection)
