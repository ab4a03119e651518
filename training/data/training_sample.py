"""The training sample: a bank's customers with an outcome, as a matrix of the columns that vary.

Order: the bank's SQL (``bank_tables``) -> every attribute and feature as a column (``FeatureProgram``) -> the columns
that vary -> ``Sample``. Dates are left out, since they only grow; so are texts with too many different words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from service.core.attributes import AttributeTable
from service.core.attributes.features import FeatureProgram
from service.core.expressions import Kind
from training.arrays import Floats
from training.data.bank import Bank
from training.data.bank_tables import Customers, Outcomes, read_customers, read_outcomes, table_of

MOST_WORDS = 64
"""A text column with more different words is a name (a branch, an adviser), not a property to learn from."""


@dataclass(frozen=True)
class Sample:
    """The matrix (n, f), its columns, and the outcomes of the same customers."""

    rows: Floats
    names: list[str]
    categories: dict[str, list[str]]
    table: AttributeTable
    outcomes: Outcomes


def read_sample(bank: Bank, files: Path, table: AttributeTable | None = None) -> tuple[Sample, Customers]:
    """Read the customers with an outcome as a matrix of the attributes and features that vary."""
    table = table or table_of(bank)
    customers = read_customers(bank, files, table)
    return sample_of(customers, read_outcomes(bank, files, customers), table), customers


def sample_of(customers: Customers, outcomes: Outcomes, table: AttributeTable) -> Sample:
    """The sample of the customers that have an outcome, by the columns that vary among them."""
    known = customers.table.take(pa.array(outcomes.rows))
    program = FeatureProgram(table)
    columns: dict[str, Any] = dict(table.encode_frame(known))
    program.derive_many(columns)
    names = varying_columns(table, columns)
    categories = program.categories(names, columns)
    rows = program.matrix(names, categories, columns) if names else np.empty((len(outcomes.rows), 0))
    return Sample(rows, names, categories, table, outcomes)


def varying_columns(table: AttributeTable, columns: Mapping[str, Any]) -> list[str]:
    """Names of the columns that vary. Dates stay out (they only grow), and so do texts of too many words."""
    names = [*(one.name for one in table.attributes), *(one.name for one in table.features)]
    return [name for name in names if _tells(table.kind_of(name), columns[f"customer.{name}"])]


def _tells(kind: Kind | None, column: npt.NDArray[Any]) -> bool:
    if kind is Kind.DATE:
        return False
    if kind is Kind.TEXT:
        return 1 < len(set(column.flat)) <= MOST_WORDS
    known = column[~np.isnan(column)]
    return len(known) > 0 and (len(known) < column.size or bool((known != known[0]).any()))
