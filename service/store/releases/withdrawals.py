"""Withdrawn policies: what never serves again, by whom and why. A withdrawal is final."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from service.core.clock import now_ms
from service.core.errors import InvalidInput, Problem, Withdrawn
from service.store.connection.database import Database
from service.store.releases.notes import expect_note
from service.store.schema import withdrawals


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who withdrew a policy, why, and when (ms)."""

    policy: str
    actor: str
    reason: str
    at: int


class WithdrawalRepository:
    """The withdrawn policies of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, policy: str) -> Withdrawal | None:
        """The withdrawal of a policy; None where it may serve."""
        with self._database.begin() as connection:
            return find_withdrawal(connection, policy)

    def expect_may_serve(self, policy: str) -> None:
        """Check that a policy may serve, wherever it is read from.

        Raises: Withdrawn: when it was withdrawn.
        """
        with self._database.begin() as connection:
            expect_not_withdrawn(connection, policy)


def find_withdrawal(connection: Connection, policy: str) -> Withdrawal | None:
    """The withdrawal of a policy; None where it may serve."""
    row = connection.execute(select(withdrawals).where(withdrawals.c.policy == policy)).first()
    return None if row is None else Withdrawal(row.policy, row.actor, row.reason, row.at)


def expect_not_withdrawn(connection: Connection, policy: str) -> None:
    """Check that a policy may serve.

    Raises: Withdrawn: when it was withdrawn.
    """
    found = find_withdrawal(connection, policy)
    if found is not None:
        raise Withdrawn(f'Policy {policy[:12]} was withdrawn by "{found.actor}" and never serves again: {found.reason}')


def put_withdrawal(connection: Connection, policy: str, actor: str, reason: str) -> None:
    """Store a withdrawal.

    Raises: InvalidInput: when it has no reason, or one that cannot be stored.
    """
    if not reason.strip():
        raise InvalidInput("A withdrawal needs a reason.", [Problem("reason", "must not be blank")])
    row = {"policy": policy, "actor": actor, "reason": expect_note(reason), "at": now_ms()}
    connection.execute(insert(withdrawals).values(row))
