"""`fourcast calendar`, from the files a compliance officer has."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, load

HEAD = "day,kind,name,source,noticed_on\n"
SOURCE = "国务院办公厅关于2024年部分节假日安排的通知（国办发明电〔2023〕7号）"
OFF = {
    "元旦": ["2024-01-01"],
    "春节": [f"2024-02-{day}" for day in range(10, 18)],
    "清明节": ["2024-04-04", "2024-04-05", "2024-04-06"],
    "劳动节": [f"2024-05-0{day}" for day in range(1, 6)],
    "端午节": ["2024-06-10"],
    "中秋节": ["2024-09-15", "2024-09-16", "2024-09-17"],
    "国庆节": [f"2024-10-0{day}" for day in range(1, 8)],
}
WORKED = {"春节": ["2024-02-04", "2024-02-18"], "清明节": ["2024-04-07"], "劳动节": ["2024-04-28", "2024-05-11"]}
WORKED |= {"中秋节": ["2024-09-14"], "国庆节": ["2024-09-29", "2024-10-12"]}
ROWS = [
    *(f"{day},holiday,{name},{SOURCE},2023-10-25" for name, days in OFF.items() for day in days),
    *(f"{day},working,{name},{SOURCE},2023-10-25" for name, days in WORKED.items() for day in days),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "policy"))


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["calendar", *map(str, words)])


def told(*words: object) -> dict[str, Any]:
    ran = run(*words, "--json")
    assert ran.exit_code == 0, ran.output
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_notice_comes_in_from_a_table_as_spreadsheets_save_it(folder: Path, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "2024.csv"
    file.write_bytes((HEAD + "\n".join(ROWS)).encode(encoding))
    found = told("import", file, folder)
    assert found["notices"] == ["2024 is new: 28 days off, 8 weekend days worked"]
    calendar = load(folder).contact.calendar
    assert found["policy"] == load(folder).hash
    assert sorted(calendar.notices) == [2024, 2025, 2026]
    assert calendar.notices[2024].source == SOURCE
    assert calendar.by_law == load(DEFAULT).contact.calendar.by_law
    assert (folder / "calendar.yaml").read_text().startswith("# Holidays and worked weekend days")
    assert "as it was" in told("import", file, folder)["notices"][0]


def test_a_notice_comes_in_as_yaml_and_may_be_replaced(folder: Path, tmp_path: Path) -> None:
    text = (folder / "calendar.yaml").read_text()
    file = tmp_path / "amended.yaml"
    file.write_text(text.replace('to: "2026-01-03"', 'to: "2026-01-02"'))
    lines = told("import", file, folder)["notices"]
    assert lines[0] == "2025 is as it was: 28 days off, 5 weekend days worked"
    assert lines[1].startswith("2026 is replaced: 32 days off, 6 weekend days worked")
    assert len(list(load(folder).contact.calendar.notices[2026].holidays)) == 32


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "\n".join(row for row in ROWS if "2024-10-01" not in row), "leaves out 2024-10-01"),
        (HEAD + "\n".join(row for row in ROWS if "2024-10-03" not in row), "has a gap after 2024-10-02"),
        (HEAD + "\n".join(ROWS).replace("2023-10-25", "2099-10-25"), "2099"),
        (HEAD, "must be 1 to 200"),
        (HEAD + "\n".join(f"{row},more" for row in ROWS[:2]), "row 3: holds more cells than the table has columns"),
        (HEAD + "9" * 200_000, "is no CSV table: field larger than field limit"),
        ("a,b\n1,2\n", "lacks day, kind, name, source, noticed_on"),
    ],
)
def test_what_is_no_notice_is_refused_and_nothing_is_written(
    folder: Path, tmp_path: Path, text: str, words: str
) -> None:
    before = (folder / "calendar.yaml").read_bytes()
    (tmp_path / "notice.csv").write_text(text)
    ran = run("import", tmp_path / "notice.csv", folder)
    assert ran.exit_code == 2
    assert words in ran.output
    assert (folder / "calendar.yaml").read_bytes() == before


def test_a_policy_without_a_calendar_gets_one(folder: Path, tmp_path: Path) -> None:
    contact = folder / "contact.yaml"
    contact.write_text(contact.read_text().replace("holidays: []", 'holidays: ["2027-01-01"]'))
    (tmp_path / "two.yaml").write_text((folder / "calendar.yaml").read_text())
    (folder / "calendar.yaml").unlink()
    with pytest.raises(PolicyError):
        load(folder)  # the case of a worked Saturday waits for its notice
    told("import", tmp_path / "two.yaml", folder)
    assert sorted(load(folder).contact.calendar.notices) == [2025, 2026]


def test_the_days_that_are_known_are_listed_with_their_ground() -> None:
    found = told("show")
    assert found["noticed until"] == "2026-12-31"
    assert found["days"]["2026-02-14 Sat"] == "working, 春节"
    assert found["days"]["2027-01-01 Fri"] == "holiday, 元旦, by law"
