"""Release with two pairs of eyes: a policy is proposed by its author and approved by somebody else.

Where changes are red, a third person signs for compliance first (``signatures``). What was withdrawn never serves.

A proposal belongs to a policy's hash, so to its content: whoever proposes the same content again becomes no author, and
its author cannot approve it. Approving makes the policy serve beside the bundle and prices that serve then; rolling
back restores the release before. Both run in one transaction with their rows of the audit log, under one lock, so that
no approval, promotion or rollback overtakes another. One person is one pair of eyes under all their names
(``person_names``).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert as insert_new

from service.core.clock import now_ms
from service.core.domain import Release
from service.core.errors import Conflict, InvalidInput, NotFound, Problem
from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.releases import releases
from service.store.releases.notes import expect_note
from service.store.releases.person_names import expect_another, read_persons
from service.store.releases.persons import read_name
from service.store.releases.rollbacks import find_before, find_named, find_serving, lock, restore, whole_hash
from service.store.releases.signatures import Review, expect_signed
from service.store.releases.withdrawals import expect_not_withdrawn, put_withdrawal
from service.store.schema import challengers, proposals, serving, withdrawals
from service.store.schema import releases as released
from service.store.security import audit

ALONE = "the first policy of an empty database: by its operator alone, without approval and without compliance"
"""What the audit log says of a bootstrap."""
FORGET_ALL = text("UPDATE serving SET cache_generation = cache_generation + 1")
"""Raises the cache generation: no answer cached before is served again."""
WAITING = 2
"""How many of the newest proposals are prepared as likely to serve next."""

TURN = 7_046_019
"""The advisory lock of the process that checks a policy."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed policy: by whom, why, when (ms); ``release`` is the newest that served it.

    ``approver`` is who approved it last; who rolled back to it, or promoted a bundle beside it, is none.
    """

    policy: str
    author: str
    note: str
    at: int
    release: int | None = None
    approver: str | None = None
    active: bool = False
    withdrawn: bool = False

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
            lock(connection)
            new = _propose(connection, policy, documents, author, note)
            proposal = _found(connection, policy)
            if proposed is not None:
                proposed(connection, proposal, new)
            return proposal, new

    def approve(
        self,
        policy: str,
        approver: str,
        note: str,
        released: Released | None = None,
        review: Review | None = None,
    ) -> Release:
        """Make a proposed policy serve; ``review`` says what it was compared with.

        Raises:
            NotFound: it was never proposed.
            OwnApproval: the approver is its author.
            Conflict: it serves already, or was compared with what serves no more.
            Withdrawn: it was withdrawn.
            Unsigned: its red changes lack the signature of a third person.
        """
        with self._database.begin() as connection:
            lock(connection)
            release = _approve(connection, _found(connection, policy), approver, note, review)
            if released is not None:
                released(connection, release)
            return release

    def refuse_author(self, policy: str, actor: str, deed: str) -> None:
        """Refuse the author of a proposed policy; ``deed`` says what another must do.

        Raises:
            NotFound: it was never proposed.
            OwnApproval: the actor is its author, under any of their names.
        """
        with self._database.begin() as connection:
            found = _found(connection, policy)
            expect_another(read_persons(connection, found.at), found.author, actor, deed)

    def bootstrap(
        self, policy: str, documents: Mapping[str, object], bundle: str | None, author: str, note: str
    ) -> Release:
        """Make the very first policy serve by its author alone.

        Raises:
            Conflict: a release was made before.
        """
        with self._database.begin() as connection:
            lock(connection)
            if connection.execute(select(released.c.id).limit(1)).first() is not None:
                raise Conflict("A release was made before: propose the policy and let somebody else approve it.")
            _propose(connection, policy, documents, author, note)
            audit.append(
                connection, author, "release.bootstrap", policy, {"bundle": bundle, "signed_by": [], "why": ALONE}
            )
            return releases.activate(connection, policy, bundle, {}, note, author)

    def rollback(self, actor: str, note: str, to: str | None = None) -> Release:
        """Restore a release as a new one: that of a number, policy or bundle, else the one before what serves.

        Rolling back again goes further back, never forth. Withdrawn policies are passed over.

        Raises:
            Conflict: there is no earlier release, or the one that is named serves.
            Withdrawn: the policy of the one that is named was withdrawn.
            NotFound: no release has that number, policy or bundle.
        """
        with self._database.begin() as connection:
            lock(connection)
            serves = find_serving(connection)
            row = None if serves is None else _wanted(connection, serves, to)
            if serves is None or row is None:
                raise Conflict("There is no earlier release to go back to.")
            return restore(connection, row, serves, actor, note)

    def withdraw(self, policy: str, actor: str, reason: str, to: str | None = None) -> Release | None:
        """Let a policy never serve again; returns the release that serves instead, where it served or was on trial.

        ``to`` names the release to fall back on, as in ``rollback``; it is needed where the policy serves.

        Raises:
            NotFound: the policy, or the release to fall back on, is not stored.
            Conflict: it serves and ``to`` names no other release.
            Withdrawn: it was withdrawn before, or what ``to`` names was.
            InvalidInput: the reason is missing or cannot be stored.
        """
        with self._database.begin() as connection:
            lock(connection)
            releases.read_policy(connection, policy)
            expect_not_withdrawn(connection, policy)
            put_withdrawal(connection, policy, actor, reason)
            release = _replaced(connection, policy, actor, reason, to)
            instead = None if release is None else release.id
            audit.append(connection, actor, "policy.withdraw", policy, {"reason": reason, "release": instead})
            connection.execute(FORGET_ALL)
            return release

    def list_likely(self) -> list[str]:
        """The policies that may serve next: the newest proposals without approval, and what a rollback restores."""
        with self._database.begin() as connection:
            served = select(released.c.policy)
            waiting = select(proposals.c.policy).where(proposals.c.policy.not_in(served))
            newest = connection.execute(waiting.order_by(proposals.c.at.desc()).limit(WAITING)).scalars().all()
            serves = find_serving(connection)
            before = None if serves is None else find_before(connection, serves)
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
            return whole_hash(connection, start)


def _propose(connection: Connection, policy: str, documents: Mapping[str, object], author: str, note: str) -> bool:
    encoding.new_name("author", author)
    expect_note(note)
    if not read_name(author):
        raise InvalidInput("An author needs a name.", [Problem("author", "must not be blank")])
    expect_not_withdrawn(connection, policy)
    releases.put_policy(connection, policy, documents)
    row = insert_new(proposals).values(policy=policy, author=author, note=note, at=now_ms())
    new = connection.execute(row.on_conflict_do_nothing().returning(proposals.c.policy)).scalar() is not None
    if new:
        audit.append(connection, author, "policy.propose", policy, {"note": note})
    return new


def _approve(connection: Connection, proposal: Proposal, approver: str, note: str, review: Review | None) -> Release:
    if not read_name(approver):
        raise InvalidInput("An approver needs a name.", [Problem("approver", "must not be blank")])
    persons = read_persons(connection, proposal.at)
    expect_another(persons, proposal.author, approver, "approve it")
    if proposal.active:
        raise Conflict(f"This policy serves already, as release {proposal.release}.")
    serves = find_serving(connection)
    bundle, prices = (None, {}) if serves is None else (serves.bundle, serves.prices)
    people = proposal.author, approver
    compared = None if serves is None else serves.policy
    signers = expect_signed(connection, proposal.policy, compared, review, people, persons)
    said = f"approved, proposed by {proposal.author}" + (f": {note}" if expect_note(note) else "")
    detail = {"author": proposal.author, "note": note, "red": 0 if review is None else review.red, "signed_by": signers}
    audit.append(connection, approver, "policy.approve", proposal.policy, detail)
    return releases.activate(connection, proposal.policy, bundle, prices, said, approver)


def _wanted(connection: Connection, serves: Row[Any], to: str | None) -> Row[Any] | None:
    return find_before(connection, serves) if to is None else find_named(connection, to, serves)


def _replaced(connection: Connection, policy: str, actor: str, reason: str, to: str | None) -> Release | None:
    """What serves instead of a withdrawn policy; None where it neither served nor was on trial."""
    serves = find_serving(connection)
    if serves is not None and serves.policy == policy:
        return _fallen_back(connection, serves, actor, reason, to)
    if serves is None or not _is_tried(connection, serves.id, policy):
        return None
    words = "trial ends: its policy was withdrawn"
    return releases.activate(connection, serves.policy, serves.bundle, serves.prices, words, actor)


def _fallen_back(connection: Connection, serves: Row[Any], actor: str, reason: str, to: str | None) -> Release:
    if to is None:
        raise Conflict(
            "This policy serves: name the release to fall back on (`to`), or go back first (`fourcast rollback --to`)."
        )
    row = find_named(connection, to, serves)
    return restore(connection, row, serves, actor, reason)


def _is_tried(connection: Connection, release: int, policy: str) -> bool:
    trial = select(challengers.c.policy).where(challengers.c.release_id == release)
    return connection.execute(trial).scalar() == policy


def _found(connection: Connection, policy: str) -> Proposal:
    row = connection.execute(_all().where(proposals.c.policy == policy)).first()
    if row is None:
        raise NotFound(f'No policy "{policy}" was proposed.')
    return _proposal(row)


def _all() -> Any:
    """Every proposal beside the newest release of its policy, its last approver, whether it serves or was withdrawn.

    A release approves where it restores none and another policy served before it.
    """
    own = select(released).where(released.c.policy == proposals.c.policy).order_by(released.c.id.desc()).limit(1)
    earlier = released.alias("earlier")
    before = select(earlier.c.policy).where(earlier.c.id < released.c.id).order_by(earlier.c.id.desc()).limit(1)
    other = released.c.policy.is_distinct_from(before.correlate(released).scalar_subquery())
    newest, approval = own.lateral("newest"), own.where(released.c.restores.is_(None), other).lateral("approval")
    active = select(released.c.policy).join(serving, serving.c.release_id == released.c.id).scalar_subquery()
    columns = select(
        proposals,
        newest.c.id.label("release"),
        approval.c.actor,
        (active == proposals.c.policy).label("active"),
        exists().where(withdrawals.c.policy == proposals.c.policy).label("withdrawn"),
    )
    served = proposals.outerjoin(newest, newest.c.id.is_not(None))
    return columns.select_from(served.outerjoin(approval, approval.c.id.is_not(None)))


def _proposal(row: Any) -> Proposal:
    return Proposal(row.policy, row.author, row.note, row.at, row.release, row.actor, bool(row.active), row.withdrawn)
