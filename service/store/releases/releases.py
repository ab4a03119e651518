"""Policies, bundles and the releases that serve them. Policies and bundles never change: their name is their content.

Activating writes the release, makes it the serving one and says so in the audit log, in one transaction. Rolling back
is activating an older pair again: the history only grows.
"""

import time
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, Text, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.dialects.postgresql import insert as insert_new

from service.core.domain import Release
from service.core.errors import Conflict, NotFound
from service.store.connection import encoding
from service.store.schema import bundles, policies, releases, serving
from service.store.security import audit


def put_policy(connection: Connection, policy_hash: str, documents: Mapping[str, object]) -> None:
    """Keep a policy's documents under their hash; keeping them again changes nothing."""
    encoding.name("policy", policy_hash)
    body = cast(literal(encoding.document("documents", documents).decode(), Text), JSON)
    connection.execute(insert_new(policies).values(hash=policy_hash, documents=body).on_conflict_do_nothing())


def policy(connection: Connection, policy_hash: str) -> dict[str, Any]:
    """The documents of one policy; raises NotFound."""
    kept = connection.execute(select(cast(policies.c.documents, Text)).where(policies.c.hash == policy_hash)).scalar()
    if kept is None:
        raise NotFound(f'No policy "{policy_hash}" is stored.')
    documents: dict[str, Any] = orjson.loads(kept)
    return documents


def put_bundle(connection: Connection, version: str, manifest: Mapping[str, object]) -> None:
    """Keep a bundle's manifest under its version; another manifest under the same version is a Conflict."""
    encoding.name("version", version)
    body = encoding.document("manifest", manifest).decode()
    row = insert_new(bundles).values(version=version, manifest=cast(literal(body, Text), JSON))
    new = connection.execute(row.on_conflict_do_nothing().returning(bundles.c.version)).scalar() is not None
    if not new and bundle(connection, version) != orjson.loads(body):
        raise Conflict(f'Bundle "{version}" is stored with another manifest.')


def bundle(connection: Connection, version: str) -> dict[str, Any]:
    """The manifest of one bundle; raises NotFound."""
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
    """A new release of policy, bundle and prices, serving from the commit on; NotFound for what is not stored.

    ``restores`` is the release that it stands for again, where it rolls back.
    """
    encoding.new_name("actor", actor)
    _known(connection, policy_hash, version)
    at = time.time_ns() // 1_000_000
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


def promote(connection: Connection, version: str, note: str, actor: str) -> Release:
    """Put a bundle beside the policy and prices that serve when this runs; Conflict where none do."""
    connection.execute(select(func.pg_advisory_xact_lock(audit.LOCK)))
    serves = connection.execute(
        select(releases.c.policy, releases.c.prices).join(serving, serving.c.release_id == releases.c.id)
    ).first()
    if serves is None:
        raise Conflict("No policy serves yet that a bundle could serve beside.")
    return activate(connection, serves.policy, version, serves.prices, note, actor)


def listed(connection: Connection, limit: int | None) -> list[dict[str, Any]]:
    """The releases, newest first, with note, actor, time and whether each serves; all where ``limit`` is None."""
    active = select(serving.c.release_id).scalar_subquery()
    rows = connection.execute(
        select(releases, (releases.c.id == active).label("active")).order_by(releases.c.id.desc()).limit(limit)
    )
    return [{str(name): value for name, value in row.items()} for row in rows.mappings()]


def _known(connection: Connection, policy_hash: str, version: str | None) -> None:
    policy(connection, policy_hash)
    if version is not None:
        bundle(connection, version)
