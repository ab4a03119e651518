"""Purchases in a bank's outcomes: which kind of product a customer bought, and for how much.

``outcomes.sql`` may return ``bought_product`` and ``bought_amount_yuan``: one row for each kind that a customer bought,
and one row with NULL for a customer who bought nothing. A kind is one of ``BANK_KINDS``, in which a bank counts, or the
finer id of a product kind. The outcomes of families follow from these rows where the SQL does not state them.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.core.errors import Problem
from service.rules.model.kinds import BANK_KINDS, STATUTORY_KINDS
from training.arrays import Flags, Floats, Places
from training.data.bank import Bank
from training.data.query_rows import BOUGHT_PRODUCT, BOUGHT_YUAN, ID, Rows
from training.data.table_contract import amount_faults, list_faults

FAMILIES: Mapping[str, str] = {
    **{kind.bank_kind: kind.family for kind in STATUTORY_KINDS.values() if kind.bank_kind is not None},
    **{kind.id: kind.family for kind in STATUTORY_KINDS.values()},
}
"""The family of each product that may be bought: of a kind in which a bank counts, and of each product kind."""
BANK_KIND: Mapping[str, str | None] = {kind.id: kind.bank_kind for kind in STATUTORY_KINDS.values()}
"""The kind in which a bank counts a product kind; None for none."""
SCHEMA = pa.schema({ID: pa.string(), "product": pa.string(), "amount_yuan": pa.float64()})
"""The columns of a table of purchases."""


def purchase_faults(rows: Rows, bank: Bank) -> list[Problem]:
    """Every fault of the columns of purchases, and of the rows of customers who have several.

    No fault where outcomes.sql says nothing of purchases.
    """
    names = rows.table.column_names
    if BOUGHT_PRODUCT not in names:
        said = f"belongs to {BOUGHT_PRODUCT}, which is missing"
        return [Problem(BOUGHT_YUAN, said)] if BOUGHT_YUAN in names else []
    if any(names.count(name) > 1 for name in (ID, BOUGHT_PRODUCT, BOUGHT_YUAN)) or ID not in names:
        return []
    if not _is_text(rows):
        got = rows.table.column(BOUGHT_PRODUCT).type
        return [Problem(BOUGHT_PRODUCT, f"must be the text of a product kind, or NULL, got a column of {got}")]
    return [*_product_faults(rows, bank), *_yuan_faults(rows), *_customer_faults(rows)]


def purchases_from(table: pa.Table) -> pa.Table | None:
    """The purchases of rows sorted by customer, as ``SCHEMA``; None where they say nothing of purchases.

    Sorted by customer, then product. An amount that the bank does not state is NULL.
    """
    if BOUGHT_PRODUCT not in table.column_names:
        return None
    bought = table.filter(pc.is_valid(table.column(BOUGHT_PRODUCT)))
    columns = [bought.column(ID), pc.cast(bought.column(BOUGHT_PRODUCT), pa.string()), _yuan(bought)]
    return pa.table(columns, schema=SCHEMA).sort_by([(ID, "ascending"), ("product", "ascending")])


def one_row_each(table: pa.Table, bank: Bank) -> pa.Table:
    """The first row of each customer, without the columns of purchases and with every ``bought_<family>``.

    A family's outcome, and its amount where every amount is known, are those of its purchases where the SQL does not
    state them.
    """
    bought = purchases_from(table)
    if bought is None:
        return table
    ids = np.asarray(table.column(ID).to_pylist(), dtype=object)
    first = table.filter(pa.array(np.r_[True, ids[1:] != ids[:-1]][: len(ids)]))
    first = first.drop_columns([name for name in (BOUGHT_PRODUCT, BOUGHT_YUAN) if name in first.column_names])
    for name, values in _derived(bought, first.column(ID).to_pylist(), bank):
        if name not in first.column_names:
            first = first.append_column(name, pa.array(values))
    return first


def _derived(bought: pa.Table, ids: list[str], bank: Bank) -> Iterator[tuple[str, Floats]]:
    """``bought_<family>`` (1.0 or 0.0), and ``amount_<family>`` (NaN where nothing, or an unknown sum, was bought)."""
    place = {customer: row for row, customer in enumerate(ids)}
    rows = np.array([place[one] for one in bought.column(ID).to_pylist()], dtype=np.int64)
    families = np.array([FAMILIES[one] for one in bought.column("product").to_pylist()], dtype=object)
    yuan = bought.column("amount_yuan").to_numpy()
    for family in bank.families:
        of = families == family
        taken, amounts = np.zeros(len(ids)), np.zeros(len(ids))
        taken[rows[of]] = 1.0
        np.add.at(amounts, rows[of], yuan[of])
        yield f"bought_{family}", taken
        yield f"amount_{family}", np.where(taken > 0, amounts, np.nan)


def _yuan(table: pa.Table) -> pa.ChunkedArray:
    if BOUGHT_YUAN not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.float64())])
    return pc.cast(table.column(BOUGHT_YUAN), pa.float64())


def _is_text(rows: Rows) -> bool:
    given = rows.table.column(BOUGHT_PRODUCT).type
    return any(test(given) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_null))


def _product_faults(rows: Rows, bank: Bank) -> list[Problem]:
    kinds = ", ".join(dict.fromkeys((*BANK_KINDS, *FAMILIES)))

    def expectation(product: str) -> str:
        if product not in FAMILIES:
            return f"must be NULL for nothing bought, or one of {kinds}"
        return f"is of the family {FAMILIES[product]}, which families of bank.yaml does not list"

    values = rows.table.column(BOUGHT_PRODUCT).to_pylist()
    bad = [one is not None and FAMILIES.get(one) not in bank.families for one in values]
    return list_faults(rows, BOUGHT_PRODUCT, np.array(bad, dtype=bool), expectation)


def _yuan_faults(rows: Rows) -> list[Problem]:
    if BOUGHT_YUAN not in rows.table.column_names:
        return []
    if faults := amount_faults(rows, BOUGHT_YUAN):
        return faults
    idle = ~_bought(rows) & np.asarray(pc.is_valid(rows.table.column(BOUGHT_YUAN)).to_numpy())
    return list_faults(rows, BOUGHT_YUAN, idle, lambda _: f"must be NULL where {BOUGHT_PRODUCT} is NULL")


def _bought(rows: Rows) -> Flags:
    return np.asarray(pc.is_valid(rows.table.column(BOUGHT_PRODUCT)).to_numpy())


def _customer_faults(rows: Rows) -> list[Problem]:
    """Faults of customers with several rows: a kind twice, a kind beside NULL, or different outcomes."""
    ids = np.asarray(pc.cast(rows.table.column(ID), pa.string()).fill_null("").to_pylist(), dtype=object)
    _, customers, counts = np.unique(ids.astype(str), return_inverse=True, return_counts=True)
    several = counts[customers] > 1
    products = rows.table.column(BOUGHT_PRODUCT).to_pylist()
    pairs = list(zip(ids.tolist(), products, strict=True))
    twice = several & _repeated(pairs)
    torn = several & ~_bought(rows) & ~twice
    others = [name for name in rows.table.column_names if name not in (ID, BOUGHT_PRODUCT, BOUGHT_YUAN)]
    return [
        *list_faults(rows, BOUGHT_PRODUCT, twice, lambda _: "must stand in one row only of its customer"),
        *list_faults(rows, BOUGHT_PRODUCT, torn, lambda _: "must not be NULL: another row says what was bought"),
        *(fault for name in dict.fromkeys(others) for fault in _different_faults(rows, name, customers)),
    ]


def _repeated(pairs: list[tuple[str, str | None]]) -> Flags:
    """Which pairs stand before.

    >>> _repeated([("a", "fund"), ("a", "term"), ("a", "fund")]).tolist()
    [False, False, True]
    """
    first = dict[tuple[str, str | None], int]()
    return np.array([first.setdefault(pair, row) != row for row, pair in enumerate(pairs)], dtype=bool)


def _different_faults(rows: Rows, name: str, customers: Places) -> list[Problem]:
    """Faults of values that differ from the customer's first row."""
    if rows.table.column_names.count(name) > 1:
        return []
    codes = pc.dictionary_encode(rows.table.column(name).combine_chunks(), null_encoding="encode").indices.to_numpy()
    _, first = np.unique(customers, return_index=True)
    said = "must be the same in every row of a customer"
    return list_faults(rows, name, codes != codes[first[customers]], lambda _: said)
