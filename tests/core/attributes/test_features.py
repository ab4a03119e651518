"""Derived features: by hand first, then one customer against many, then words as codes."""

import math
from typing import Any

import numpy as np
import pandas as pd

from service.core.attributes import parse_table
from service.core.attributes.features import FeatureProgram, Inputs
from service.core.expressions import compile_truth, parse


def derived(table: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    program = FeatureProgram(parse_table(table))
    columns = program.table.encode(record)
    program.derive_one(columns)
    return columns


def test_features_follow_from_the_record_by_hand(small_table: dict[str, Any]) -> None:
    columns = derived(small_table, {"demand_yuan": 75.0, "fund_yuan": 25.0, "age": 65})
    assert columns["customer.total_yuan"] == 100.0
    assert columns["customer.fund_share"] == 0.25
    assert columns["customer.total_log"] == math.log(101.0)
    assert columns["customer.senior"] == 1.0


def test_a_feature_that_adds_yuan_meets_a_bound_as_its_decimal_sum_does(small_table: dict[str, Any]) -> None:
    table = parse_table(small_table)
    columns = derived(small_table, {"demand_yuan": 0.1, "fund_yuan": 0.2})
    assert columns["customer.total_yuan"] != 0.3, "the sum of two binary fractions"
    for text, holds in [(">= 0.3", True), ("<= 0.3", True), ("= 0.3", True), ("> 0.3", False), ("<> 0.3", False)]:
        assert compile_truth(parse(f"customer.total_yuan {text}", table.schema()))(columns) is holds


def test_what_is_unknown_stays_unknown_and_nothing_raises(small_table: dict[str, Any]) -> None:
    columns = derived(small_table, {"demand_yuan": 0, "fund_yuan": 0})
    assert math.isnan(columns["customer.fund_share"])  # 0 / 0
    assert math.isnan(columns["customer.senior"])
    assert math.isnan(derived(small_table, {"demand_yuan": 5})["customer.total_yuan"])


def test_one_customer_and_many_agree_to_the_last_bit(small_table: dict[str, Any], customers: pd.DataFrame) -> None:
    program = FeatureProgram(parse_table(small_table))
    columns: dict[str, Any] = program.table.encode_frame(customers)
    program.derive_many(columns)
    for row, record in enumerate(customers.to_dict("records")):
        single = derived(small_table, record)
        for feature in program.table.features:
            name = f"customer.{feature.name}"
            assert np.float64(single[name]).tobytes() == np.float64(columns[name].ravel()[row]).tobytes(), name


def test_the_document_makes_the_same_program_again(small_table: dict[str, Any]) -> None:
    program = FeatureProgram(parse_table(small_table))
    assert FeatureProgram.from_document(program.table.document).table == program.table


def test_a_program_of_a_few_names_derives_only_what_they_need(small_table: dict[str, Any]) -> None:
    program = FeatureProgram.from_document(small_table, ["fund_share"])
    columns = program.table.encode({"demand_yuan": 1.0, "fund_yuan": 1.0, "age": 30})
    program.derive_one(columns)
    assert columns == {
        "customer.demand_yuan": 1.0, "customer.fund_yuan": 1.0, "customer.total_yuan": 2.0, "customer.fund_share": 0.5,
    }  # fmt: skip


def test_words_become_their_place_in_the_list_and_strange_words_nothing() -> None:
    inputs = Inputs(["age", "sex"], {"sex": ["female", "male"]})
    one = inputs.take_row({"customer.age": 41.0, "customer.sex": "male"})
    assert one == [41.0, 1.0]
    words = np.array(["female", "other", None], dtype=object).reshape(-1, 1, 1)
    many = inputs.take_matrix({"customer.age": np.array([1.0, 2.0, 3.0]).reshape(-1, 1, 1), "customer.sex": words})
    np.testing.assert_array_equal(many, [[1.0, 0.0], [2.0, np.nan], [3.0, np.nan]])
    assert math.isnan(inputs.take_row({"customer.age": 1.0, "customer.sex": None})[1])


def test_a_model_may_read_a_single_name() -> None:
    assert Inputs(["age"], {}).take_row({"customer.age": 41.0}) == [41.0]


def test_a_feature_that_is_the_same_for_all_fills_its_column(small_table: dict[str, Any]) -> None:
    table = {**small_table, "features": [{"name": "one_yuan", "kind": "money", "expression": "1.00"}]}
    program = FeatureProgram(parse_table(table))
    columns: dict[str, Any] = program.table.encode_frame(pd.DataFrame({"age": [1.0, 2.0]}))
    program.derive_many(columns)
    np.testing.assert_array_equal(program.matrix(["age", "one_yuan"], {}, columns), [[1.0, 1.0], [2.0, 1.0]])


def test_categories_are_the_words_that_occur_in_order(small_table: dict[str, Any], customers: pd.DataFrame) -> None:
    program = FeatureProgram(parse_table(small_table))
    columns = program.table.encode_frame(customers)
    assert program.categories(["age", "region"], columns) == {"region": ["huli", "north", "siming", "south"]}
