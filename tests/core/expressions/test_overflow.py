"""A result beyond 1e100 is NULL."""

import math

import numpy as np

from service.core.expressions import (
    compile_value,
    parse,
    to_sql,
)
from tests.core.expressions.language import (
    SCHEMA,
)


def test_a_result_beyond_1e100_is_null_in_both_forms_and_says_so_in_sql() -> None:
    text = " * ".join(["customer.age"] * 7)
    expression = parse(text, SCHEMA)
    assert math.isnan(compile_value(expression)({"customer.age": 1e15}))
    assert np.isnan(compile_value(expression, many=True)({"customer.age": np.full((2, 1, 1), 1e15)})).all()
    assert "1e100" in to_sql(expression)


def test_arithmetic_that_cannot_overflow_carries_no_guard() -> None:
    assert to_sql(parse("customer.age * customer.age + 1", SCHEMA)) == "customer.age * customer.age + 1e0"


def test_a_column_out_of_all_bounds_still_gives_null_and_no_infinity() -> None:
    expression = parse("customer.age * customer.age", SCHEMA)
    assert math.isnan(compile_value(expression)({"customer.age": 1e200}))
    assert np.isnan(compile_value(expression, many=True)({"customer.age": np.full((1, 1, 1), 1e200)})).all()
