"""A bank of one or more SQL files and its files, written where a test wants them."""

from pathlib import Path
from typing import Any

from training.data.bank import open_bank
from training.data.warehouse import query

YAML = """name: Small bank
as_of: 2026-01-31
timezone: Asia/Shanghai
split: customer
horizon_days: 92
families: [deposit]
"""


def small_bank(root: Path, more: str = "", **sql: str) -> tuple[Path, Path]:
    """Its folder, with a ``<name>.sql`` each, and the empty folder of its files; ``more`` are lines of bank.yaml."""
    bank, files = root / "bank", root / "files"
    bank.mkdir()
    files.mkdir()
    (bank / "bank.yaml").write_text(YAML + more)
    for name, text in sql.items():
        (bank / f"{name}.sql").write_text(text, encoding="utf-8")
    return bank, files


def read_csv(root: Path, csv: str, sql: str = "SELECT * FROM read_csv(file('a.csv'))") -> dict[str, Any]:
    """The columns of one CSV as the bank's SQL reads it."""
    bank, files = small_bank(root, customers=sql)
    (files / "a.csv").write_text(csv, encoding="utf-8")
    table = query(open_bank(bank), files, "customers")
    return {name: table.column(name).to_pylist() for name in table.column_names}


def keep_deposits(bank: Path) -> None:
    """Make a synthetic bank's folder one of deposits alone, which does not tell by kind what was bought."""
    yaml, outcomes = bank / "bank.yaml", bank / "outcomes.sql"
    yaml.write_text(yaml.read_text().replace("[deposit, wealth]", "[deposit]"))
    outcomes.write_text("SELECT * FROM read_parquet(file('outcomes.parquet'))\n")
