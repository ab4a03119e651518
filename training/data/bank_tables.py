"""Customers, outcomes, lapses and consents of a bank's SQL, checked and sorted by customer.

Order: ``warehouse.query`` -> the contract of each table (columns, then values; every fault at once, by row, column,
value and what was expected) -> sorted rows. Sorting makes a model independent of the order of the files. Values that
the files lack stay unknown.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from service.core.attributes import AttributeTable, parse_table
from service.core.clock import now_ms
from service.core.domain import Attributes
from service.core.errors import InvalidInput, Problem
from training.arrays import Flags, Floats, Places
from training.data.bank import OWN_TABLE, Bank, open_bank, read_yaml
from training.data.consent_instants import ConsentInstants, read_instants
from training.data.external_keys import key_faults, split_keys
from training.data.purchases import one_row_each, purchase_faults, purchases_from
from training.data.query_rows import ID, Rows, read_rows
from training.data.rejects import Rejects
from training.data.table_contract import (
    consent_faults,
    customer_faults,
    day_faults,
    lapse_faults,
    name_faults,
    outcome_faults,
    plain,
    raise_faults,
    stranger_faults,
)

DEFAULT_TABLE = Path(__file__).parents[2] / "service" / "rules" / "default" / "attributes.yaml"


Word = tuple[str, str, bool, int, int, bool]
"""Customer, purpose, yes or no, the first and last instant (ms UTC) at which the customer may have said it, and whether
the file states that instant."""


@dataclass(frozen=True)
class Customers:
    """The customers of a bank: an Arrow table of ``customer_id`` and raw attributes, sorted by customer.

    ``external_keys`` maps the customers that have one to their key; no model reads them.

    Iterating gives ``(customer_id, record)`` with the record as JSON carries it, unknown values left out.
    """

    table: pa.Table
    external_keys: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[tuple[str, Attributes]]:
        for batch in self.table.to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                yield row.pop(ID), {name: plain(value) for name, value in row.items() if value is not None}

    @property
    def columns(self) -> list[str]:
        """The attributes that the bank's files hold."""
        return [name for name in self.table.column_names if name != ID]

    @property
    def ids(self) -> list[str]:
        """The customers' ids, in order."""
        return list(self.table.column(ID).to_pylist())


@dataclass(frozen=True)
class Outcomes:
    """What the customers did, aligned to ``rows`` of the customers' table.

    ``bought[family]`` is 0.0 or 1.0; ``held[family]`` is whether the customer held it before, None where the files lack
    it; ``times`` is the split column where the bank splits by time. ``amounts[family]`` is the yuan that a buyer
    brought, NaN where unknown; ``treated[family]`` is 1.0 or 0.0 for customers in a randomised trial of its offers, NaN
    for the others. Families without such a column are left out. ``purchases`` are the customers' purchases by kind of
    product (``purchases.SCHEMA``); None where the bank does not say what was bought.
    """

    rows: Places
    bought: Mapping[str, Floats]
    held: Mapping[str, Flags | None]
    times: npt.NDArray[Any] | None = None
    amounts: Mapping[str, Floats] = field(default_factory=dict)
    treated: Mapping[str, Floats] = field(default_factory=dict)
    purchases: pa.Table | None = None


@dataclass(frozen=True)
class Lapses:
    """Lapses within the horizon, aligned to ``rows`` of the customers' table: ``lapsed`` is 1.0 or 0.0."""

    rows: Places
    lapsed: Floats


def default_table() -> AttributeTable:
    """The attributes and features of the default policy."""
    return parse_table(read_yaml(DEFAULT_TABLE))


def table_of(bank: Bank | Path) -> AttributeTable:
    """The default policy's table with the additions of the bank's attributes.yaml.

    Raises: PolicyError: attributes.yaml is faulty.
    """
    own = open_bank(bank).folder / OWN_TABLE
    if not own.is_file():
        return default_table()
    shipped, added = read_yaml(DEFAULT_TABLE), read_yaml(own)
    parts = ("attributes", "features")
    if not isinstance(added, dict) or not set(added) <= set(parts):
        raise InvalidInput(f"{own}: must hold {' and '.join(parts)}, as {DEFAULT_TABLE.name} does")
    if strange := [part for part, rows in added.items() if not isinstance(rows, list)]:
        raise InvalidInput(f"{own}: {' and '.join(strange)} must be a list")
    return parse_table({part: [*shipped[part], *added.get(part, [])] for part in parts})


def expect_day(bank: Bank, now: int) -> None:
    """Raise InvalidInput where the bank's day is still to come: what is stored of it would beat every later word."""
    for fault in day_faults(bank, now):
        raise InvalidInput(f"{bank.folder}: {fault}")


def read_customers(
    bank: Bank | Path, files: Path, table: AttributeTable | None = None, rejects: Rejects | None = None
) -> Customers:
    """Read the customers of a bank's files, without the erased.

    ``rejects`` is given by an import: it sets some rows aside, and requires of new customers ids that fit a URL path.

    Raises: InvalidInput: with every fault of every column.
    """
    described, known = open_bank(bank), table or table_of(bank)

    def judge(rows: Rows) -> list[Problem]:
        faults = [*customer_faults(rows, described, known), *key_faults(rows)]
        return faults if rejects is None else [*faults, *name_faults(rows, described)]

    read, where = read_rows(described, files, "customers", known), described.folder / "customers.sql"
    return customers_from((rejects or Rejects()).keep_fitting(read, where, judge))


def customers_from(judged: Rows) -> Customers:
    """The customers of rows that fit their contract."""
    return Customers(*split_keys(_sorted(judged)))


def read_outcomes(bank: Bank, files: Path, customers: Customers) -> Outcomes:
    """Read the outcomes of those customers that have one.

    Raises: InvalidInput: outcomes.sql breaks the contract, or names none of the customers.
    """
    read, where = read_rows(bank, files, "outcomes"), bank.folder / "outcomes.sql"
    raise_faults(where, [*outcome_faults(read, bank), *purchase_faults(read, bank)])
    outcomes = outcomes_from(bank, read, customers)
    if not len(outcomes.rows):
        raise InvalidInput(f"{where}: none of its {read.table.num_rows} customers is among those of customers.sql")
    return outcomes


def outcomes_from(bank: Bank, judged: Rows, customers: Customers) -> Outcomes:
    """The outcomes of those customers, from rows that fit their contract."""
    rows = _sorted(judged)
    rows = rows.filter(pa.array(_places(rows.column(ID).to_pylist(), customers) >= 0))
    each = one_row_each(rows, bank)
    places = _places(each.column(ID).to_pylist(), customers)
    return replace(_outcomes(bank, each, places), purchases=purchases_from(rows))


def read_lapses(bank: Bank, files: Path, customers: Customers) -> Lapses | None:
    """Read lapse.sql; None without that file.

    Raises: InvalidInput: lapse.sql breaks the contract.
    """
    if bank.sql("lapse") is None:
        return None
    read, where = read_rows(bank, files, "lapse"), bank.folder / "lapse.sql"
    raise_faults(where, lapse_faults(read))
    rows = _sorted(read)
    places = _places(rows.column(ID).to_pylist(), customers)
    return Lapses(places[places >= 0], _flags(rows, "lapsed")[places >= 0])


def read_consents(
    bank: Bank | Path,
    files: Path,
    purposes: Collection[str] | None = None,
    among: Customers | None = None,
    now: int | None = None,
    rejects: Rejects | None = None,
) -> list[Word] | None:
    """Read the consents of consents.sql, sorted; None without that file: consent is unknown.

    ``purposes`` are those of the policy; where they are given, another purpose is a fault. So are a customer that is
    neither ``among`` these nor stored, and a consent later than ``now`` (ms UTC; by default the current time).
    ``rejects`` sets some of such rows aside.
    """
    described, until = open_bank(bank), now_ms() if now is None else now
    if described.sql("consents") is None:
        return None
    read, where = read_rows(described, files, "consents"), described.folder / "consents.sql"
    ids = None if among is None else among.ids

    def judge(rows: Rows) -> list[Problem]:
        faults = consent_faults(rows, described, until, purposes)
        return faults if ids is None else [*faults, *stranger_faults(rows, described, ids)]

    rows = (rejects or Rejects()).keep_fitting(read, where, judge)
    return sorted(_words(rows.table, read_instants(rows.table, described)))


def _words(table: pa.Table, said: ConsentInstants) -> Iterator[Word]:
    names = (pc.cast(table.column(name), pa.string()).to_pylist() for name in (ID, "purpose"))
    granted = map(bool, table.column("granted").to_pylist())
    return zip(*names, granted, said.earliest.tolist(), said.latest.tolist(), said.proven.tolist(), strict=True)


def _places(ids: list[str], customers: Customers) -> Places:
    """Each id's row among the customers; -1 where it is not among them."""
    place = {customer: row for row, customer in enumerate(customers.ids)}
    return np.array([place.get(customer, -1) for customer in ids], dtype=np.int64)


def _outcomes(bank: Bank, rows: pa.Table, places: Places) -> Outcomes:
    flags = {name: _flags(rows, name) for name in rows.column_names if name.startswith(("bought_", "held_"))}
    held = {family: flags.get(f"held_{family}") for family in bank.families}
    return Outcomes(
        rows=places,
        bought={family: flags[f"bought_{family}"] for family in bank.families},
        held={family: None if one is None else one > 0 for family, one in held.items()},
        times=rows.column(bank.split_column).to_numpy() if bank.split_column else None,
        amounts=_where_given(bank, rows, "amount"),
        treated=_where_given(bank, rows, "treated"),
    )


def _where_given(bank: Bank, rows: pa.Table, what: str) -> dict[str, Floats]:
    names = {family: f"{what}_{family}" for family in bank.families}
    return {family: _flags(rows, name) for family, name in names.items() if name in rows.column_names}


def _flags(rows: pa.Table, name: str) -> Floats:
    return np.asarray(pc.cast(rows.column(name), pa.float64()).to_numpy())


def _sorted(read: Rows) -> pa.Table:
    rows = read.table
    rows = rows.set_column(rows.column_names.index(ID), ID, pc.cast(rows.column(ID), pa.string()))
    return rows.sort_by(ID).combine_chunks()
