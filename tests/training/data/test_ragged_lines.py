"""Lines that are no rows are named by file and number; a mainframe's mark of the end is no row."""

from pathlib import Path

import pytest

from service.core.errors import InvalidInput
from tests.training.small_bank import read_csv

GOOD = [f"c{n},{n},x" for n in range(2_000)]
SQL = "SELECT id, a FROM read_csv(file('a.csv'))"


def refused(root: Path, lines: list[str], end: str = "\n") -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput, match=r"customers\.sql: reads lines that are no rows") as caught:
        read_csv(root, end.join(["id,a,b", *lines]), SQL)
    return [(fault.where.rsplit("/", 1)[1], fault.message) for fault in caught.value.problems]


@pytest.mark.parametrize(
    ("line", "count"), [("x1,a,b,2026-01-02", "4 columns"), ("TOTAL 2", "1 column"), ("#a2", "1 column")]
)
def test_a_line_of_another_length_is_named_with_what_was_expected(tmp_path: Path, line: str, count: str) -> None:
    assert refused(tmp_path, [*GOOD, line, "z,1,2"]) == [("a.csv, line 2,002", f"has {count}, expected 3")]


def test_a_line_of_another_length_is_named_however_late_it_comes(tmp_path: Path) -> None:
    rows = [f"c{n},{n},x" for n in range(25_000)]
    assert refused(tmp_path, [*rows, "TOTAL 2"]) == [("a.csv, line 25,002", "has 1 column, expected 3")]


def test_twenty_such_lines_are_named_and_the_others_counted(tmp_path: Path) -> None:
    told = refused(tmp_path, [*GOOD, *["x,y"] * 25])
    assert len(told) == 21
    assert told[-1] == ("a.csv", "and 5 more lines like these")


def test_a_quote_that_nobody_closes_is_named(tmp_path: Path) -> None:
    ((where, said),) = refused(tmp_path, [*GOOD, 'x,"unclosed,2', "y,1,2"])
    assert where == "a.csv, line 2,002"
    assert "is not closed" in said


def test_lines_that_end_in_two_ways_are_told(tmp_path: Path) -> None:
    ((_, said),) = refused(tmp_path, [*GOOD[:10], "x,1,2\ny,3,4\n"], "\r\n")
    assert said == "lines end with CR LF at first and with LF from line 12 on; let all end alike"


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\n\x1a\n", "\n\x1a\x1a"])
def test_a_mark_of_the_end_is_no_row(tmp_path: Path, end: str) -> None:
    assert read_csv(tmp_path, "id,a\nx,1\ny,2" + end, SQL) == {"id": ["x", "y"], "a": [1, 2]}
