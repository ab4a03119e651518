"""Challengers: a release that lets another policy or bundle serve a share of its customers.

Beginning or ending a trial makes a new release of the champion, which every worker follows. Whatever makes a release
without a challenger (an approval, a promotion, a rollback) ends the trial. A policy on trial serves real customers:
unless it has served before, somebody other than its author must begin the trial.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from service.core.domain import Release
from service.core.errors import Conflict, InvalidInput, Problem
from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.releases import releases
from service.store.releases.person_names import expect_another, read_persons
from service.store.releases.signatures import Review, expect_signed
from service.store.releases.withdrawals import expect_not_withdrawn
from service.store.schema import challengers, proposals, serving
from service.store.schema import releases as released
from service.store.security import audit

MOST = 0.5


@dataclass(frozen=True, slots=True)
class Challenger:
    """What is on trial, for which share of the customers who are in no standing test."""

    policy: str
    bundle: str | None
    share: float


class ChallengerRepository:
    """The trials of one database; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, release_id: int) -> Challenger | None:
        """The challenger of a release; None where it has none."""
        with self._database.begin() as connection:
            row = connection.execute(select(challengers).where(challengers.c.release_id == release_id)).first()
            return None if row is None else Challenger(row.policy, row.bundle, row.share)

    def begin(self, challenger: Challenger, actor: str, note: str, review: Review | None = None) -> Release:
        """Put a challenger on trial beside what serves; ``review`` says what its policy was compared with.

        Raises:
            NotFound: its policy or bundle is not stored.
            OwnApproval: the actor wrote a policy that never served.
            Conflict: nothing serves, or the challenger is the champion.
            Withdrawn: its policy was withdrawn.
            Unsigned: red changes of a policy that never served lack the signature of a third person.
            InvalidInput: the share is not above 0 to ``MOST``.
        """
        _check(challenger)
        with self._database.begin() as connection:
            champion = _champion(connection)
            releases.read_policy(connection, challenger.policy)
            expect_not_withdrawn(connection, challenger.policy)
            if challenger.bundle is not None:
                releases.read_bundle(connection, challenger.bundle)
            if (challenger.policy, challenger.bundle) == (champion.policy, champion.bundle):
                raise Conflict("This policy and bundle are the champion: a challenger must differ in one of them.")
            signers = _other_persons(connection, challenger.policy, champion.policy, actor, review)
            release = releases.activate(
                connection, champion.policy, champion.bundle, champion.prices, f"trial begins: {note}", actor
            )
            words = {"policy": challenger.policy, "bundle": challenger.bundle, "share": challenger.share}
            connection.execute(insert(challengers).values(release_id=release.id, **words))
            audit.append(
                connection, actor, "trial.begin", str(release.id), {**words, "note": note, "signed_by": signers}
            )
            return release

    def end(self, actor: str, note: str) -> Release:
        """Let the champion serve all customers again.

        Raises: Conflict: when nothing is on trial.
        """
        with self._database.begin() as connection:
            champion = _champion(connection)
            if connection.execute(select(challengers).where(challengers.c.release_id == champion.id)).first() is None:
                raise Conflict("No challenger is on trial.")
            audit.append(connection, actor, "trial.end", str(champion.id), {"note": note})
            return releases.activate(
                connection, champion.policy, champion.bundle, champion.prices, f"trial ends: {note}", actor
            )


def _check(challenger: Challenger) -> None:
    encoding.name("policy", challenger.policy)
    if not 0.0 < challenger.share <= MOST:
        problem = Problem("share", f"must be above 0 to {MOST:g}, got {challenger.share:g}")
        raise InvalidInput("The trial does not fit.", [problem])


def _champion(connection: Connection) -> Release:
    connection.execute(select(func.pg_advisory_xact_lock(audit.LOCK)))
    row = connection.execute(select(released).join(serving, serving.c.release_id == released.c.id)).first()
    if row is None:
        raise Conflict("Nothing serves yet that could be challenged.")
    return Release(row.id, row.policy, row.bundle, dict(row.prices))


def _other_persons(connection: Connection, policy: str, serves: str, actor: str, review: Review | None) -> list[str]:
    """Who signed a policy that never served.

    Raises:
        OwnApproval: the actor wrote it.
        Unsigned: it has red changes and nobody else signed it.
    """
    if connection.execute(select(released.c.id).where(released.c.policy == policy).limit(1)).first() is not None:
        return []
    row = connection.execute(select(proposals.c.author, proposals.c.at).where(proposals.c.policy == policy)).first()
    if row is None:
        raise Conflict("This policy was never proposed: publish it first.")
    persons = read_persons(connection, row.at)
    expect_another(persons, row.author, actor, "put it on trial")
    return expect_signed(connection, policy, serves, review, (row.author, actor), persons)
