"""Stopped models: a model of that name scores nobody, in whichever bundle, until it is started again.

Stopping or starting makes a new release of what serves, with its trial, which every worker follows as any other; and no
cached answer is served again. A model is stopped by its name (``scoring.models.manifest.names_of``), so a new bundle
does not bring it back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from service.core.clock import now_ms
from service.core.domain import Release
from service.core.errors import Conflict, InvalidInput, Problem
from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.releases import releases
from service.store.releases.notes import expect_note
from service.store.releases.proposals import FORGET_ALL
from service.store.releases.rollbacks import find_serving, lock
from service.store.schema import challengers, model_stops
from service.store.security import audit


@dataclass(frozen=True, slots=True)
class ModelStop:
    """Who stopped a model, why, and when (ms)."""

    model: str
    actor: str
    reason: str
    at: int


class ModelStopRepository:
    """The stopped models of one database; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_stops(self) -> dict[str, ModelStop]:
        """The stopped models by name."""
        with self._database.begin() as connection:
            rows = connection.execute(select(model_stops).order_by(model_stops.c.model))
            return {row.model: ModelStop(row.model, row.actor, row.reason, row.at) for row in rows}

    def stop(self, model: str, actor: str, reason: str) -> Release:
        """Stop a model; returns the release from which on it scores nobody.

        Raises:
            Conflict: it is stopped already, or nothing serves.
            InvalidInput: the reason is missing or cannot be stored.
        """
        if not reason.strip():
            raise InvalidInput("A stop needs a reason.", [Problem("reason", "must not be blank")])
        row = {"model": model, "actor": actor, "reason": expect_note(reason), "at": now_ms()}
        encoding.name("model", model)

        def put(connection: Connection) -> None:
            if connection.execute(select(model_stops.c.model).where(model_stops.c.model == model)).first() is not None:
                raise Conflict(f'Model "{model}" is stopped already.')
            connection.execute(insert(model_stops).values(row))

        return self._switch("model.stop", model, actor, reason, put)

    def start(self, model: str, actor: str, note: str) -> Release:
        """Let a stopped model score again; returns the release from which on it does.

        Raises:
            Conflict: it is not stopped, or nothing serves.
        """

        def take(connection: Connection) -> None:
            mine = delete(model_stops).where(model_stops.c.model == model)
            if not connection.execute(mine).rowcount:
                raise Conflict(f'Model "{model}" is not stopped.')

        return self._switch("model.start", model, actor, expect_note(note), take)

    def _switch(self, action: str, model: str, actor: str, note: str, change: Callable[[Connection], None]) -> Release:
        with self._database.begin() as connection:
            lock(connection)
            serves = find_serving(connection)
            if serves is None:
                raise Conflict("Nothing serves yet in which a model could be stopped.")
            change(connection)
            audit.append(connection, actor, action, model, {"note": note, "release": serves.id})
            said = f"{action.replace('.', ' ')} {model}" + (f": {note}" if note else "")
            release = _again(connection, serves, said, actor)
            connection.execute(FORGET_ALL)
            return release


def _again(connection: Connection, serves: Row[Any], note: str, actor: str) -> Release:
    """What serves as a new release, with its trial."""
    trial = connection.execute(select(challengers).where(challengers.c.release_id == serves.id)).first()
    words = serves.policy, serves.bundle, serves.prices, note, actor
    release = releases.activate(connection, *words, restores=serves.restores)
    if trial is not None:
        row = {"release_id": release.id, "policy": trial.policy, "bundle": trial.bundle, "share": trial.share}
        connection.execute(insert(challengers).values(row))
    return release
