"""All faults of a bank's folder and files at once, before training.

Order: each table by its SQL, without the erased -> the ``table_contract`` of that table -> whether the tables know each
other's customers. Where one table cannot be read, the others are checked all the same. ``bank_tables`` uses the same
contract when it reads.
"""

from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from service.core.attributes import AttributeTable
from service.core.clock import now_ms
from service.core.errors import InvalidInput, Problem
from training.data import sufficiency, table_contract
from training.data.bank import Bank, open_bank
from training.data.bank_tables import customers_from, outcomes_from, table_of
from training.data.external_keys import key_faults
from training.data.purchases import purchase_faults
from training.data.query_rows import ID, LISTED, Rows, customers_of, read_rows
from training.data.training_sample import sample_of

TABLES = ("customers", "outcomes", "lapse", "consents")


@dataclass
class Checked:
    """Rows of every table that could be read, and every fault with the name of its table.

    ``nobodys`` counts the rows of a table whose customers are not in customers.sql: they are ignored. ``unlearnable``
    lists why sound tables are not enough to learn from.
    """

    rows: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[str, Problem]] = field(default_factory=list)
    nobodys: dict[str, int] = field(default_factory=dict)
    unlearnable: list[Problem] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Plain JSON values: row, customer, column, value and expected where a value is faulty."""
        faults = [{"table": table, **asdict(fault)} for table, fault in self.faults]
        more = {"nobodys": self.nobodys, "unlearnable": [asdict(one) for one in self.unlearnable]}
        return {"rows": self.rows, "faults": faults, **{name: part for name, part in more.items() if part}}

    @property
    def notes(self) -> Iterator[str]:
        """A sentence for each table with rows of unknown customers."""
        for table, count in self.nobodys.items():
            said = f"{count:,} of {self.rows[table]:,} rows belong to nobody in customers.sql"
            yield f"{table}: {said}: no model learns from them"


def check_files(
    bank: Path | Bank,
    files: Path,
    purposes: Collection[str] | None = None,
    now: int | None = None,
    listed: int = LISTED,
) -> Checked:
    """Return every fault of a bank's files.

    ``purposes`` are those of the policy, which consents may name. An open bank knows the erased and the stored
    customers. The bank's day and consents are checked as of ``now`` (ms UTC; by default the current time). ``listed``
    is how many faulty values of a column get a row of their own.

    Raises: InvalidInput, PolicyError: bank.yaml or attributes.yaml is faulty.
    """
    described, found = open_bank(bank), Checked()
    at, table, read = now_ms() if now is None else now, table_of(described), dict[str, Rows]()
    found.faults += [("bank", fault) for fault in table_contract.day_faults(described, at)]
    for name in TABLES:
        if described.has(name):
            try:
                rows = read_rows(described, Path(files), name, table if name == "customers" else None)
                read[name] = replace(rows, listed=listed)
            except InvalidInput as error:
                found.faults.append((name, Problem(f"{name}.sql", error.message)))
    for name, rows in read.items():
        found.rows[name] = rows.table.num_rows
        found.faults += [(name, fault) for fault in _faults(name, rows, described, table, purposes, at)]
    customers = {name: customers_of(rows.table) for name, rows in read.items()}
    found.faults += _strangers(customers)
    for name in {"outcomes", "lapse"} & customers.keys() if customers.get("customers") else ():
        strange = int(read[name].belonging_to(customers[name] - customers["customers"]).sum()) if customers[name] else 0
        found.nobodys |= {name: strange} if strange else {}
    if "consents" in read and customers.get("customers") and customers["consents"]:
        unknown = table_contract.stranger_faults(read["consents"], described, customers["customers"])
        found.faults += [("consents", fault) for fault in unknown]
    if not {"customers", "outcomes"} & {name for name, _ in found.faults}:
        found.unlearnable += _unlearnable(read, described, table)
    return found


def _unlearnable(read: Mapping[str, Rows], bank: Bank, table: AttributeTable) -> list[Problem]:
    """The faults that training would refuse; none where there are no outcomes."""
    if not {"customers", "outcomes"} <= read.keys():
        return []
    customers = customers_from(read["customers"])
    outcomes = outcomes_from(bank, read["outcomes"], customers)
    return list(sufficiency.faults(sample_of(customers, outcomes, table), bank))


def _faults(
    name: str, rows: Rows, bank: Bank, table: AttributeTable, purposes: Collection[str] | None, now: int
) -> list[Problem]:
    if name == "customers":
        faults = [*table_contract.customer_faults(rows, bank, table), *key_faults(rows)]
        return [*faults, *table_contract.name_faults(rows, bank)]
    if name == "outcomes":
        return [*table_contract.outcome_faults(rows, bank), *purchase_faults(rows, bank)]
    if name == "lapse":
        return table_contract.lapse_faults(rows)
    return table_contract.consent_faults(rows, bank, now, purposes)


def _strangers(ids: Mapping[str, Set[str]]) -> Iterator[tuple[str, Problem]]:
    """A fault for each table without any customer of customers.sql: its ids are written differently."""
    customers = ids.get("customers", set())
    for name, found in ids.items():
        if customers and found and not found & customers:
            said = f"none of its {len(found):,} customers, such as {min(found)!r}, is among those of customers.sql"
            yield name, Problem(ID, f"{said}, such as {min(customers)!r}")
