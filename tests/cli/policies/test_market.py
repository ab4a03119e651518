"""`fourcast market`, from the files a data supplier delivers."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from service.rules.policy import DEFAULT, load

ROWS = [
    {"id": "competitor_term_1y", "rate": "1.10%", "day": "2026-03-09"},
    {
        "id": "rural_term_1y",
        "rate": "0.0130",
        "day": "2026-03-09",
        "meaning": "农商行一年期",
        "source": "供应商",
        "licence": "合同第3条",
        "fresh_days": "30",
    },
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "policy"))


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["market", *map(str, words)])


def told(*words: object) -> dict[str, Any]:
    ran = run(*words, "--json")
    assert ran.exit_code == 0, ran.output
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def as_csv(rows: list[dict[str, str]]) -> str:
    keys = list(rows[-1])
    return "\n".join([",".join(keys), *(",".join(row.get(key, "") for key in keys) for row in rows)])


@pytest.mark.parametrize(("name", "encoding"), [("r.csv", "utf-8-sig"), ("r.csv", "gb18030"), ("r.json", "utf-8")])
def test_rates_come_in_from_a_table_or_json_beneath_the_files_own_comment(
    folder: Path, tmp_path: Path, name: str, encoding: str
) -> None:
    text = json.dumps({"rates": ROWS}, ensure_ascii=False) if name.endswith("json") else as_csv(ROWS)
    (tmp_path / name).write_bytes(text.encode(encoding))
    found = told("import", tmp_path / name, folder)
    assert "competitor_term_1y = 1.1000% of 2026-03-09: 1.1500% before" in found["rates"]
    assert "rural_term_1y = 1.3000% of 2026-03-09: new" in found["rates"]
    policy = load(folder)
    assert found["policy"] == policy.hash
    rates = {one.id: one for one in policy.market.rates}
    assert (rates["rural_term_1y"].rate, rates["rural_term_1y"].source) == (0.013, "供应商")
    assert rates["competitor_term_1y"].fresh_days == 45
    assert (
        (folder / "market.yaml").read_text().startswith("# The market: rates that others pay, from outside the bank.")
    )


def test_a_policy_without_the_document_gets_one(folder: Path, tmp_path: Path) -> None:
    (folder / "market.yaml").unlink()
    (tmp_path / "r.json").write_text(json.dumps(ROWS[1:]))
    told("import", tmp_path / "r.json", folder)
    assert [one.id for one in load(folder).market.rates] == ["rural_term_1y"]


def test_nothing_is_written_where_a_row_does_not_hold(folder: Path, tmp_path: Path) -> None:
    before = (folder / "market.yaml").read_bytes()
    (tmp_path / "r.csv").write_text("id,rate,day\ncompetitor_term_1y,1.1,2026-03-09\n")
    ran = run("import", tmp_path / "r.csv", folder)
    assert ran.exit_code == 2
    words = 'row 1 "competitor_term_1y": rate must be -0.05 to 0.3 per year, got 1.1; is it 1.1%? Then write the sign'
    assert words in " ".join(ran.output.split())
    assert (folder / "market.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("r.json", "{", "is no JSON"),
        ("r.json", '{"rates": [1]}', "expected a list of rates"),
        ("r.json", "[]", "cannot be brought in"),
        ("r.csv", "id,rate,day\na,0.01,2026-03-09,more\n", "is no table of rates"),
        ("r.csv", "x" * 1_000_001, "is larger than 1000000 bytes"),
    ],
)
def test_a_file_that_is_no_table_of_rates_is_refused(
    folder: Path, tmp_path: Path, name: str, content: str, words: str
) -> None:
    (tmp_path / name).write_text(content)
    ran = run("import", tmp_path / name, folder)
    assert ran.exit_code == 2
    assert words in " ".join(ran.output.split())


def test_show_says_what_every_rate_is_and_whether_it_holds() -> None:
    found = told("show")
    assert any(line.startswith("market.money_fund_7d = 1.2000%, of 2026-03-02, ") for line in found["rates"])
