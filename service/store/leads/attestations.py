"""Attestations: advisers' confirmations that they know the rules of conduct, each with text, day and who recorded it.

Appended, never changed; the newest day counts. They end with the adviser's row, and the audit log keeps each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select

from service.store.connection import encoding
from service.store.connection.database import PATIENCE_S, Database
from service.store.leads.rows import Actor
from service.store.schema import advisers, attestations
from service.store.security import audit

COLUMNS = (
    attestations.c.adviser, attestations.c.version, attestations.c.attested_on, attestations.c.recorded_by,
    attestations.c.recorded_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attestation:
    """The adviser confirmed the text of that ``version`` on that day; recorded by whom, and when (ms UTC)."""

    adviser: str
    version: str
    attested_on: date
    recorded_by: str
    recorded_at: int


class AttestationRepository:
    """The attestations of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, adviser_id: str, version: str, attested_on: date, actor: Actor) -> Attestation:
        """Store that a known adviser confirmed this text on that day, and write it to the audit log."""
        who = actor.client if actor.behalf is None else actor.behalf
        encoding.name("on_behalf_of", who)
        row = Attestation(adviser_id, version, attested_on, who, self._database.clock())
        values = {column.name: getattr(row, column.name) for column in COLUMNS}
        with self._database.begin() as connection:
            connection.execute(insert(attestations).values(**values))
            told = {"version": version, "attested_on": attested_on.isoformat(), "on_behalf_of": actor.behalf}
            audit.append(connection, actor.client, "adviser.attest", adviser_id, told)
        return row

    def list_all(self, adviser_id: str) -> list[Attestation]:
        """The adviser's attestations, the newest day first."""
        wanted = select(*COLUMNS).where(attestations.c.adviser == adviser_id)
        newest = wanted.order_by(attestations.c.attested_on.desc(), attestations.c.seq.desc())
        with self._database.begin() as connection:
            return [Attestation(*row) for row in connection.execute(newest)]

    def newest(self, branch: str | None = None) -> Mapping[str, Attestation]:
        """The newest attestation of each adviser of the branch or the bank; advisers without one are left out."""
        wanted = select(*COLUMNS).join(advisers, advisers.c.id == attestations.c.adviser)
        wanted = wanted if branch is None else wanted.where(advisers.c.branch == branch)
        with self._database.begin(PATIENCE_S) as connection:
            rows = connection.execute(wanted.order_by(attestations.c.attested_on, attestations.c.seq))
            return {row.adviser: Attestation(*row) for row in rows}
