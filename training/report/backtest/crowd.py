"""The customers of a backtest: what the bank knew of them on its day, and which kinds of product they bought after it.

Only customers with an outcome count. Assessments and consents that the files lack may be simulated (``supplement``);
no model learns from these. Decisions are made at noon of the bank's day.
"""

from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path

import numpy as np
import pyarrow as pa

from service.core.domain import Snapshot
from service.core.errors import InvalidInput
from training.arrays import Flags, Places
from training.data.bank import Bank
from training.data.bank_tables import Customers, Outcomes, read_consents, read_customers, read_outcomes, table_of
from training.data.purchases import FAMILIES
from training.data.query_rows import ID
from training.data.simulated_consents import simulated_consents, supplement_customers
from training.data.training_sample import Sample, sample_of


@dataclass(frozen=True)
class Crowd:
    """n customers with an outcome: what is known of them, what models read of them, and what they bought.

    ``bought`` is (n, kinds); ``kinds`` are the kinds that anybody bought, in order of family and name. ``now`` is the
    instant of the decisions (ms UTC).
    """

    bank: Bank
    snapshots: list[Snapshot]
    sample: Sample
    kinds: tuple[str, ...]
    bought: Flags
    now: int

    @property
    def families(self) -> tuple[str, ...]:
        """The family of each kind."""
        return tuple(str(FAMILIES[kind]) for kind in self.kinds)

    @property
    def buyers(self) -> Flags:
        """(n,) who bought at least one kind."""
        return np.asarray(self.bought.any(axis=1))


def read_crowd(bank: Bank, files: Path, *, supplement: bool = False, most: int | None = None, seed: int = 7) -> Crowd:
    """Read the customers of a bank's files and what they bought; ``most``: a random sample of so many.

    Raises: InvalidInput: the files break their contract, or outcomes.sql does not say what was bought.
    """
    table = table_of(bank)
    customers = read_customers(bank, files, table)
    outcomes = read_outcomes(bank, files, customers)
    if outcomes.purchases is None or not outcomes.purchases.num_rows:
        said = (
            "must return bought_product and bought_amount_yuan (examples/README.md): a backtest needs what was bought"
        )
        raise InvalidInput(f"{bank.folder / 'outcomes.sql'}: {said}")
    if most is not None and most < len(outcomes.rows):
        customers = _sampled(customers, outcomes.rows, most, seed)
        outcomes = read_outcomes(bank, files, customers)
    sample = sample_of(customers, outcomes, table)
    ids = customers.table.column(ID).take(pa.array(outcomes.rows)).to_pylist()
    kinds, bought = _bought(outcomes, ids)
    known = supplement_customers(customers, seed, bank.as_of) if supplement else customers
    noon = round(datetime.combine(bank.as_of, time(12), bank.timezone).timestamp() * 1000)
    return Crowd(bank, _snapshots(bank, files, known, outcomes, supplement, seed), sample, kinds, bought, noon)


def _sampled(customers: Customers, rows: Places, most: int, seed: int) -> Customers:
    """At most so many of the customers at these rows, drawn at random."""
    kept = np.sort(np.random.default_rng([seed, 3]).permutation(rows)[:most])
    return replace(customers, table=customers.table.take(pa.array(kept)))


def _bought(outcomes: Outcomes, ids: list[str]) -> tuple[tuple[str, ...], Flags]:
    assert outcomes.purchases is not None
    place = {customer: row for row, customer in enumerate(ids)}
    columns = (outcomes.purchases.column(name).to_pylist() for name in (ID, "product"))
    pairs = [(place[customer], product) for customer, product in zip(*columns, strict=True) if customer in place]
    kinds = tuple(sorted({product for _, product in pairs}, key=lambda kind: (FAMILIES[kind], kind)))
    bought = np.zeros((len(ids), len(kinds)), dtype=bool)
    for row, product in pairs:
        bought[row, kinds.index(product)] = True
    return kinds, bought


def _snapshots(
    bank: Bank, files: Path, customers: Customers, outcomes: Outcomes, supplement: bool, seed: int
) -> list[Snapshot]:
    """What the service would know of each customer with an outcome on the bank's day: no event of the past."""
    said: dict[str, dict[str, bool]] = {}
    words = read_consents(bank, files)
    if words is None and supplement:
        for customer, purpose, granted in simulated_consents(customers, seed):
            said.setdefault(customer, {})[purpose] = granted
    for customer, purpose, granted, *_ in words or ():
        said.setdefault(customer, {})[purpose] = granted
    known = replace(customers, table=customers.table.take(pa.array(outcomes.rows)))
    return [Snapshot(customer, 1, attributes, said.get(customer, {})) for customer, attributes in known]
