"""Rolling back: an earlier release restored as a new one; the one before, or one that is named.

A release is named by its number, by the hash of its policy or the beginning of it, or by its bundle's version; of
several the newest is meant. What was withdrawn is never restored: it is passed over, or refused where it was named.
"""

from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from service.core.domain import Release
from service.core.errors import Conflict, InvalidInput, NotFound
from service.store.releases import releases
from service.store.releases.notes import expect_note
from service.store.schema import challengers, policies, serving, withdrawals
from service.store.schema import releases as released
from service.store.security import audit

SHORTEST = 6
"""The fewest characters of a hash that may stand for the whole."""
MOST_NUMBER = 18
"""The most digits of a release's number."""


def lock(connection: Connection) -> None:
    """Let one transaction at a time change what serves."""
    connection.execute(select(func.pg_advisory_xact_lock(audit.LOCK)))


def find_serving(connection: Connection) -> Row[Any] | None:
    """The release that serves; None before the first."""
    return connection.execute(select(released).join(serving, serving.c.release_id == released.c.id)).first()


def find_before(connection: Connection, serves: Row[Any]) -> Row[Any] | None:
    """The newest earlier release that differs from the one ``serves`` stands for and may serve; ending its trial counts
    as a difference.
    """
    before, withdrawn = released.c.id < (serves.restores or serves.id), select(withdrawals.c.policy)
    earlier = select(released).where(before, released.c.policy.not_in(withdrawn))
    for row in connection.execute(earlier.order_by(released.c.id.desc())):
        if _differs(connection, row, serves):
            return row
    return None


def find_named(connection: Connection, named: str, serves: Row[Any]) -> Row[Any]:
    """The newest release of that number, policy or bundle.

    Raises:
        NotFound: there is none.
        InvalidInput: several policies begin so.
        Conflict: it is what serves.
    """
    row = connection.execute(_named(connection, named).order_by(released.c.id.desc()).limit(1)).first()
    if row is None:
        raise NotFound(f'No release "{named[:64]}": name its number, the hash of its policy, or its bundle.')
    if not _differs(connection, row, serves):
        raise Conflict(f"Release {row.id} is what serves already.")
    return row


def restore(connection: Connection, row: Row[Any], serves: Row[Any], actor: str, note: str) -> Release:
    """An earlier release as a new one that serves.

    Raises: Withdrawn: when its policy was withdrawn.
    """
    audit.append(connection, actor, "release.rollback", str(row.id), {"from": serves.id, "note": note})
    said = f"rollback to release {row.id}" + (f": {note}" if expect_note(note) else "")
    restores = row.restores or row.id
    return releases.activate(connection, row.policy, row.bundle, row.prices, said, actor, restores=restores)


def whole_hash(connection: Connection, start: str) -> str:
    """The hash of the one stored policy that begins with ``start``.

    Raises:
        NotFound: no policy begins with it, or it is too short.
        InvalidInput: several do.
    """
    alike = select(policies.c.hash).where(policies.c.hash.startswith(start, autoescape=True)).limit(2)
    found = connection.execute(alike).scalars().all() if len(start) >= SHORTEST else []
    if len(found) > 1:
        raise InvalidInput(f'Several policies begin with "{start}": give more of the hash.')
    if not found:
        raise NotFound(f'No policy "{start}" is stored; give its hash or at least {SHORTEST} characters of it.')
    return str(found[0])


def _named(connection: Connection, named: str) -> Select[Any]:
    if named.isascii() and named.isdigit() and len(named) <= MOST_NUMBER:
        return select(released).where(released.c.id == int(named))
    if connection.execute(select(released.c.id).where(released.c.bundle == named).limit(1)).first() is not None:
        return select(released).where(released.c.bundle == named)
    return select(released).where(released.c.policy == whole_hash(connection, named))


def _differs(connection: Connection, row: Row[Any], serves: Row[Any]) -> bool:
    trial = connection.execute(select(challengers.c.release_id).where(challengers.c.release_id == serves.id)).first()
    return trial is not None or (row.policy, row.bundle, row.prices) != (serves.policy, serves.bundle, serves.prices)
