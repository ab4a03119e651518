"""Rows of a bank's query, without erased customers: each row keeps the number it had when the SQL returned it.

The files of a core bank name a customer for years after the erasure. Every table is read by this module, so that no
erased customer comes back, and a faulty row of an erased customer refuses no file. Columns are cast to the kinds of the
contract.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.core.attributes import AttributeTable
from service.core.expressions import Kind
from training.arrays import Flags, Places
from training.data.bank import Bank
from training.data.files.casting import in_kinds
from training.data.warehouse import query

ID = "customer_id"
KEY = "external_key"
"""A column of customers.sql that is no attribute: the customer's key in another system."""
FLAGS = ("bought_", "held_", "treated_", "lapsed", "granted")
AMOUNT = "amount_"
BOUGHT_PRODUCT, BOUGHT_YUAN = "bought_product", "bought_amount_yuan"
"""Columns of outcomes.sql: a kind of product that the customer bought, and for how much."""
LISTED = 20


@dataclass(frozen=True)
class Rows:
    """A table as Arrow, the number of each row (from 1, as the SQL returned them), and the erased customers left out.

    ``in_kinds`` casts its columns; ``listed`` is how many faulty values of a column get a row of their own.
    """

    table: pa.Table
    numbers: Places
    in_kinds: Callable[[pa.Table], pa.Table]
    erased: frozenset[str] = frozenset()
    listed: int = LISTED

    def only(self, wanted: Flags) -> "Rows":
        """The rows where ``wanted``, with their old numbers, cast again: values that could not be cast may be gone."""
        table = self.in_kinds(self.table.filter(pa.array(wanted)))
        return replace(self, table=table, numbers=self.numbers[wanted])

    def belonging_to(self, customers: Collection[str]) -> Flags:
        """Which rows belong to one of these customers."""
        ids = pc.cast(self.table.column(ID), pa.string())
        return np.asarray(pc.is_in(ids, pa.array(sorted(customers), pa.string())).to_numpy())


def read_rows(bank: Bank, files: Path, name: str, attributes: AttributeTable | None = None) -> Rows:
    """Run ``<name>.sql`` over the folder ``files`` and return its rows without erased customers.

    ``attributes`` gives the kinds of the columns of customers.sql.

    Raises: InvalidInput: as ``warehouse.query``.
    """
    table = query(bank, files, name)
    kinds = partial(in_kinds, kinds=_kinds(table.column_names, attributes), zone=bank.timezone)
    table = kinds(table)
    rows = Rows(table, np.arange(1, table.num_rows + 1), kinds)
    gone = frozenset(bank.erased(customers_of(table)))
    return replace(rows.only(~rows.belonging_to(gone)), erased=gone) if gone else rows


def _kinds(columns: list[str], attributes: AttributeTable | None) -> dict[str, Kind]:
    """The kind of each column that occurs once."""
    kinds = {one: _kind(one, attributes) for one in columns if columns.count(one) == 1}
    return {one: kind for one, kind in kinds.items() if kind is not None}


def _kind(column: str, attributes: AttributeTable | None) -> Kind | None:
    if column == ID or (column == KEY and attributes is not None):
        return Kind.TEXT
    if attributes is not None:
        return attributes.kind_of(column)
    if column == BOUGHT_PRODUCT:
        return Kind.TEXT
    if column.startswith(AMOUNT) or column == BOUGHT_YUAN:
        return Kind.MONEY
    return Kind.BOOLEAN if column.startswith(FLAGS) else None


def customers_of(table: pa.Table) -> set[str]:
    """The ids of a table's customers; empty where it has no id column, several, or one that is not text."""
    if table.column_names.count(ID) != 1:
        return set()
    column = table.column(ID)
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return set()
    return {one for one in pc.unique(pc.cast(column, pa.string())).to_pylist() if one is not None}
