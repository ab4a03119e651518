"""A column of a CSV is text unless every value of the file is plainly a number, a day or a truth."""

from pathlib import Path
from typing import Any

import pytest

from service.core.errors import InvalidInput
from tests.training.small_bank import read_csv, small_bank
from training.data.bank_tables import read_customers
from training.data.files.csv_calls import csv_calls

MANY = 21_000
"""More rows than DuckDB looks at before it guesses (20,480)."""


def test_a_leading_zero_after_any_number_of_rows_is_kept(tmp_path: Path) -> None:
    bank, files = small_bank(
        tmp_path, customers="SELECT id AS customer_id, age, balance AS demand_yuan FROM read_csv(file('accounts.csv'))"
    )
    rows = [f"{100_000 + n},40,{n}.50" for n in range(MANY)]
    (files / "accounts.csv").write_text("\n".join(["id,age,balance", *rows, "0012345,41,1"]))
    customers = read_customers(bank, files)
    assert len(customers) == MANY + 1
    assert next(iter(customers)) == ("0012345", {"age": 41, "demand_yuan": 1.0})
    assert "12345" not in customers.ids


def test_codes_meet_codes_in_a_join_though_one_file_has_no_zero(tmp_path: Path) -> None:
    bank, files = small_bank(
        tmp_path,
        customers="SELECT id AS customer_id, age FROM read_csv(file('a.csv')) JOIN read_csv(file('b.csv')) USING (id)",
    )
    (files / "a.csv").write_text("id\n0012345\n12345\n")
    (files / "b.csv").write_text("id,age\n12345,40\n")
    assert list(read_customers(bank, files)) == [("12345", {"age": 40})]


@pytest.mark.parametrize(
    ("values", "read_as"),
    [
        (["1", "-20", " 3"], [1, -20, 3]),
        (["1", "2.50", "-1e-3", ".5"], [1.0, 2.5, -0.001, 0.5]),
        (["007", "12"], ["007", "12"]),
        (["12345678901234567890", "1"], ["12345678901234567890", "1"]),
        (["12E5", "13E5"], ["12E5", "13E5"]),
        (["+8613800000000"], ["+8613800000000"]),
        (["1_000", "2"], ["1_000", "2"]),
        (["１２", "3"], ["１２", "3"]),
        (["03/04/2025"], ["03/04/2025"]),
        (["25-03-04"], ["25-03-04"]),
        (["0000-00-00", "2025-03-04"], ["0000-00-00", "2025-03-04"]),
        (["20260-01-01"], ["20260-01-01"]),
        (["infinity"], ["infinity"]),
        (["true", "FALSE"], [True, False]),
        (["yes", "no"], ["yes", "no"]),
        (["", ""], [None, None]),
    ],
)
def test_a_column_is_a_number_or_a_truth_only_where_nothing_is_lost(
    tmp_path: Path, values: list[str], read_as: list[Any]
) -> None:
    found = read_csv(tmp_path, "\n".join(["word,x", *(f"w,{value}" for value in values)]))
    assert found["x"] == read_as
    assert [type(one) for one in found["x"]] == [type(one) for one in read_as]


def test_days_and_instants_with_the_year_first_are_read_and_reckoned_with(tmp_path: Path) -> None:
    csv = "a,b,c,d\n2025-03-04,2025/3/4,2025-03-04 10:20,2025-03-03T23:30:00Z\n"
    csv += "2025-03-05,2025/10/1,2025-03-05,2025-03-04 08:00:00+08\n"
    sql = (
        "SELECT as_of() - a AS a, as_of() - b AS b, hour(c) AS c, CAST(CAST(d AS DATE) AS VARCHAR) AS d "
        "FROM read_csv(file('a.csv'))"
    )
    assert read_csv(tmp_path, csv, sql) == {
        "a": [333, 332],
        "b": [333, 122],
        "c": [10, 0],
        "d": ["2025-03-04", "2025-03-04"],
    }


def test_what_the_sql_says_of_a_column_holds(tmp_path: Path) -> None:
    csv = "id;day;yuan;n\n1;03/04/2025;1.234,50;7\n2;25/12/2024;2,00;8\n"
    options = "types = {'id': 'VARCHAR'}, dateformat = '%d/%m/%Y', decimal_separator = ',', thousands = '.'"
    found = read_csv(
        tmp_path,
        csv,
        f"SELECT id, CAST(day AS VARCHAR) AS day, yuan, n FROM read_csv(file('a.csv'), delim = ';', {options})",
    )
    assert found == {"id": ["1", "2"], "day": ["2025-04-03", "2024-12-25"], "yuan": [1234.5, 2.0], "n": [7, 8]}


def test_arithmetic_on_a_columns_numbers_goes_on_working(tmp_path: Path) -> None:
    sql = "SELECT sum(x) AS x, max(x) AS most, count(*) FILTER (x > 100) AS n FROM read_csv(file('a.csv'))"
    assert read_csv(tmp_path, "x\n9\n100.5\n20\n", sql) == {"x": [129.5], "most": [100.5], "n": [1]}


def test_a_file_without_a_head_keeps_its_first_row(tmp_path: Path) -> None:
    assert read_csv(tmp_path, "1,2\n3,4\n") == {"column0": [1, 3], "column1": [2, 4]}
    (tmp_path / "named").mkdir()
    named = "SELECT * FROM read_csv(file('a.csv'), names = ['x', 'y'])"
    assert read_csv(tmp_path / "named", "1,2\n3,4\n", named) == {"x": [1, 3], "y": [2, 4]}


def test_calls_are_found_where_they_are_code_and_only_there() -> None:
    text = "SELECT '表 read_csv(' FROM read_csv(file('(.csv'), delim = ';') AS a -- read_csv(x)\n"
    text += "JOIN Read_CSV_auto([file('b')])"
    assert [(call.path, dict(call.options)) for call in csv_calls(text)] == [
        ("file('(.csv')", {"delim": "';'"}),
        ("[file('b')]", {}),
    ]


def test_what_is_no_sql_is_said_in_duckdbs_words(tmp_path: Path) -> None:
    for place, sql in enumerate(("SELECT * FROM read_csv(", "SELECT * FROM read_csv()", "SELECT * FROM read_csv(1)")):
        (tmp_path / str(place)).mkdir()
        with pytest.raises(InvalidInput, match=r"customers\.sql: "):
            read_csv(tmp_path / str(place), "x\n1\n", sql)


def test_quotes_that_come_late_are_quotes_and_a_quoted_comma_is_no_separator(tmp_path: Path) -> None:
    rows = [f"q{n},r{n},true" for n in range(25_000)]
    late = ['"q999999","rx",true', '"x2","he said ""hi""",false', 'x1,"Smith, John",true']
    found = read_csv(tmp_path, "\n".join(["id,region,deceased", *rows, *late]))
    assert found["id"][-3:] == ["q999999", "x2", "x1"]
    assert found["region"][-3:] == ["rx", 'he said "hi"', "Smith, John"]
    assert found["deceased"][-3:] == [True, False, True]


def test_nothing_is_a_comment_unless_the_sql_says_so(tmp_path: Path) -> None:
    csv = "id,region\na1,x#1\n#a2,y\na3,#z\n"
    assert read_csv(tmp_path, csv) == {"id": ["a1", "#a2", "a3"], "region": ["x#1", "y", "#z"]}
    (tmp_path / "said").mkdir()
    said = "SELECT * FROM read_csv(file('a.csv'), comment = '#')"
    assert read_csv(tmp_path / "said", "id,region\na1,x\n#a2\n", said) == {"id": ["a1"], "region": ["x"]}
    (tmp_path / "one").mkdir()
    assert read_csv(tmp_path / "one", "id\na1\n#a2\na3\n") == {"id": ["a1", "#a2", "a3"]}


@pytest.mark.parametrize(
    ("csv", "read_as"),
    [
        ("id;yuan\na;2,5\nb;3,5\n", {"id": ["a", "b"], "yuan": ["2,5", "3,5"]}),
        ("id\tname\na\tx, y\nb\tz, w\n", {"id": ["a", "b"], "name": ["x, y", "z, w"]}),
        ("id|n\na|1\n", {"id": ["a"], "n": [1]}),
        ("name\nSmith, John\nLi\nWu\n", {"name": ["Smith, John", "Li", "Wu"]}),
        ("id,n\na,1,\nb,2,\n", {"id": ["a", "b"], "n": [1, 2]}),
        ("Report, of accounts\n\nid,n,m\na,1,2\nb,2,3\n", {"id": ["a", "b"], "n": [1, 2], "m": [2, 3]}),
        ("Report of accounts\n\nid,n\na,1\nb,2\n", {"id": ["a", "b"], "n": [1, 2]}),
        ('id,said\na,"two\nlines"\nb,"x;y"\n', {"id": ["a", "b"], "said": ["two\nlines", "x;y"]}),
    ],
)
def test_the_separator_is_what_cuts_the_first_lines_alike(tmp_path: Path, csv: str, read_as: dict[str, Any]) -> None:
    assert read_csv(tmp_path, csv) == read_as


def test_another_quote_is_the_sqls_to_say(tmp_path: Path) -> None:
    sql = "SELECT * FROM read_csv(file('a.csv'), quote = '''')"
    assert read_csv(tmp_path, "id,name\na,'x, y'\nb,'it''s'\n", sql) == {"id": ["a", "b"], "name": ["x, y", "it's"]}


@pytest.mark.parametrize(
    "value", ["[1, 2]", "{'a': 1}", "MAP {'a': 1}", "'a'::BLOB", "INTERVAL 3 DAY", "[1, 2]::INTEGER[2]", "TIME '10:00'"]
)
@pytest.mark.parametrize("column", ["region", "age", "risk_assessed_on", "deceased"])
def test_a_column_of_what_is_no_plain_value_is_named(tmp_path: Path, value: str, column: str) -> None:
    bank, files = small_bank(tmp_path, customers=f"SELECT 'a' AS customer_id, {value} AS {column}")
    with pytest.raises(InvalidInput, match=f"{column}: must be one plain value in each row, got a column of"):
        read_customers(bank, files)


def test_a_row_without_an_id_is_told_so(tmp_path: Path) -> None:
    bank, files = small_bank(tmp_path, customers="SELECT * FROM (VALUES (NULL, 1), ('a', 2)) AS t (customer_id, age)")
    with pytest.raises(InvalidInput, match=r"row 1, no customer_id, customer_id: must be text of 1 to 64 characters$"):
        read_customers(bank, files)
