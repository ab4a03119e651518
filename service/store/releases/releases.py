"""Policies, bundles and the releases that serve them. Policies and bundles never change: their name is their content.

Activating writes the release, makes it the serving one and writes to the audit log, in one transaction. Rolling back
activates an older pair again: the history only grows.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, Text, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.dialects.postgresql import insert as insert_new

from service.core.clock import now_ms
from service.core.domain import Release
from service.core.errors import Conflict, NotFound
from service.store.connection import encoding
from service.store.connection.database import PATIENCE_S, Database
from service.store.connection.wire import Row, Statement, whole, word
from service.store.releases import policy_names
from service.store.releases.policy_names import PolicyNames
from service.store.releases.withdrawals import expect_not_withdrawn
from service.store.schema import bundles, policies, releases, serving
from service.store.security import audit

ACTIVE = Statement(
    b"active",
    b"SELECT releases.id, policy, bundle, prices FROM serving JOIN releases ON releases.id = release_id",
)


class ReleaseRepository:
    """The policies, bundles and releases of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def active(self) -> Release | None:
        """The release that serves; None before the first."""
        return release_of(self._database.ask(ACTIVE))

    def list_releases(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The newest releases first, each with note, actor, time and whether it serves; all without ``limit``."""
        active = select(serving.c.release_id).scalar_subquery()
        newest = select(releases, (releases.c.id == active).label("active")).order_by(releases.c.id.desc())
        with self._database.begin() as connection:
            rows = connection.execute(newest.limit(limit)).mappings()
            return [{str(name): value for name, value in row.items()} for row in rows]

    def policy(self, policy_hash: str) -> dict[str, Any]:
        """The documents of one policy.

        Raises:
            NotFound: when the policy is not stored.
        """
        with self._database.begin() as connection:
            return read_policy(connection, policy_hash)

    def policy_names(self) -> PolicyNames:
        """The names that the policies of all releases and trials give to offers, channels and questions."""
        with self._database.begin(PATIENCE_S) as connection:
            return policy_names.read_names(connection)

    def bundle(self, version: str) -> dict[str, Any]:
        """The manifest of one bundle.

        Raises:
            NotFound: when the bundle is not stored.
        """
        with self._database.begin() as connection:
            return read_bundle(connection, version)

    def list_bundles(self) -> dict[str, dict[str, Any]]:
        """The manifests of all stored bundles by version."""
        with self._database.begin(PATIENCE_S) as connection:
            rows = connection.execute(select(bundles.c.version, cast(bundles.c.manifest, Text).label("manifest")))
            return {row.version: orjson.loads(row.manifest) for row in rows}

    def put_bundle(self, version: str, manifest: Mapping[str, object]) -> None:
        """Store a bundle's manifest under its version.

        Raises:
            Conflict: when another manifest is stored under it.
        """
        with self._database.begin() as connection:
            put_bundle(connection, version, manifest)

    def promote(self, bundle: str, note: str, actor: str) -> Release:
        """Make a bundle serve beside the policy and prices that serve.

        Raises:
            NotFound: the bundle is not stored.
            Conflict: no policy serves yet.
        """
        with self._database.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(audit.LOCK)))
            columns = select(releases.c.policy, releases.c.prices)
            serves = connection.execute(columns.join(serving, serving.c.release_id == releases.c.id)).first()
            if serves is None:
                raise Conflict("No policy serves yet that a bundle could serve beside.")
            return activate(connection, serves.policy, bundle, serves.prices, note, actor)


def release_of(rows: Iterable[Row]) -> Release | None:
    """The row of ``ACTIVE``; None where there is none."""
    for number, policy, bundle, prices in rows:
        return Release(whole(number), word(policy) or "", word(bundle), orjson.loads(prices or b"{}"))
    return None


def put_policy(connection: Connection, policy_hash: str, documents: Mapping[str, object]) -> None:
    """Store a policy's documents under their hash; storing them again changes nothing."""
    encoding.name("policy", policy_hash)
    body = cast(literal(encoding.document("documents", documents).decode(), Text), JSON)
    connection.execute(insert_new(policies).values(hash=policy_hash, documents=body).on_conflict_do_nothing())


def read_policy(connection: Connection, policy_hash: str) -> dict[str, Any]:
    """The documents of one policy.

    Raises: NotFound: when it is not stored.
    """
    kept = connection.execute(select(cast(policies.c.documents, Text)).where(policies.c.hash == policy_hash)).scalar()
    if kept is None:
        raise NotFound(f'No policy "{policy_hash}" is stored.')
    documents: dict[str, Any] = orjson.loads(kept)
    return documents


def put_bundle(connection: Connection, version: str, manifest: Mapping[str, object]) -> None:
    """Store a bundle's manifest under its version.

    Raises: Conflict: when another manifest is stored under it.
    """
    encoding.name("version", version)
    body = encoding.document("manifest", manifest).decode()
    row = insert_new(bundles).values(version=version, manifest=cast(literal(body, Text), JSON))
    new = connection.execute(row.on_conflict_do_nothing().returning(bundles.c.version)).scalar() is not None
    if not new and read_bundle(connection, version) != orjson.loads(body):
        raise Conflict(f'Bundle "{version}" is stored with another manifest.')


def read_bundle(connection: Connection, version: str) -> dict[str, Any]:
    """The manifest of one bundle.

    Raises: NotFound: when it is not stored.
    """
    kept = connection.execute(select(cast(bundles.c.manifest, Text)).where(bundles.c.version == version)).scalar()
    if kept is None:
        raise NotFound(f'No bundle "{version}" is stored.')
    manifest: dict[str, Any] = orjson.loads(kept)
    return manifest


def activate(
    connection: Connection,
    policy_hash: str,
    version: str | None,
    prices: Mapping[str, float],
    note: str,
    actor: str,
    restores: int | None = None,
) -> Release:
    """A new release of policy, bundle and prices, serving from the commit on.

    ``restores`` is the release that it repeats, where it rolls back.

    Raises:
        NotFound: policy or bundle is not stored.
        Withdrawn: the policy was withdrawn.
    """
    encoding.new_name("actor", actor)
    _known(connection, policy_hash, version)
    at = now_ms()
    priced = cast(literal(encoding.document("prices", prices).decode(), Text), JSONB)
    row = insert(releases).values(
        policy=policy_hash, bundle=version, prices=priced, note=note, actor=actor, activated_at=at, restores=restores
    )
    connection.execute(select(func.pg_advisory_xact_lock(audit.LOCK)))
    number = int(connection.execute(row.returning(releases.c.id)).scalar_one())
    connection.execute(update(serving).values(release_id=number))
    audit.append(
        connection, actor, "release.activate", str(number), {"policy": policy_hash, "bundle": version, "note": note}
    )
    return Release(number, policy_hash, version, dict(prices))


def _known(connection: Connection, policy_hash: str, version: str | None) -> None:
    read_policy(connection, policy_hash)
    expect_not_withdrawn(connection, policy_hash)
    if version is not None:
        read_bundle(connection, version)
