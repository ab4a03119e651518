"""Names that are one person: a user of the operating system, an API client, a subject of tokens.

Whoever proposes, signs, approves or confirms under one of them has done it under all, so one person is one pair of
eyes. A name counts from the moment it is added, since it can only refuse; only another person takes it away. A delegate
and whom they act for are one pair of eyes as well, from the mandate's first instant to its last, also where it was
ended before; the mandates of a demo, which nobody else confirmed, join nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, select
from sqlalchemy.dialects.postgresql import insert as insert_new

from service.core.errors import InvalidInput, NotFound, OwnApproval, Problem
from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.releases.notes import expect_note
from service.store.releases.persons import Persons, read_name, same_person
from service.store.schema import mandates, person_names
from service.store.security import audit


@dataclass(frozen=True, slots=True)
class PersonName:
    """Another name of a person; who added it, why, and when (ms)."""

    person: str
    name: str
    note: str
    actor: str
    at: int


class PersonNameRepository:
    """The names of one database; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def join_names(self, person: str, name: str, note: str, actor: str) -> PersonName:
        """Let two names be one person from now on; again it changes nothing.

        Raises:
            InvalidInput: a name or the note cannot be stored, or both are one name already.
        """
        _check(person, name)
        row = {"person": person, "name": name, "note": expect_note(note), "actor": actor, "at": self._database.clock()}
        with self._database.begin() as connection:
            new = insert_new(person_names).values(**row).on_conflict_do_nothing().returning(person_names.c.name)
            if connection.execute(new).scalar() is not None:
                audit.append(connection, actor, "person.name", person, {"name": name, "note": note})
            found = connection.execute(select(person_names).where(_row(person, name))).one()
            return PersonName(*found)

    def part_names(self, person: str, name: str, actor: str) -> None:
        """Let two names be two persons again.

        Raises:
            NotFound: they were not said to be one.
            OwnApproval: the actor is this person.
        """
        with self._database.begin() as connection:
            if read_persons(connection, self._database.clock()).is_among(actor, (person, name)):
                raise OwnApproval(f'"{actor}" is this person: somebody else must part the names.')
            gone = connection.execute(delete(person_names).where(_row(person, name)).returning(person_names.c.name))
            if gone.scalar() is None:
                raise NotFound(f'"{name}" is no other name of "{person}".')
            audit.append(connection, actor, "person.part", person, {"name": name})

    def list_names(self) -> list[PersonName]:
        """All other names, in the order of the persons."""
        with self._database.begin() as connection:
            ordered = select(person_names).order_by(person_names.c.person, person_names.c.name)
            return [PersonName(*row) for row in connection.execute(ordered)]

    def read_joined(self, since: int) -> Persons:
        """Who is one person, at any moment since an instant (ms)."""
        with self._database.begin() as connection:
            return read_persons(connection, since)


def read_persons(connection: Connection, since: int) -> Persons:
    """Who is one person: by their names now, and by mandates that ended after ``since`` (ms)."""
    names = connection.execute(select(person_names.c.person, person_names.c.name))
    acting = select(mandates.c.person, mandates.c.acts_for).where(
        mandates.c.acts_for.is_not(None),
        mandates.c.confirmed_by.is_not(None),
        mandates.c.confirmed_by != mandates.c.asked_by,
        mandates.c.ends_at > since,
    )
    return Persons([*((row[0], row[1]) for row in names), *((row[0], row[1]) for row in connection.execute(acting))])


def expect_another(persons: Persons, author: str, actor: str, deed: str) -> None:
    """Return if the actor is not the author of a policy; ``deed`` says what another must do.

    Raises: OwnApproval: when both are one person.
    """
    if same_person(author, actor):
        raise OwnApproval(f'"{author}" proposed this policy: somebody else must {deed}.')
    if persons.are_same(author, actor):
        raise OwnApproval(
            f'"{author}" proposed this policy, and "{actor}" is the same person by `fourcast mandates list`: '
            f"somebody else must {deed}."
        )


def _row(person: str, name: str) -> ColumnElement[bool]:
    return and_(person_names.c.person == person, person_names.c.name == name)


def _check(person: str, name: str) -> None:
    named: Iterable[tuple[str, str]] = (("person", person), ("name", name))
    for field, one in named:
        encoding.new_name(field, one)
    problems = [Problem(field, "must not be blank") for field, one in named if not read_name(one)]
    if not problems and same_person(person, name):
        problems.append(Problem("name", "must be another name: these two are read as one"))
    if problems:
        raise InvalidInput("The name does not fit.", problems)
