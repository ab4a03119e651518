"""External keys in a bank's files: a column of customers.sql that is no attribute and that no model reads.

The key is the customer's id in another system, always text. A customer may have none; no two customers share one.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.core import customer_ids
from service.core.errors import Problem
from training.data.query_rows import ID, KEY, Rows
from training.data.table_contract import is_odd, list_faults


def key_faults(rows: Rows) -> list[Problem]:
    """Faults of keys that cannot stand in a URL path (``service.core.customer_ids``), and of keys in several rows."""
    if rows.table.column_names.count(KEY) != 1:
        return []
    column = rows.table.column(KEY)
    if is_odd(column.type):
        return [Problem(KEY, f"must be text, got a column of {column.type}")]
    words = pc.cast(column, pa.string())
    counts = dict(zip(*(one.to_pylist() for one in words.value_counts().flatten()), strict=True))
    said = {one: fault for one in counts if one is not None and (fault := customer_ids.key_fault(one)) is not None}
    flags = [(one in said, one is not None and counts[one] > 1 and one not in said) for one in words.to_pylist()]
    strange, twice = np.array(flags, dtype=bool).reshape(-1, 2).T
    return [
        *list_faults(rows, KEY, strange, lambda key: said[str(key)]),
        *list_faults(rows, KEY, twice, lambda _: "must stand in one row only"),
    ]


def split_keys(table: pa.Table) -> tuple[pa.Table, dict[str, str]]:
    """Split a table of customers into the table without keys and ``{customer: key}`` of the customers that have one."""
    if KEY not in table.column_names:
        return table, {}
    both = zip(table.column(ID).to_pylist(), pc.cast(table.column(KEY), pa.string()).to_pylist(), strict=True)
    return table.drop_columns([KEY]), {one: key for one, key in both if key is not None}
