"""Scores of a bank's customers by a bundle, as a file: here, or block by block on a cluster."""

from pathlib import Path

import pyarrow as pa

from service.scoring.models import Bundle, open_bundle
from training import distributed
from training.bank import Bank, open_bank
from training.dataset import read_customers
from training.output import writer


def score(
    bank: Path | Bank, files: Path, bundle: Bundle | Path, out: Path, cluster: str | None = None, bom: bool = False
) -> int:
    """Write ``customer_id, family, propensity`` for every customer of the files; the number of customers.

    ``out`` ends in .parquet or .csv (``bom``: with a byte order mark). Outcomes are not needed. ``cluster`` is the
    address of a Dask scheduler whose workers score; the bundle is then given by its folder.
    """
    opened = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    write = writer(out, bom)
    customers = read_customers(open_bank(bank), Path(files))
    if cluster is not None and isinstance(bundle, Path):
        scores = distributed.scores_of(cluster, bundle, customers.table)
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
    return len(customers)
