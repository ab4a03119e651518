"""Files for people and programs: stable columns, formulas defused, Parquet that reads back."""

import csv
import io
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.csv_safety import BOM, defuse_cell
from service.engine.crm.row_files import Column, write_rows

COLUMNS = (Column("name"), Column("rank", "whole"), Column("sure", "truth"))
ROWS: list[dict[str, Any]] = [{"name": "=1+1", "rank": -5, "sure": True, "more": 1}, {"name": '张三, "x"\n行'}]


def whole(form: str, bom: bool = False) -> bytes:
    return b"".join(write_rows(form, COLUMNS, ROWS, bom))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_begins_like_a_formula_is_defused(first: str) -> None:
    assert defuse_cell(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"
    assert defuse_cell(f"a{first}") == f"a{first}"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("A;B; @x", "A;B; '@x"),
        ("a\t-1|+2", "a\t'-1|'+2"),
        ("line\n=1", "line\n'=1"),
        (" =1", " '=1"),
        ("\u3000＝1", "\u3000'＝1"),
        ("\u200b@x", "\u200b'@x"),
        ('a;"=1"', 'a;\'"=1"'.replace("'\"", "\"'")),
        ("a - b = c", "a - b = c"),
        ("c-000001", "c-000001"),
    ],
)
def test_a_formula_after_a_separator_or_behind_blanks_is_defused_and_nothing_else(text: str, safe: str) -> None:
    assert defuse_cell(text) == safe


@given(st.text(st.sampled_from(list("=+-@＝－ab01;,|\t\r\n\u3000\u200b \"'")), max_size=12))
def test_no_part_of_a_defused_text_begins_a_formula_whatever_the_separator(text: str) -> None:
    safe = str(defuse_cell(text))
    assert safe.replace("'", "") == text.replace("'", ""), "nothing but apostrophes is added"
    assert not safe.startswith(("\t", "\r", "\n"))
    for separator in ";,|\t\r\n":
        for part in safe.split(separator):
            assert part.strip(' \u3000\u200b\t\r\n"')[:1] not in tuple("=+-@＝－")


def test_a_byte_order_mark_stands_before_csv_on_request_and_before_nothing_else() -> None:
    assert whole("csv", bom=True) == BOM + whole("csv")
    assert not whole("csv").startswith(BOM)
    assert whole("jsonl", bom=True) == whole("jsonl")
    assert whole("csv", bom=True).decode("utf-8-sig") == whole("csv").decode("utf-8")


def test_csv_reads_back_and_no_cell_begins_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(whole("csv").decode("utf-8"), newline="")))
    assert rows == [["name", "rank", "sure"], ["'=1+1", "-5", "true"], ['张三, "x"\n行', "", ""]]


def test_json_lines_have_every_column_and_no_other() -> None:
    lines = [orjson.loads(line) for line in whole("jsonl").splitlines()]
    assert lines == [{"name": "=1+1", "rank": -5, "sure": True}, {"name": ROWS[1]["name"], "rank": None, "sure": None}]


def test_parquet_has_the_columns_with_their_kinds() -> None:
    table = pq.read_table(io.BytesIO(whole("parquet")))
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("name", "string"), ("rank", "int64"), ("sure", "bool")]  # fmt: skip
    assert table.to_pylist()[0] == {"name": "=1+1", "rank": -5, "sure": True}


def test_nothing_is_a_file_with_columns_only() -> None:
    assert b"".join(write_rows("csv", COLUMNS, [])) == b"name,rank,sure\r\n"
    assert pq.read_table(io.BytesIO(b"".join(write_rows("parquet", COLUMNS, [])))).num_rows == 0
