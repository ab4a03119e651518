"""The SQL that an expression becomes."""

import pytest

from service.core.errors import ExpressionError
from service.core.expressions import (
    parse,
    to_sql,
)
from tests.core.expressions.language import SCHEMA


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("duckdb", "customer.demand_yuan / NULLIF(customer.total_yuan, 0e0) > 0.3e0"),
        (
            "postgres",
            "CAST(customer.demand_yuan AS DOUBLE PRECISION) / NULLIF(customer.total_yuan, 0::float8) > 0.3::float8",
        ),
        ("spark", "customer.demand_yuan / NULLIF(customer.total_yuan, 0D) > 0.3D"),
        ("oracle", "customer.demand_yuan / NULLIF(customer.total_yuan, 0d) > 0.3d"),
    ],
)
def test_sql_says_what_dividing_by_zero_gives(dialect: str, expected: str) -> None:
    assert to_sql(parse("customer.demand_yuan / customer.total_yuan > 0.3", SCHEMA), dialect) == expected


def test_a_divisor_that_is_guarded_by_hand_is_not_guarded_twice() -> None:
    text = "customer.demand_yuan / nullif(customer.total_yuan, 0)"
    assert to_sql(parse(text, SCHEMA)) == "customer.demand_yuan / NULLIF(customer.total_yuan, 0e0)"


def test_money_rounding_is_explicit_in_sql() -> None:
    assert to_sql(parse("customer.total_yuan * 0.3 >= 100", SCHEMA)) == "ROUND(customer.total_yuan * 0.3e0, 2) >= 100e0"


def test_names_become_the_columns_they_are_given() -> None:
    expression = parse("customer.age is not null", SCHEMA)
    assert to_sql(expression, "spark", {"customer.age": "t.AGE"}) == "t.AGE IS NOT NULL"


def test_texts_are_quoted_as_each_dialect_reads_them() -> None:
    expression = parse("customer.city = 'it''s \\x'", SCHEMA)
    assert to_sql(expression) == "customer.city = 'it''s \\x'"
    assert to_sql(expression, "spark") == "customer.city = 'it\\'s \\\\x'"


def test_oracle_has_no_booleans_and_no_empty_text() -> None:
    assert (
        to_sql(parse("customer.vip or customer.age > 1", SCHEMA), "oracle") == "customer.vip = 1 OR customer.age > 1d"
    )
    with pytest.raises(ExpressionError, match="Oracle reads '' as NULL"):
        to_sql(parse("customer.city = ''", SCHEMA), "oracle")


def test_an_unknown_dialect_is_refused_by_name() -> None:
    with pytest.raises(ExpressionError, match="no SQL is written for mysql; expected one of duckdb, postgres"):
        to_sql(parse("1", SCHEMA), "mysql")


def test_minus_never_becomes_a_comment() -> None:
    assert "--" not in to_sql(parse("- (- customer.age) - (-5)", SCHEMA))
