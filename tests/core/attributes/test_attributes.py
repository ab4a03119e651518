"""The table of attributes: what it accepts, what it says, and that one customer and a file read alike."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from service.core.attributes import AttributeTable, parse_table
from service.core.errors import MOST_PROBLEMS, InvalidInput, PolicyError
from service.core.suggestions import MOST_NEAR, limit_searches

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT.parent / "shared" / "data" / "xiamen-bank"
DEFAULT = yaml.safe_load((ROOT / "service/rules/default/attributes.yaml").read_text())
TABLE = parse_table(DEFAULT)
NUMBER_NAMES = [one.name for one in TABLE.attributes if one.kind in ("number", "money")]
POISON: list[Any] = [
    math.nan, math.inf, -math.inf, 10**400, -(2**63), True, False, 0, -0.0, "", " ", "\x00", "\ud800", "x" * 201, "NaN",
    "2024-02-30", "2024-2-3", "20240203", "2024-W01-1", "0001-01-01", [], {}, [[1]], {"a": 1}, b"x", 1e300, "unknown",
]  # fmt: skip


def said(record: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in TABLE.check(record)]


def is_unknown(value: object) -> bool:
    return value is None or value != value


def test_a_good_record_has_no_problem_and_reads_as_figures_and_words() -> None:
    record = {"age": 41, "sex": "female", "demand_yuan": 12.5, "staff": False, "risk_assessed_on": "1970-01-03"}
    columns = TABLE.encode(record)
    assert said(record) == []
    assert {name: columns[f"customer.{name}"] for name in record} == {
        "age": 41.0, "sex": "female", "demand_yuan": 12.5, "staff": 0.0, "risk_assessed_on": 2.0,
    }  # fmt: skip


def test_every_raw_name_is_there_and_unknown_without_a_record() -> None:
    columns = TABLE.encode({})
    assert list(columns) == [f"customer.{one.name}" for one in TABLE.attributes]
    assert all(map(is_unknown, columns.values()))
    assert columns["customer.sex"] is None
    assert math.isnan(columns["customer.age"])  # type: ignore[arg-type]


def test_null_is_unknown_and_never_a_problem() -> None:
    record = {one.name: None for one in TABLE.attributes}
    assert said(record) == []
    assert all(map(is_unknown, TABLE.encode(record).values()))


def test_every_problem_is_named_with_what_was_expected() -> None:
    assert said({"age": 130, "sexx": "male", "staff": 1, "risk_assessed_on": "2024-13-01", "deposit_yuan": 5}) == [
        "age: must be a number 0 to 120 (years), got 130",
        'sexx: is no attribute; did you mean "sex"?',
        "staff: must be true or false, got 1",
        "risk_assessed_on: must be a date YYYY-MM-DD from 1900-01-01 to 2200-12-31, got '2024-13-01'",
        "deposit_yuan: is derived by the policy and cannot be set",
    ]


def test_a_near_name_is_looked_for_a_few_times_only() -> None:
    with limit_searches():
        told = said({f"sexx{number}": "male" for number in range(2_000)})
        more = said({"sexx": "male"})
    assert (len(told), sum("did you mean" in each for each in told)) == (MOST_PROBLEMS, MOST_NEAR)
    assert more == ["sexx: is no attribute of attributes.yaml"]


@pytest.mark.parametrize("value", POISON, ids=lambda value: repr(value)[:20])
def test_poison_neither_breaks_a_check_nor_an_encoding(value: Any) -> None:
    record = {one.name: value for one in TABLE.attributes}
    columns = TABLE.encode(record)
    refused = {problem.where for problem in TABLE.check(record)}
    for name in record:
        assert is_unknown(columns[f"customer.{name}"]) == (name in refused), name
    assert all(len(sentence) < 400 and sentence.isascii() for sentence in said(record))


def test_true_is_not_the_number_one_and_one_is_not_true() -> None:
    assert said({"age": True}) == ["age: must be a number 0 to 120 (years), got True"]
    assert is_unknown(TABLE.encode({"age": True})["customer.age"])
    assert is_unknown(TABLE.encode({"staff": 1})["customer.staff"])


def test_bounds_belong_to_the_range() -> None:
    assert said({"age": 0}) == said({"age": 120}) == []
    assert said({"age": 120.0000001}) != []


anything = (
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=12) | some.dates().map(str)
    | some.sampled_from(["female", "male", "sms", "success", "2024-02-29"])
)  # fmt: skip


@given(some.dictionaries(some.sampled_from([one.name for one in TABLE.attributes]), anything, max_size=8))
def test_what_check_accepts_is_known_and_what_it_refuses_is_unknown(record: dict[str, Any]) -> None:
    columns = TABLE.encode(record)
    refused = {problem.where for problem in TABLE.check(record)}
    for name, value in record.items():
        assert is_unknown(columns[f"customer.{name}"]) == (name in refused or value is None)


@given(some.lists(some.tuples(anything, anything, anything, anything), min_size=1, max_size=6))
def test_a_file_of_mixed_values_reads_as_its_records_do(rows: list[tuple[Any, ...]]) -> None:
    names = ["age", "sex", "risk_assessed_on", "staff"]
    frame = pd.DataFrame(
        {name: pd.Series([row[place] for row in rows], dtype=object) for place, name in enumerate(names)}
    )
    try:
        columns = TABLE.encode_frame(frame)
    except InvalidInput:
        return  # a column in which nothing is of the right kind; has its own test
    for place, name in enumerate(names):
        if name == "staff":
            continue  # files may say 0 and 1; has its own test
        singles = [TABLE.encode({name: row[place]})[f"customer.{name}"] for row in rows]
        np.testing.assert_array_equal(
            columns[f"customer.{name}"].ravel(), np.array(singles, dtype=columns[f"customer.{name}"].dtype)
        )


def test_pandas_and_arrow_read_alike(customers: pd.DataFrame, small_table: dict[str, Any]) -> None:
    table = parse_table(small_table)
    arrow = pa.Table.from_pandas(customers)
    singles = [table.encode(record) for record in customers.to_dict("records")]
    for columns in (table.encode_frame(customers), table.encode_frame(arrow)):
        for name, column in columns.items():
            assert column.shape == (300, 1, 1)
            np.testing.assert_array_equal(column.ravel(), np.array([one[name] for one in singles], dtype=column.dtype))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("age", pd.Series([41, None], dtype="Int64")),
        ("age", pd.Series([41, None], dtype="float32")),
        ("age", pa.array([41, None], pa.decimal128(9, 2))),
        ("age", pa.array([41, None], pa.int8())),
        ("staff", pd.Series([True, None], dtype="boolean")),
        ("staff", pd.Series([1.0, None])),
        ("staff", pa.array([True, None])),
        ("sex", pd.Series(["male", None], dtype="str")),
        ("sex", pd.Series(["male", None], dtype="category")),
        ("sex", pa.array(["male", None]).dictionary_encode()),
        ("risk_assessed_on", pd.Series(pd.to_datetime(["2024-02-29 23:59:59", None]))),
        ("risk_assessed_on", pa.array(["2024-02-29", None]).cast(pa.date32())),
        ("risk_assessed_on", pd.Series([pd.Timestamp("2024-02-29").date(), None], dtype=object)),
    ],
    ids=lambda value: str(getattr(value, "dtype", getattr(value, "type", value))),
)
def test_every_way_a_file_holds_a_kind_reads_the_same(name: str, values: Any) -> None:
    frame = pa.table({name: values}) if isinstance(values, pa.Array) else pd.DataFrame({name: values})
    known = {"age": 41.0, "staff": 1.0, "sex": "male", "risk_assessed_on": 19782.0}[name]
    first, second = TABLE.encode_frame(frame)[f"customer.{name}"].ravel().tolist()
    assert first == known
    assert is_unknown(second)


def test_a_column_of_another_kind_is_an_error_that_names_it() -> None:
    frame = pd.DataFrame({"age": ["old", "young"], "sex": [1, 2], "demand_yuan": [True, False], "staff": [3.5, 4.5]})
    with pytest.raises(InvalidInput) as caught:
        TABLE.encode_frame(frame)
    assert {problem.where for problem in caught.value.problems} == {f'column "{name}"' for name in frame}
    assert "got 'old'" in str(caught.value)


@pytest.mark.parametrize(
    ("ages", "told"),
    [
        (["70", "71", "forty", "72", "forty"], "'forty' (2 times, first in row 3); the other 3 are text that reads as"),
        (["70", "71"], "text that reads as numbers, such as '70'"),
        (["old", None, "young"], "'old' (row 1), 'young' (row 3)"),
        ([f"x{place}" for place in range(12)], "'x9' (row 10), and 2 other values"),
    ],
)
def test_of_numbers_written_as_text_those_that_are_none_are_to_blame(ages: list[str | None], told: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        TABLE.encode_frame(pd.DataFrame({"age": ages}))
    (problem,) = caught.value.problems
    assert problem.message.startswith("must hold a number 0 to 120 (years), got ")
    assert told in problem.message


def test_single_values_of_a_file_that_do_not_fit_read_as_unknown() -> None:
    frame = pd.DataFrame(
        {"age": [41.0, 130.0, None, -1.0], "sex": ["male", "m", None, "female"], "other": [1, 2, 3, 4]}
    )
    columns = TABLE.encode_frame(frame)
    assert np.isnan(columns["customer.age"].ravel()).tolist() == [False, True, True, True]
    assert columns["customer.sex"].ravel().tolist() == ["male", None, None, "female"]


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        [1.5, None],
        [True, False],
        ["a", "b"],
        pd.to_datetime(["2024-01-01", None]),
        [[1], {}],
        pd.array([1, None], "Int64"),
    ],
    ids=["int", "float", "bool", "text", "instant", "lists", "nullable"],
)
def test_no_column_of_any_type_breaks_the_reading_of_a_file(values: Any) -> None:
    with pytest.raises(InvalidInput, match="these columns do not hold what their names say"):
        TABLE.encode_frame(pd.DataFrame({one.name: values for one in TABLE.attributes}))


def test_an_empty_file_and_an_empty_column_read_as_unknown() -> None:
    assert TABLE.encode_frame(pd.DataFrame({"age": []}))["customer.sex"].shape == (0, 1, 1)
    columns = TABLE.encode_frame(pd.DataFrame({"sex": [math.nan, math.nan], "age": [None, None]}))
    assert columns["customer.sex"].ravel().tolist() == [None, None]
    assert np.isnan(columns["customer.age"]).all()


def known_values(column: Any) -> int:
    return sum(not is_unknown(value) for value in column.ravel().tolist())


@pytest.mark.skipif(not FILES.is_dir(), reason=f"the bank's files are not in {FILES}")
def test_every_row_of_a_real_bank_lies_within_the_ranges() -> None:
    balances = ["structured_deposit_yuan", "time_deposit_yuan", "demand_yuan", "wealth_product_yuan"]
    balances += ["fund_yuan", "plan_yuan", "loan_yuan", "large_cd_yuan"]
    activity = [
        "logins_30d",
        "transfers_in_30d",
        "transfers_in_30d_yuan",
        "transfers_out_30d",
        "transfers_out_30d_yuan",
    ]
    activity += ["last_transfer_on", "transfers_90d"]
    for file, names in [
        ("aum_Q3", balances),
        ("behavior_Q3", activity),
        ("cunkuan_m9", ["deposit_total_yuan", "deposit_products"]),
    ]:
        frame = pd.read_csv(FILES / f"{file}.csv.gz").drop(columns="cust_no").set_axis(names, axis=1)
        if "last_transfer_on" in frame:
            frame["last_transfer_on"] = frame["last_transfer_on"].str[:10]  # the file tells the time of day too
        columns = TABLE.encode_frame(frame)
        assert all(known_values(columns[f"customer.{name}"]) == frame[name].notna().sum() for name in names)


# -- the document ------------------------------------------------------------------------------------------------------


def refused(document: object) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse_table(document)
    return [str(problem) for problem in caught.value.problems]


def test_every_attribute_has_a_meaning_and_money_and_numbers_have_a_unit_and_a_range() -> None:
    assert all(one.meaning for one in (*TABLE.attributes, *TABLE.features))
    assert [
        one.name for one in TABLE.attributes if one.name in NUMBER_NAMES and (one.unit is None or one.low is None)
    ] == []


def test_every_attribute_has_a_name_that_customers_read_without_a_latin_letter_in_the_chinese_one() -> None:
    named = [one for one in TABLE.attributes if one.words is not None]
    assert named == list(TABLE.attributes)
    assert [one.name for one in named if one.words and re.search("[A-Za-z]", one.words["zh"])] == []
    assert all(isinstance(one.source, dict) for one in TABLE.attributes if one.origin == "outside")


@pytest.mark.parametrize(
    ("name", "origin"), [("age", "customer"), ("risk_tolerance", "customer"), ("demand_yuan", "bank")]
)
def test_an_attribute_says_where_its_values_come_from(name: str, origin: str) -> None:
    assert next(one.origin for one in TABLE.attributes if one.name == name) == origin


@pytest.mark.parametrize("key", ["words", "source"])
@pytest.mark.parametrize("words", [{"zh": "年龄"}, {"zh": "年龄", "en": ""}, {"zh": "年龄", "en": 5}, ["age"]])
def test_words_are_two_short_texts(key: str, words: object) -> None:
    (fault,) = refused({"attributes": [{"name": "age", "kind": "number", key: words}]})
    assert f"{key} must be {{zh: ..., en: ...}}" in fault


def test_a_source_may_be_one_text_for_both_languages() -> None:
    table = parse_table({"attributes": [{"name": "age", "kind": "number", "source": "register of residents"}]})
    assert table.attributes[0].origin == "outside"


def test_the_schema_holds_raw_and_derived_names_with_their_words() -> None:
    schema = TABLE.schema()
    assert schema["customer.sex"].values == ("female", "male")
    assert schema["customer.total_yuan"].kind == "money"
    assert schema["customer.age"].axes == {"customer"}


def test_all_faults_of_a_document_are_reported_at_once() -> None:
    faults = refused(
        {
            "attributes": [
                {"name": "Age", "kind": "number"},
                {"name": "age", "kind": "integer"},
                {"name": "sex", "kind": "text", "values": ["f", "f"]},
                {"name": "sum_yuan", "kind": "money", "range": [5, 1]},
                {"name": "on", "kind": "date", "range": [0, 1], "colour": "red"},
                {"name": "twice", "kind": "number"},
                {"name": "twice", "kind": "number"},
                "nothing",
            ],
            "features": [
                {"name": "up", "kind": "number", "expression": "customer.down + 1"},
                {"name": "down", "kind": "number", "expression": "customer.twice * 2"},
                {"name": "word", "kind": "number", "expression": "'x'"},
                {"name": "void", "kind": "number"},
            ],
            "extra": 1,
        }
    )
    for sentence in [
        "attributes.yaml: extra: is no part of it; expected attributes, features",
        'attributes.yaml: "twice": is declared more than once',
        "attributes.yaml: attribute \"age\": kind must be one of number, money, boolean, text, date, got 'integer'",
        "attributes.yaml: attribute \"sex\": values must be a list of different words, got ['f', 'f']",
        'attributes.yaml: attribute "on": range belongs to numbers and money only',
        "attributes.yaml: attribute 8: must be a row of keys and values",
        'attributes.yaml: feature "void": expression is missing',
    ]:
        assert sentence in faults
    assert any(fault.startswith('attributes.yaml: attribute "Age": name must be lower-case') for fault in faults)
    assert any(fault.startswith('attributes.yaml: attribute "sum_yuan": range must be [low, high]') for fault in faults)
    assert any(fault.startswith('attributes.yaml: attribute "on": key "colour" is not known') for fault in faults)
    assert any(fault.startswith('attributes.yaml: feature "up": expression: ') and "down" in fault for fault in faults)
    assert any(fault.startswith('attributes.yaml: feature "word": expression: ') for fault in faults)


@pytest.mark.parametrize("document", [None, [], "x", 7, {}, {"attributes": []}, {"attributes": {"age": 1}}, {1: 2}])
def test_what_is_no_table_is_refused_not_crashed_on(document: object) -> None:
    assert refused(document)


def test_a_part_of_the_table_holds_what_its_features_need_and_nothing_else(small_table: dict[str, Any]) -> None:
    part = parse_table(small_table).only(["fund_share", "age"])
    assert [one.name for one in part.attributes] == ["age", "demand_yuan", "fund_yuan"]
    assert [one.name for one in part.features] == ["total_yuan", "fund_share"]
    assert parse_table(part.document) == part


def test_two_tables_are_equal_where_they_read_alike_whatever_their_prose(small_table: dict[str, Any]) -> None:
    def with_age(**change: Any) -> AttributeTable:
        first, *others = small_table["attributes"]
        return parse_table({**small_table, "attributes": [{**first, **change}, *others]})

    assert with_age(meaning="Years lived") == with_age()
    assert with_age(range=[0, 130]) != with_age()
