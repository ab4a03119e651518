"""Signatures of compliance: the third pair of eyes on a policy, bound to its hash, so to its content.

A policy with red changes (``analysis.red_marks``) serves only when somebody signed it who neither wrote it nor makes it
serve. What is red depends on what serves; so the transaction that makes a policy serve checks that the policy it was
compared with still serves (``Review``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as insert_new

from service.core.clock import now_ms
from service.core.errors import Conflict, InvalidInput, Problem, Unsigned
from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.releases import releases, withdrawals
from service.store.releases.notes import expect_note
from service.store.releases.person_names import expect_another, read_persons
from service.store.releases.persons import Persons, read_name
from service.store.schema import proposals, signatures
from service.store.security import audit


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed a policy for compliance, why, and when (ms)."""

    policy: str
    signer: str
    note: str
    at: int


@dataclass(frozen=True, slots=True)
class Review:
    """What a policy was compared with (its hash, None for nothing), and how many of its changes are red."""

    compared_with: str | None
    red: int


class SignatureRepository:
    """The signatures of one database; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sign(self, policy: str, signer: str, note: str) -> Signature:
        """Sign a proposed policy for compliance; signing again changes nothing.

        Raises:
            NotFound: the policy is not stored.
            OwnApproval: the signer is its author.
            Conflict: it was never proposed.
            Withdrawn: it was withdrawn.
        """
        with self._database.begin() as connection:
            releases.read_policy(connection, policy)
            withdrawals.expect_not_withdrawn(connection, policy)
            _expect_signer(connection, policy, signer, note)
            row = insert_new(signatures).values(policy=policy, signer=signer, note=note, at=now_ms())
            new = connection.execute(row.on_conflict_do_nothing().returning(signatures.c.policy)).scalar()
            if new is not None:
                audit.append(connection, signer, "policy.sign", policy, {"note": note})
            return next(one for one in list_signatures(connection, policy) if one.signer == signer)

    def list_signatures(self, policy: str) -> list[Signature]:
        """The signatures under a policy, oldest first."""
        with self._database.begin() as connection:
            return list_signatures(connection, policy)


def list_signatures(connection: Connection, policy: str) -> list[Signature]:
    """The signatures under a policy, oldest first."""
    found = select(signatures).where(signatures.c.policy == policy).order_by(signatures.c.at, signatures.c.signer)
    return [Signature(row.policy, row.signer, row.note, row.at) for row in connection.execute(found)]


def expect_signed(
    connection: Connection,
    policy: str,
    serves: str | None,
    review: Review | None,
    people: Iterable[str],
    persons: Persons,
) -> list[str]:
    """The signers of a policy other than these people; empty where nothing was compared or is red.

    Raises:
        Conflict: another policy serves by now than it was compared with.
        Unsigned: changes are red and none of the others signed it.
    """
    if review is None:
        return []
    if review.compared_with != serves:
        raise Conflict("Another policy began to serve meanwhile: compare with it, and ask again.")
    people = list(people)
    others = [one.signer for one in list_signatures(connection, policy) if not persons.is_among(one.signer, people)]
    if review.red and not others:
        refuse_unsigned(review.red)
    return others if review.red else []


def refuse_unsigned(red: int) -> NoReturn:
    """Refuse a policy whose red changes nobody else has signed.

    Raises: Unsigned: always.
    """
    raise Unsigned(
        f"{red} of its changes need the signature of compliance, by somebody who neither wrote this policy nor makes "
        "it serve: `fourcast policy diff` marks them, `fourcast policy sign` signs."
    )


def _expect_signer(connection: Connection, policy: str, signer: str, note: str) -> None:
    encoding.new_name("signer", signer)
    if not read_name(signer):
        raise InvalidInput("A signer needs a name.", [Problem("signer", "must not be blank")])
    expect_note(note)
    row = connection.execute(select(proposals.c.author, proposals.c.at).where(proposals.c.policy == policy)).first()
    if row is None:
        raise Conflict("This policy was never proposed: publish it first.")
    expect_another(read_persons(connection, row.at), row.author, signer, "sign it for compliance")
