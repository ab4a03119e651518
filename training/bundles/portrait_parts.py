"""Parts of a bundle for the portrait: ``segments`` and, where a bank's files tell lapses, ``lapse``.

Both are in the manifest and hashed with it: no further file, no library but NumPy in serving.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from service.core.attributes import AttributeTable
from service.core.attributes.features import FeatureProgram
from training.arrays import Places
from training.data.bank_tables import Customers, Lapses
from training.models.lapse import fit_lapse
from training.models.segments import segment


def portrait_parts(
    customers: Customers, lapses: Lapses | None, table: AttributeTable, horizon_days: int, seed: int
) -> dict[str, Any]:
    """``{"segments": ..., "lapse": ...}`` of a bank's customers; a part that cannot be fitted is left out."""
    columns = columns_of(customers, table)
    found = {"segments": segment(table, columns, seed)}
    if lapses is not None:
        known = {name: _rows(column, lapses.rows) for name, column in columns.items()}
        found["lapse"] = fit_lapse(table, known, lapses.lapsed, horizon_days, seed)
    return {name: part for name, part in found.items() if part is not None}


def columns_of(customers: Customers, table: AttributeTable) -> dict[str, Any]:
    """Every attribute and feature of the customers, each (n, 1, 1)."""
    columns: dict[str, Any] = dict(table.encode_frame(customers.table))
    FeatureProgram(table).derive_many(columns)
    return {name: np.broadcast_to(column, (len(customers), 1, 1)) for name, column in columns.items()}


def _rows(column: npt.NDArray[Any], rows: Places) -> npt.NDArray[Any]:
    return column[rows]
