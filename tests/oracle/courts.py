"""The databases that judge: each loads a grid and answers a batch of expressions.

``DuckDBExported`` runs what ``to_sql`` writes, ``DuckDBAsWritten`` the very text that a marketer wrote, and
``PostgresExported`` the export for PostgreSQL on a real one.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import duckdb
import psycopg

from service.core.expressions import Expression, Kind, to_sql
from tests.oracle.rows import SCHEMA, Grid, K, M, N

CELLS = N * M * K
DUCKDB_TYPES = {
    Kind.NUMBER: "DOUBLE",
    Kind.MONEY: "DOUBLE",
    Kind.TEXT: "VARCHAR",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
}
POSTGRES_TYPES = {
    Kind.NUMBER: "float8",
    Kind.MONEY: "float8",
    Kind.TEXT: "text",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
}

Answers = list[tuple[Any, ...]]
"""One tuple of cells for each expression."""


class Court(Protocol):
    """A database that answers expressions about a grid; ``plain`` if it needs texts that stand without our export."""

    name: str
    plain: bool

    def load(self, rows: Grid) -> None: ...

    def ask(self, expressions: list[Expression]) -> Answers: ...


class DuckDBExported:
    """DuckDB on our export. A struct column for each owner, so that ``customer.age`` is SQL as it stands."""

    name = "DuckDB, as exported"
    plain = False

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:", config={"threads": 1})

    def load(self, rows: Grid) -> None:
        self.connection.execute(f"CREATE OR REPLACE TABLE flat ({_columns(DUCKDB_TYPES)})")
        self.connection.executemany(f"INSERT INTO flat VALUES ({_places('?')})", _cells(rows))
        self.connection.execute(f"CREATE OR REPLACE TABLE cells AS SELECT cell, {', '.join(_structs())} FROM flat")

    def ask(self, expressions: list[Expression]) -> Answers:
        texts = [f"({self.text(each)})" for each in expressions]
        answer = self.connection.execute(f"SELECT {', '.join(texts)} FROM cells ORDER BY cell")
        return list(zip(*answer.fetchall(), strict=True))

    def text(self, expression: Expression) -> str:
        return to_sql(expression)


class DuckDBAsWritten(DuckDBExported):
    """DuckDB on the text itself: judges how we read it."""

    name = "DuckDB, as written"
    plain = True

    def text(self, expression: Expression) -> str:
        return expression.text


class PostgresExported:
    """PostgreSQL on our export."""

    name = "PostgreSQL, as exported"
    plain = False

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute(f"CREATE TEMPORARY TABLE cells ({_columns(POSTGRES_TYPES)})".encode())

    def load(self, rows: Grid) -> None:
        self.connection.execute("TRUNCATE cells")
        with self.connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO cells VALUES ({_places('%s')})".encode(), _cells(rows))

    def ask(self, expressions: list[Expression]) -> Answers:
        names = {name: f'"{name}"' for name in SCHEMA}
        texts = [f"({to_sql(each, 'postgres', names)})" for each in expressions]
        answer = self.connection.execute(f"SELECT {', '.join(texts)} FROM cells ORDER BY cell".encode())
        return list(zip(*answer.fetchall(), strict=True))


def _columns(types: Mapping[Kind, str]) -> str:
    return ", ".join(["cell INTEGER", *(f'"{name}" {types[known.kind]}' for name, known in SCHEMA.items())])


def _places(place: str) -> str:
    return ", ".join([place] * (len(SCHEMA) + 1))


def _cells(rows: Grid) -> list[tuple[Any, ...]]:
    return list(zip(range(CELLS), *(rows.cells(name) for name in SCHEMA), strict=True))


def _structs() -> Iterator[str]:
    for owner in dict.fromkeys(name.split(".")[0] for name in SCHEMA):
        fields = [name for name in SCHEMA if name.startswith(owner + ".")]
        yield "{" + ", ".join(f"'{name.split('.')[1]}': \"{name}\"" for name in fields) + "}" + f" AS {owner}"
