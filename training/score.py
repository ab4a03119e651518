"""Scores of a bank's customers by a bundle, as a file: here, or block by block on a cluster."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from service.errors import InvalidInput
from service.scoring.models import Bundle, open_bundle
from training import distributed
from training.bank import Bank, open_bank
from training.dataset import read_customers


def score(bank: Path | Bank, files: Path, bundle: Bundle | Path, out: Path, cluster: str | None = None) -> int:
    """Write ``customer_id, family, propensity`` for every customer of the files; the number of customers.

    ``out`` ends in .parquet or .csv. Outcomes are not needed. ``cluster`` is the address of a Dask scheduler whose
    workers score; the bundle is then given by its folder.
    """
    opened = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    write = _WRITERS.get(Path(out).suffix)
    if write is None:
        raise InvalidInput(f"{out}: must end in {' or '.join(_WRITERS)}")
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
    write(pa.concat_tables(parts), str(out))
    return len(customers)


_WRITERS: Mapping[str, Callable[[pa.Table, str], None]] = {
    ".parquet": pyarrow.parquet.write_table,
    ".csv": pyarrow.csv.write_csv,
}
