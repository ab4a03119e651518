"""Files for people and programs: stable columns, formulas defused, Parquet that reads back."""

import csv
import io
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from service.crm.tables import Column, defused, written

COLUMNS = (Column("name"), Column("rank", "whole"), Column("sure", "truth"))
ROWS: list[dict[str, Any]] = [{"name": "=1+1", "rank": -5, "sure": True, "more": 1}, {"name": '张三, "x"\n行'}]


def whole(form: str) -> bytes:
    return b"".join(written(form, COLUMNS, ROWS))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_begins_like_a_formula_is_defused(first: str) -> None:
    assert defused(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"
    assert defused(f"a{first}") == f"a{first}"


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
    assert b"".join(written("csv", COLUMNS, [])) == b"name,rank,sure\r\n"
    assert pq.read_table(io.BytesIO(b"".join(written("parquet", COLUMNS, [])))).num_rows == 0
