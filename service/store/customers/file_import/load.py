"""Load of a bank's customers: COPY into a staging table, check all rows, then one statement into place.

All or nothing: a faulty row is named with its number (the first row is 1) and nothing is stored. Rows equal to what is
stored change nothing and raise no revision. The cache generation is raised once, so nothing cached before the load is
served after it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from sqlalchemy import Connection, func, select

from service.core import customer_ids
from service.core.domain import Attributes
from service.core.errors import Problem
from service.store.connection import encoding
from service.store.connection.bulk_copy import (
    PROBLEMS_SHOWN,
    Progress,
    copy_in,
    into_place,
    raise_problems,
    refuse,
)
from service.store.connection.database import PATIENCE_S, Database
from service.store.customers.file_import import retirement
from service.store.customers.file_import.erased import leave_out_erased
from service.store.customers.file_import.losses import FileLosses
from service.store.customers.file_import.merge import INTO_PLACE, CustomerFile, expect_agreed
from service.store.revisions import RAISE_GENERATION

LOCK = 0x4643_0004

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

    Each load locks customers in several rounds, so two would wait for each other. What serves is locked last, as in
    every transaction that changes a customer.
    """
    with database.begin(PATIENCE_S) as connection:
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        yield connection
        connection.exec_driver_sql(RAISE_GENERATION.text.decode())


def load_customers(
    connection: Connection, rows: Iterable[CustomerRow], file: CustomerFile, progress: Progress | None
) -> tuple[int, FileLosses, set[str]]:
    """Store what a file says of customers, merged as ``merge`` does it.

    Returns the number of rows, what the file took away, and whom it names although they were erased.

    Raises:
        InvalidInput: names the rows that do not fit.
        Unconfirmed: the file takes something away to which nobody agreed.
    """
    connection.exec_driver_sql(CUSTOMERS_STAGING)
    count = copy_in(connection, "incoming (row, id, attributes)", rows, _customer_line, progress)
    refuse(connection, CUSTOMERS_TWICE)
    _refuse_names(connection)
    taken = expect_agreed(connection, file)
    into_place(connection, INTO_PLACE, "customers", file.words)
    gone = leave_out_erased(connection)
    retirement.apply(connection, file.words, file.full)
    return count, taken, gone


def _customer_line(row: CustomerRow) -> tuple[str, str]:
    customer_id, attributes = row
    encoding.name("customer_id", customer_id)
    return customer_id, encoding.document("attributes", attributes).decode()


def _refuse_names(connection: Connection) -> None:
    """Refuse new customers whose ids could not be named in a path; stored customers keep their ids."""
    unusual = connection.exec_driver_sql(CUSTOMERS_UNUSUAL)
    faults = ((row, name, customer_ids.fault(name)) for row, name in unusual)
    strange = ((row, name, said) for row, name, said in faults if said is not None)
    raise_problems([Problem(f"row {row}", f"customer_id {said}, got {name!a}")
            for row, name, said in islice(strange, PROBLEMS_SHOWN)])  # fmt: skip
