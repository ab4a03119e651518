"""A small bank whose files name three customers, and the verbs that read them, typed against a database of its own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from service.cli.main import main

BANK = """name: T
as_of: {as_of}
timezone: Asia/Shanghai
split: customer
horizon_days: 90
families: [deposit]
"""
SQL = {
    "customers": "SELECT id AS customer_id, demand AS demand_yuan FROM read_csv(file('accounts.csv'))",
    "consents": "SELECT id AS customer_id, purpose, granted FROM read_csv(file('said.csv'))",
}
ACCOUNTS = "id,demand\ne-1,1000\ne-2,2000\ne-3,3000\n"
SAID = "id,purpose,granted\ne-1,marketing:sms,true\ne-2,marketing:sms,true\ne-3,marketing:sms,true\n"


@dataclass(frozen=True)
class Folders:
    """The bank's folder, the folder of its files, and where the verbs find their servers."""

    bank: Path
    files: Path
    servers: dict[str, str]

    def put(self, name: str, text: str) -> None:
        """Write a file of the bank, or an SQL of its folder."""
        (self.bank if name.endswith(".sql") else self.files).joinpath(name).write_text(text, encoding="utf-8")

    def day(self, as_of: str) -> None:
        """Set the bank's day."""
        (self.bank / "bank.yaml").write_text(BANK.format(as_of=as_of))

    def run(self, verb: str, *words: str) -> Result:
        """Type a verb over these folders."""
        typed = [verb, "--bank", str(self.bank), "--files", str(self.files), *words]
        return CliRunner().invoke(main, typed, env=self.servers)

    def json(self, verb: str, *words: str) -> dict[str, Any]:
        """What a verb says as JSON, which must succeed."""
        result = self.run(verb, "--json", *words)
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))


def folders(root: Path, database: str, redis: str, as_of: str = "2026-03-31") -> Folders:
    """The small bank under ``root``."""
    servers = {
        "FOURCAST_DATABASE_URL": database,
        "FOURCAST_REDIS_URL": redis,
        "FOURCAST_STATE_DIR": str(root / "state"),
    }
    made = Folders(root / "bank", root / "files", servers)
    made.bank.mkdir()
    made.files.mkdir()
    made.day(as_of)
    for name, text in SQL.items():
        made.put(f"{name}.sql", text)
    made.put("accounts.csv", ACCOUNTS)
    made.put("said.csv", SAID)
    return made
