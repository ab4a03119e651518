"""Scores of a bank's customers by a bundle, as a file: here, or block by block on a cluster."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from service.core.errors import InvalidInput
from service.scoring.models import Bundle, open_bundle
from training.data.bank import Bank, open_bank
from training.data.bank_tables import Customers, read_customers
from training.data.files.table_writer import writer_for
from training.models import dask_cluster


@dataclass(frozen=True)
class Scored:
    """How many ``customers`` were scored, and which columns the files lack of those that the models read."""

    customers: int
    lacks: list[str]


def score(
    bank: Path | Bank, files: Path, bundle: Bundle | Path, out: Path, cluster: str | None = None, bom: bool = False
) -> Scored:
    """Write ``customer_id, family, propensity`` for every customer of the files.

    ``out`` ends in .parquet or .csv (``bom``: with a byte order mark). Outcomes are not needed. ``cluster`` is the
    address of a Dask scheduler whose workers score; the bundle is then given by its folder. A column that the files
    lack is unknown for all customers.

    Raises: InvalidInput: the files lack every column that the models read, or ``out`` has another suffix.
    """
    opened = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    write = writer_for(out, bom)
    customers = read_customers(open_bank(bank), Path(files))
    lacks = lacking(opened, customers)
    if cluster is not None and isinstance(bundle, Path):
        scores = dask_cluster.scores_of(cluster, bundle, customers.table)
    else:
        scores = opened.score_many(customers.table)
    ids = customers.table.column("customer_id").combine_chunks()
    parts = [
        pa.table({"customer_id": ids, "family": pa.array([family] * len(ids)), "propensity": pa.array(p)})
        for family, p in scores.items()
        if family in opened.families
    ]
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write(pa.concat_tables(parts), out)
    return Scored(len(customers), lacks)


def lacking(bundle: Bundle, customers: Customers) -> list[str]:
    """The columns that the bundle's models read and customers.sql does not return.

    Raises: InvalidInput: it returns none of them.
    """
    read, there = bundle.attributes_read(), set(customers.columns)
    lacks = [name for name in read if name not in there]
    if read and len(lacks) == len(read):
        raise InvalidInput(f"customers.sql returns nothing that {bundle.version} reads: {', '.join(read)}")
    return lacks
