"""Release with two pairs of eyes: a policy is proposed by its author and approved by somebody else.

A proposal belongs to a policy's hash, so to its content: whoever proposes the same content again becomes no author, and
its author cannot approve it. Approving makes the policy serve beside the bundle and prices that serve then; rolling
back restores the release before. Both run in one transaction with their rows of the audit log, under one lock, so that
no approval, promotion or rollback overtakes another. Names are compared as people read them: case, width and spaces
make no second person.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import insert as insert_new

from service.core.clock import now_ms
from service.core.domain import Release
from service.core.errors import Conflict, InvalidInput, NotFound, OwnApproval, Problem
from service.core.folding import fold_text
from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.releases import releases
from service.store.schema import challengers, policies, proposals, serving
from service.store.schema import releases as released
from service.store.security import audit

NOTE_MAX = 500
WAITING = 2
"""How many of the newest proposals are prepared as likely to serve next."""

TURN = 7_046_019
"""The advisory lock of the process that checks a policy."""
SHORTEST = 6
"""The fewest characters of a hash that may stand for the whole."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed policy: by whom, why, when (ms); ``release`` is the newest that served it, with its approver."""

    policy: str
    author: str
    note: str
    at: int
    release: int | None = None
    approver: str | None = None
    active: bool = False

    @property
    def state(self) -> str:
        """``proposed`` until somebody approves it, ``active`` while it serves, ``retired`` after."""
        return "active" if self.active else "proposed" if self.release is None else "retired"


Proposed = Callable[[Connection, Proposal, bool], None]
"""Called with a proposal, and whether it is new, before the transaction ends."""
Released = Callable[[Connection, Release], None]
"""Called with a release before the transaction ends."""


class ProposalRepository:
    """The proposals of one database; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def take_turn(self) -> Iterator[bool]:
        """Whether the caller is the only process of this database that checks a policy within."""
        with self._database.begin() as connection:
            yield bool(connection.execute(select(func.pg_try_advisory_xact_lock(TURN))).scalar_one())

    def propose(
        self,
        policy: str,
        documents: Mapping[str, object],
        author: str,
        note: str,
        proposed: Proposed | None = None,
    ) -> tuple[Proposal, bool]:
        """Store a checked policy as a proposal; with False where this content was proposed before: nothing changes.

        Raises:
            InvalidInput: author or note cannot be stored.
        """
        with self._database.begin() as connection:
            _lock(connection)
            new = _propose(connection, policy, documents, author, note)
            proposal = _found(connection, policy)
            if proposed is not None:
                proposed(connection, proposal, new)
            return proposal, new

    def approve(self, policy: str, approver: str, note: str, released: Released | None = None) -> Release:
        """Make a proposed policy serve.

        Raises:
            NotFound: it was never proposed.
            OwnApproval: the approver is its author.
            Conflict: it serves already.
        """
        with self._database.begin() as connection:
            _lock(connection)
            release = _approve(connection, _found(connection, policy), approver, note)
            if released is not None:
                released(connection, release)
            return release

    def bootstrap(
        self, policy: str, documents: Mapping[str, object], bundle: str | None, author: str, note: str
    ) -> Release:
        """Make the very first policy serve by its author alone.

        Raises:
            Conflict: a release was made before.
        """
        with self._database.begin() as connection:
            _lock(connection)
            if connection.execute(select(released.c.id).limit(1)).first() is not None:
                raise Conflict("A release was made before: propose the policy and let somebody else approve it.")
            _propose(connection, policy, documents, author, note)
            audit.append(connection, author, "release.bootstrap", policy, {"bundle": bundle})
            return releases.activate(connection, policy, bundle, {}, note, author)

    def rollback(self, actor: str, note: str) -> Release:
        """Restore the release before the one that serves, as a new release.

        Rolling back again goes further back, never forth.

        Raises:
            Conflict: there is no earlier release.
        """
        with self._database.begin() as connection:
            _lock(connection)
            serves = _serves(connection)
            before = None if serves is None else _before(connection, serves)
            if serves is None or before is None:
                raise Conflict("There is no earlier release to go back to.")
            audit.append(connection, actor, "release.rollback", str(before.id), {"from": serves.id, "note": note})
            said = f"rollback to release {before.id}" + (f": {note}" if _said(note) else "")
            restores = before.restores or before.id
            return releases.activate(
                connection, before.policy, before.bundle, before.prices, said, actor, restores=restores
            )

    def list_likely(self) -> list[str]:
        """The policies that may serve next: the newest proposals without approval, and what a rollback restores."""
        with self._database.begin() as connection:
            served = select(released.c.policy)
            waiting = select(proposals.c.policy).where(proposals.c.policy.not_in(served))
            newest = connection.execute(waiting.order_by(proposals.c.at.desc()).limit(WAITING)).scalars().all()
            serves = _serves(connection)
            before = None if serves is None else _before(connection, serves)
            return [*newest, *([] if before is None else [before.policy])]

    def find(self, policy: str) -> Proposal:
        """One proposal by its policy's hash.

        Raises:
            NotFound: when nobody proposed the policy.
        """
        with self._database.begin() as connection:
            return _found(connection, policy)

    def list_proposals(self, limit: int) -> list[Proposal]:
        """The newest proposals first."""
        with self._database.begin() as connection:
            newest = _all().order_by(proposals.c.at.desc(), proposals.c.policy).limit(limit)
            return [_proposal(row) for row in connection.execute(newest)]

    def whole_hash(self, start: str) -> str:
        """The hash of the one stored policy that begins with ``start``.

        Raises:
            NotFound: no policy begins with it, or it is too short.
            InvalidInput: several do.
        """
        with self._database.begin() as connection:
            alike = select(policies.c.hash).where(policies.c.hash.startswith(start, autoescape=True)).limit(2)
            found = connection.execute(alike).scalars().all() if len(start) >= SHORTEST else []
        if len(found) > 1:
            raise InvalidInput(f'Several policies begin with "{start}": give more of the hash.')
        if not found:
            raise NotFound(f'No policy "{start}" is stored; give its hash or at least {SHORTEST} characters of it.')
        return str(found[0])


def same_person(one: str, other: str) -> bool:
    """Whether a reader takes two names for one.

    >>> same_person("Anna Li", " ａｎｎａ  li")
    True
    """
    return _read(one) == _read(other)


def _read(name: str) -> str:
    return " ".join(fold_text(name).split())


def _lock(connection: Connection) -> None:
    connection.execute(select(func.pg_advisory_xact_lock(audit.LOCK)))


def _propose(connection: Connection, policy: str, documents: Mapping[str, object], author: str, note: str) -> bool:
    encoding.new_name("author", author)
    _said(note)
    if not _read(author):
        raise InvalidInput("An author needs a name.", [Problem("author", "must not be blank")])
    releases.put_policy(connection, policy, documents)
    row = insert_new(proposals).values(policy=policy, author=author, note=note, at=now_ms())
    new = connection.execute(row.on_conflict_do_nothing().returning(proposals.c.policy)).scalar() is not None
    if new:
        audit.append(connection, author, "policy.propose", policy, {"note": note})
    return new


def _approve(connection: Connection, proposal: Proposal, approver: str, note: str) -> Release:
    if not _read(approver):
        raise InvalidInput("An approver needs a name.", [Problem("approver", "must not be blank")])
    if same_person(approver, proposal.author):
        raise OwnApproval(f'"{proposal.author}" proposed this policy: somebody else must approve it.')
    if proposal.active:
        raise Conflict(f"This policy serves already, as release {proposal.release}.")
    serves = _serves(connection)
    bundle, prices = (None, {}) if serves is None else (serves.bundle, serves.prices)
    said = f"approved, proposed by {proposal.author}" + (f": {note}" if _said(note) else "")
    audit.append(connection, approver, "policy.approve", proposal.policy, {"author": proposal.author, "note": note})
    return releases.activate(connection, proposal.policy, bundle, prices, said, approver)


def _said(note: str) -> str:
    if "\0" in note or len(note) > NOTE_MAX:
        raise InvalidInput(
            "The note does not fit.", [Problem("note", f"must be text of at most {NOTE_MAX} characters")]
        )
    return note


def _before(connection: Connection, serves: Row[Any]) -> Row[Any] | None:
    """The newest earlier release that differs from the one ``serves`` stands for; ending its trial counts as a
    difference.
    """
    trial = connection.execute(select(challengers.c.release_id).where(challengers.c.release_id == serves.id)).first()
    earlier = released.c.id < (serves.restores or serves.id)
    for row in connection.execute(select(released).where(earlier).order_by(released.c.id.desc())):
        if trial is not None or (row.policy, row.bundle, row.prices) != (serves.policy, serves.bundle, serves.prices):
            return row
    return None


def _serves(connection: Connection) -> Row[Any] | None:
    return connection.execute(select(released).join(serving, serving.c.release_id == released.c.id)).first()


def _found(connection: Connection, policy: str) -> Proposal:
    row = connection.execute(_all().where(proposals.c.policy == policy)).first()
    if row is None:
        raise NotFound(f'No policy "{policy}" was proposed.')
    return _proposal(row)


def _all() -> Any:
    """Every proposal beside the newest release of its policy, and the policy that serves."""
    newest = (
        select(released.c.id, released.c.actor)
        .where(released.c.policy == proposals.c.policy)
        .order_by(released.c.id.desc())
        .limit(1)
        .lateral("newest")
    )
    active = select(released.c.policy).join(serving, serving.c.release_id == released.c.id).scalar_subquery()
    columns = select(
        proposals, newest.c.id.label("release"), newest.c.actor, (active == proposals.c.policy).label("active")
    )
    return columns.select_from(proposals.outerjoin(newest, newest.c.id.is_not(None)))


def _proposal(row: Any) -> Proposal:
    return Proposal(row.policy, row.author, row.note, row.at, row.release, row.actor, bool(row.active))
