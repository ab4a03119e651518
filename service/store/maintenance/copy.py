"""Many rows at once: COPY into a staging table, check all of them, then one statement into place. Here: customers.

All or nothing: a faulty row is named with its number (the first row is 1) and nothing is stored. Rows that say what
is stored already change nothing and raise no revision. The cache generation is raised once, so nothing cached before
the load is served after it. The consents of a file: ``consent_file``.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from operator import length_hint
from typing import Any

from sqlalchemy import Connection, func, select

from service.core import customer_ids
from service.core.domain import Attributes
from service.core.errors import InvalidInput, Problem
from service.store.connection import encoding
from service.store.connection.database import PATIENCE_S, Database
from service.store.customers import retiring, tombstones
from service.store.customers.merging import INTO_PLACE, CustomerFile, expect_agreed
from service.store.customers.removals import FileLosses
from service.store.customers.writes import RAISE_GENERATION

LOCK = 0x4643_0004
PROGRESS_ROWS = 1000
PROBLEMS_SHOWN = 20

Progress = Callable[[int, int], None]
"""Told how many rows of how many are read; the second number is an estimate where the rows are a stream."""

CustomerRow = tuple[str, Attributes]
"""A customer's id and raw attributes, unknown ones left out."""

CUSTOMERS_STAGING = """
    CREATE TEMPORARY TABLE incoming (row bigint, id text COLLATE "C", attributes jsonb) ON COMMIT DROP
"""
CUSTOMERS_TWICE = """
    SELECT max(row), 'customer "' || id || '" stands in row ' || min(row) || ' already'
    FROM incoming GROUP BY id HAVING count(*) > 1 ORDER BY 1 LIMIT 20
"""
CUSTOMERS_UNUSUAL = f"""
    SELECT row, id FROM incoming
    WHERE (id !~ '^{customer_ids.PLAIN}{{1,{customer_ids.LONGEST}}}$' OR id = '{customer_ids.BULK}')
        AND NOT EXISTS (SELECT FROM customers WHERE id = incoming.id)
    ORDER BY row
"""  # noqa: S608 - our own words


@contextmanager
def loading(database: Database) -> Iterator[Connection]:
    """The transaction of a load, one at a time; nothing cached before it is served after it.

    Each load takes customers in several rounds, so two would wait for each other. What serves is touched last, as by
    everybody who changes a customer.
    """
    with database.begin(PATIENCE_S) as connection:
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        yield connection
        connection.exec_driver_sql(RAISE_GENERATION.text.decode())


def load_customers(
    connection: Connection, rows: Iterable[CustomerRow], file: CustomerFile, progress: Progress | None
) -> tuple[int, FileLosses, set[str]]:
    """Store what a file says of customers, as ``merging`` has it.

    The number of rows, what the file took away, and whom it names although they were erased; InvalidInput,
    Unconfirmed.
    """
    connection.exec_driver_sql(CUSTOMERS_STAGING)
    count = copy_in(connection, "incoming (row, id, attributes)", rows, _customer_line, progress)
    refuse(connection, CUSTOMERS_TWICE)
    _refuse_names(connection)
    taken = expect_agreed(connection, file)
    into_place(connection, INTO_PLACE, "customers", file.words)
    gone = tombstones.leave_out(connection)
    retiring.apply(connection, file.words, file.full)
    return count, taken, gone


def into_place(connection: Connection, statement: str, table: str, values: dict[str, object] | None = None) -> None:
    """Run the statement that ends a load of a table."""
    connection.exec_driver_sql(statement, values)
    connection.exec_driver_sql(f"ANALYZE {table}")


def copy_in(
    connection: Connection,
    target: str,
    rows: Iterable[Any],
    line: Callable[[Any], tuple[object, ...]],
    progress: Progress | None,
) -> int:
    """Send every good row; collect the faults of the others, and raise them together."""
    total, number, problems = length_hint(rows), 0, list[Problem]()
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for number, row in enumerate(rows, 1):
            try:
                copy.write_row((number, *line(row)))
            except InvalidInput as fault:
                problems.append(Problem(f"row {number}", fault.message))
            if progress is not None and number % PROGRESS_ROWS == 0:
                progress(number, max(number, total))
            if len(problems) >= PROBLEMS_SHOWN:
                break
    _raise(problems)
    if progress is not None:
        progress(number, number)
    return number


def _customer_line(row: CustomerRow) -> tuple[str, str]:
    customer_id, attributes = row
    encoding.name("customer_id", customer_id)
    return customer_id, encoding.document("attributes", attributes).decode()


def refuse(connection: Connection, faults: str) -> None:
    """Raise InvalidInput with what a query of (row, sentence) finds."""
    _raise([Problem(f"row {row}", message) for row, message in connection.exec_driver_sql(faults)])


def _refuse_names(connection: Connection) -> None:
    """Refuse new customers whom no path could name; those who are stored keep their ids."""
    unusual = connection.exec_driver_sql(CUSTOMERS_UNUSUAL)
    faults = ((row, name, customer_ids.fault(name)) for row, name in unusual)
    strange = ((row, name, said) for row, name, said in faults if said is not None)
    _raise([Problem(f"row {row}", f"customer_id {said}, got {name!a}")
            for row, name, said in islice(strange, PROBLEMS_SHOWN)])  # fmt: skip


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise InvalidInput("Nothing was stored; these rows do not fit (at most 20 are shown):", problems)
