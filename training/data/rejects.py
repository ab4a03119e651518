"""Rows of a bank's files that do not fit: up to a number of them are set aside; more of them refuse the files.

One bad row must not hold up a million. The rows set aside are written to a file, by table, row, customer and reason,
and are not stored otherwise. A fault of no single row (a missing column) refuses the files whatever the number.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from service.core.errors import InvalidInput, Problem
from training.data.files.table_writer import writer_for
from training.data.query_rows import LISTED, Rows
from training.data.table_contract import Fault, raise_faults

Judge = Callable[[Rows], list[Problem]]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was set aside: its table, its number (the first that the SQL returned is 1), and why."""

    table: str
    row: int
    customer_id: str | None
    reason: str


@dataclass
class Rejects:
    """At most ``most`` rows of all tables together are set aside; ``rows`` are those, and those that were too many."""

    most: int = 0
    rows: list[Reject] = field(default_factory=list)

    def keep_fitting(self, read: Rows, where: Path, judge: Judge) -> Rows:
        """Return the rows of a table that fit, and set the others aside.

        The remaining rows are checked again, since a row that is gone may have hidden a fault of others.

        Raises: InvalidInput: more rows are faulty than may be set aside, or a fault belongs to no row.
        """
        while faults := judge(replace(read, listed=max(LISTED, self.most + 1) if self.most else LISTED)):
            aside = self._aside(where, faults)
            read = read.only(~np.isin(read.numbers, list(aside)))
        return read

    def write(self, out: Path) -> None:
        """Write the rows that were set aside as .csv (safe in a spreadsheet) or .parquet; only the header where there
        are none."""
        kinds = {"table": pa.string(), "row": pa.int64(), "customer_id": pa.string(), "reason": pa.string()}
        told = {name: pa.array([getattr(one, name) for one in self.rows], kind) for name, kind in kinds.items()}
        writer_for(out)(pa.table(told), out)

    def _aside(self, where: Path, faults: list[Problem]) -> set[int]:
        told = dict[int, list[Fault]]()
        for fault in faults:
            if isinstance(fault, Fault):
                told.setdefault(fault.row, []).append(fault)
        self.rows += [Reject(where.stem, row, of[0].customer, _reason(of)) for row, of in sorted(told.items())]
        if not self.most or len(told) == 0 or any(not isinstance(fault, Fault) for fault in faults):
            raise_faults(where, faults)
        if len(self.rows) > self.most:
            said = f"{where}: more than the {self.most:,} rows that may be set aside do not fit; nothing was stored"
            raise InvalidInput(f"{said}. The first of them:", faults[:LISTED])
        return set(told)


def _reason(faults: list[Fault]) -> str:
    return "; ".join(f"{fault.column}: {fault.message}" for fault in faults)
