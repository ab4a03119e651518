"""Scores of a bank's customers by a bundle, as a file: here, or block by block on a cluster."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from service.core.errors import InvalidInput
from service.scoring.models import Bundle, open_bundle
from service.scoring.propensity import KIND
from training.data.bank import Bank, open_bank
from training.data.bank_tables import Customers, read_customers
from training.data.files.table_writer import writer_for
from training.data.query_rows import ID
from training.models import dask_cluster


@dataclass(frozen=True)
class Scored:
    """How many ``customers`` were scored, and which columns the files lack of those that the models read."""

    customers: int
    lacks: list[str]


def score(
    bank: Path | Bank,
    files: Path,
    bundle: Bundle | Path,
    out: Path,
    cluster: str | None = None,
    bom: bool = False,
    *,
    kinds: bool = False,
) -> Scored:
    """Write ``customer_id, family, propensity`` for every customer of the files; ``kind`` for family with ``kinds``.

    ``out`` ends in .parquet or .csv (``bom``: with a byte order mark). Outcomes are not needed. ``cluster`` is the
    address of a Dask scheduler whose workers score; the bundle is then given by its folder. A column that the files
    lack is unknown for all customers.

    Raises: InvalidInput: the files lack every column that the models read, ``out`` has another suffix, or kinds are
        asked of a bundle that has no model of a kind.
    """
    opened = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    write, column = writer_for(out, bom), "kind" if kinds else "family"
    names = _names(opened, kinds)
    customers = read_customers(open_bank(bank), Path(files))
    lacks = lacking(opened, customers)
    if cluster is not None and isinstance(bundle, Path):
        scores = dask_cluster.scores_of(cluster, bundle, customers.table)
    else:
        scores = opened.score_many(customers.table)
    ids = customers.table.column(ID).combine_chunks()
    parts = [
        pa.table({ID: ids, column: pa.array([name.removeprefix(KIND)] * len(ids)), "propensity": pa.array(p)})
        for name, p in scores.items()
        if name in names
    ]
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write(pa.concat_tables(parts), out)
    return Scored(len(customers), lacks)


def _names(bundle: Bundle, kinds: bool) -> tuple[str, ...]:
    """The names of the scores to write."""
    if kinds and not bundle.kinds:
        raise InvalidInput(
            f"{bundle.version} has no model of a product kind; train it from a bank whose outcomes.sql returns "
            f"bought_product, with at least 50 buyers of a kind"
        )
    return bundle.kinds if kinds else bundle.families


def lacking(bundle: Bundle, customers: Customers) -> list[str]:
    """The columns that the bundle's models read and customers.sql does not return.

    Raises: InvalidInput: it returns none of them.
    """
    read, there = bundle.attributes_read(), set(customers.columns)
    lacks = [name for name in read if name not in there]
    if read and len(lacks) == len(read):
        raise InvalidInput(f"customers.sql returns nothing that {bundle.version} reads: {', '.join(read)}")
    return lacks
