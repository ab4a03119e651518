"""What a bundle says it is made of: all that the models depend on, and nothing that says nothing."""

from pathlib import Path

import pytest

from tests.training.small_bank import small_bank
from training.data.bank import open_bank
from training.data.warehouse import files_read

SQL = "SELECT id AS customer_id, 'a  -- b' AS region, 1.5 AS age FROM read_csv(file('a.csv'))"


@pytest.fixture
def bank(tmp_path: Path) -> tuple[Path, Path]:
    bank, files = small_bank(tmp_path, customers=SQL, outcomes="SELECT 'a' AS customer_id, true AS bought_deposit")
    (bank / "attributes.yaml").write_text("attributes:\n  - {name: pets, kind: number, meaning: Pets}\n")
    (files / "a.csv").write_text("id\na\n")
    return bank, files


def sources(bank: tuple[Path, Path]) -> dict[str, str]:
    return files_read(open_bank(bank[0]), bank[1])


def test_yaml_and_sql_and_every_file_are_among_them(bank: tuple[Path, Path]) -> None:
    assert set(sources(bank)) == {"customers.sql", "outcomes.sql", "bank.yaml", "attributes.yaml", "a.csv"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("customers.sql", f"-- 说明\n{SQL.replace(' FROM', '  /* why */' + chr(10) + 'FROM')} -- end"),
        ("bank.yaml", None),
        ("attributes.yaml", "# ours\nattributes:\n- kind: number\n  name: pets\n  meaning: Pets\n"),
    ],
)
def test_comments_blanks_and_the_order_of_keys_say_nothing(
    bank: tuple[Path, Path], name: str, text: str | None
) -> None:
    before, where = sources(bank), bank[0] / name
    where.write_text(text or "# comment\n" + "\n".join(reversed(where.read_text().splitlines())), encoding="utf-8")
    assert sources(bank) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("customers.sql", "'a  -- b'", "'a -- b'"),
        ("customers.sql", "1.5", "1.6"),
        ("bank.yaml", "2026-01-31", "2026-02-28"),
        ("attributes.yaml", "number", "money"),
    ],
)
def test_what_changes_the_customers_is_a_change(bank: tuple[Path, Path], name: str, old: str, new: str) -> None:
    before, where = sources(bank), bank[0] / name
    where.write_text(where.read_text().replace(old, new))
    assert {one for one, digest in sources(bank).items() if digest != before[one]} == {name}
