"""The data contract: what a bank's tables must hold. Every fault at once, by row, customer, column, value, expectation.

Rows are counted from 1 in the order in which the SQL returned them. A column lists its first 20 faulty values and then
tells how many more there are.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from service.errors import InvalidInput, Problem
from service.scoring.attributes import AttributeTable

ID = "customer_id"
LISTED = 20
LONGEST_ID = 64

Flags = npt.NDArray[np.bool_]


def refuse(where: object, problems: Iterable[Problem]) -> None:
    """Raise InvalidInput where there are problems."""
    found = list(problems)
    if found:
        raise InvalidInput(f"{where}: does not return what it should", found)


def missing(rows: pa.Table, names: Iterable[str]) -> list[Problem]:
    """One problem per column that is not there; the id is always needed, and so is at least one row."""
    there = ", ".join(rows.column_names)
    faults = [Problem(name, f"is missing; the columns are {there}") for name in names if name not in rows.column_names]
    return faults if rows.num_rows else [*faults, Problem(ID, "the query returns no rows at all")]


def id_faults(rows: pa.Table) -> list[Problem]:
    """Ids that are null, empty, too long, or stand in more than one row."""
    ids = pc.cast(rows.column(ID), pa.string())
    bad = pc.fill_null(pc.or_(pc.equal(ids, ""), pc.greater(pc.utf8_length(ids), LONGEST_ID)), True)
    faults = _listed(rows, ID, np.asarray(bad.to_numpy()), lambda _: f"must be text of 1 to {LONGEST_ID} characters")
    _, place, counts = np.unique(ids.to_numpy().astype(str), return_inverse=True, return_counts=True)
    return faults or _listed(rows, ID, counts[place] > 1, lambda _: "must stand in one row only")


def column_faults(rows: pa.Table, table: AttributeTable) -> list[Problem]:
    """Columns that are no attribute of the table, or are returned twice."""
    names = [name for name in rows.column_names if name != ID]
    strange = [problem for name in names for problem in table.check({name: None})]
    return strange + [Problem(name, "is returned twice") for name in sorted(set(names)) if names.count(name) > 1]


def value_faults(rows: pa.Table, table: AttributeTable) -> list[Problem]:
    """Every value that the table of attributes would refuse in a customer's record."""
    columns = table.encode_frame(rows)
    names = [name for name in rows.column_names if name != ID]
    return [fault for name in names for fault in _lost(rows, name, columns[f"customer.{name}"].ravel(), table)]


def flag_faults(rows: pa.Table, name: str) -> list[Problem]:
    """Values that are not true or false, or 1 or 0; null is neither."""
    column = rows.column(name)
    if not (pa.types.is_boolean(column.type) or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return [Problem(name, f"must be true or false (or 1 and 0), got a column of {column.type}")]
    figures = np.asarray(pc.cast(column, pa.float64()).to_numpy())
    return _listed(rows, name, ~np.isin(figures, (0.0, 1.0)), lambda _: "must be true or false (or 1 and 0)")


def amount_faults(rows: pa.Table, name: str) -> list[Problem]:
    """Values that are no amount of money, 0 yuan or more; null is an amount that nobody knows."""
    column = rows.column(name)
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
    if not any(is_kind(column.type) for is_kind in kinds):
        return [Problem(name, f"must be an amount in yuan, got a column of {column.type}")]
    figures = np.asarray(pc.cast(column, pa.float64()).to_numpy())
    return _listed(rows, name, (figures < 0.0) | np.isinf(figures), lambda _: "must be an amount of 0 yuan or more")


def plain(value: Any) -> Any:
    """A value as JSON carries it: dates in ISO form, decimals as floats."""
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return value if value is None or isinstance(value, str | bool | int | float) else float(value)


def _lost(rows: pa.Table, name: str, encoded: npt.NDArray[Any], table: AttributeTable) -> list[Problem]:
    """The values that were there and could not be encoded."""
    unknown = np.array([one is None for one in encoded]) if encoded.dtype == object else np.isnan(encoded)
    there = np.asarray(pc.invert(pc.is_null(rows.column(name), nan_is_null=True)).to_numpy())

    def expectation(value: Any) -> str:
        faults = table.check({name: plain(value)})
        return faults[0].message.rsplit(", got ", 1)[0] if faults else "must be a value that can be encoded"

    return _listed(rows, name, unknown & there, expectation)


def _listed(rows: pa.Table, name: str, bad: Flags, expectation: Callable[[Any], str]) -> list[Problem]:
    places = np.flatnonzero(bad).tolist()
    ids, values = rows.column(ID), rows.column(name)
    problems = [
        Problem(
            f"row {place + 1}, customer {ids[place].as_py()!r}, {name}", _sentence(values[place].as_py(), expectation)
        )
        for place in places[:LISTED]
    ]
    more = len(places) - LISTED
    return [*problems, Problem(name, f"and {more} more rows like these")] if more > 0 else problems


def _sentence(value: Any, expectation: Callable[[Any], str]) -> str:
    return f"{expectation(value)}, got {str(plain(value))[:60]!r}"
