"""COPY of many rows into a staging table: a faulty row is named with its number (the first row is 1)."""

from collections.abc import Callable, Iterable
from operator import length_hint
from typing import Any

from sqlalchemy import Connection

from service.core.errors import InvalidInput, Problem

PROGRESS_ROWS = 1000
PROBLEMS_SHOWN = 20

Progress = Callable[[int, int], None]
"""Called with how many rows of how many are read; the second number is an estimate where the rows are a stream."""


def copy_in(
    connection: Connection,
    target: str,
    rows: Iterable[Any],
    line: Callable[[Any], tuple[object, ...]],
    progress: Progress | None,
) -> int:
    """Send every good row; returns how many rows were read.

    Raises:
        InvalidInput: when a row does not fit, with the faults of all such rows (at most 20).
    """
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
    raise_problems(problems)
    if progress is not None:
        progress(number, number)
    return number


def refuse(connection: Connection, faults: str) -> None:
    """Raise InvalidInput with the (row, sentence) that a query finds."""
    raise_problems([Problem(f"row {row}", message) for row, message in connection.exec_driver_sql(faults)])


def into_place(connection: Connection, statement: str, table: str, values: dict[str, object] | None = None) -> None:
    """Run the statement that ends a load of a table."""
    connection.exec_driver_sql(statement, values)
    connection.exec_driver_sql(f"ANALYZE {table}")


def raise_problems(problems: list[Problem]) -> None:
    """Raise InvalidInput with the problems, if there are any."""
    if problems:
        raise InvalidInput("Nothing was stored; these rows do not fit (at most 20 are shown):", problems)
