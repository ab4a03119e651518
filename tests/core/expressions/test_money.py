"""Money is compared in whole fen, and kinds follow the arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.expressions import (
    Kind,
    compile_falsity,
    compile_truth,
    parse,
    to_sql,
)
from service.core.expressions.scalars.values import round_half_away
from tests.core.expressions.language import SCHEMA


def test_computed_money_is_compared_in_whole_fen() -> None:
    columns = {"customer.total_yuan": 0.1, "customer.demand_yuan": 0.2}
    assert compile_truth(parse("customer.total_yuan + customer.demand_yuan = 0.3", SCHEMA))(columns)
    assert compile_truth(parse("customer.total_yuan * 3 >= 0.3 and customer.total_yuan * 3 <= 0.3", SCHEMA))(columns)
    assert compile_truth(parse("customer.total_yuan * 3 between 0.3 and 0.3", SCHEMA))(columns)
    assert compile_truth(parse("customer.total_yuan + customer.demand_yuan in (0.3)", SCHEMA))(columns)
    assert compile_truth(parse("round(customer.total_yuan, 3) = 0.3", SCHEMA))({"customer.total_yuan": 0.304})
    assert not compile_truth(parse("round(customer.total_yuan, 2) = 0.304", SCHEMA))({"customer.total_yuan": 0.304})


@pytest.mark.parametrize("many", [False, True])
def test_a_sum_of_yuan_that_stands_under_a_name_is_compared_in_whole_fen_too(many: bool) -> None:
    """What a derived feature, or a bank's own SQL, has added up in binary."""

    def holds(text: str, amount: float) -> bool:
        columns = {"customer.total_yuan": np.reshape(amount, (1, 1, 1)) if many else amount}
        return bool(np.all(compile_truth(parse(text, SCHEMA), many)(columns)))

    assert holds("customer.total_yuan >= 50000", 49_999.999999)
    assert holds("50000 <= customer.total_yuan", 49_999.999999)
    assert not holds("customer.total_yuan < 50000", 49_999.999999)
    assert not holds("customer.total_yuan >= 50000", 49_999.99)
    assert not compile_truth(parse("customer.total_yuan > 0.3", SCHEMA))({"customer.total_yuan": 0.1 + 0.2})
    assert compile_truth(parse("customer.total_yuan = 0.3", SCHEMA))({"customer.total_yuan": 0.1 + 0.2})
    assert compile_truth(parse("customer.total_yuan between 0.3 and 0.3", SCHEMA))({"customer.total_yuan": 0.1 + 0.2})
    assert compile_truth(parse("customer.total_yuan in (0.3)", SCHEMA))({"customer.total_yuan": 0.1 + 0.2})
    assert not compile_truth(parse("customer.total_yuan < 0.3", SCHEMA))({"customer.total_yuan": 0.299})
    assert "ROUND" in to_sql(parse("customer.total_yuan < 0.3", SCHEMA))


FEN = st.integers(-(10**11), 10**11)
CENTRES = st.one_of(FEN, st.integers(-100, 100))


@given(CENTRES, st.integers(-3, 3), st.floats(-0.006, 0.006), st.sampled_from([">=", "<", ">", "<=", "=", "<>"]))
def test_money_compares_with_a_bound_as_its_rounded_decimal_does(bound: int, apart: int, off: float, op: str) -> None:
    amount, threshold = (bound + apart) / 100 + off, bound / 100
    text = f"customer.total_yuan {op} {threshold:.2f}"
    decimal = round(round_half_away(amount, 2) * 100)
    expected = {">=": decimal >= bound, "<": decimal < bound, ">": decimal > bound, "<=": decimal <= bound,
                "=": decimal == bound, "<>": decimal != bound}[op]  # fmt: skip
    for many in (False, True):
        columns = {"customer.total_yuan": np.reshape(amount, (1, 1, 1)) if many else amount}
        expression = parse(text, SCHEMA)
        assert bool(np.all(compile_truth(expression, many)(columns))) is expected
        assert bool(np.all(compile_falsity(expression, many)(columns))) is not expected


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=2), st.integers(0, 10**9))
def test_sums_of_whole_fen_compare_as_decimals(parts: list[int], bound: int) -> None:
    columns = {"customer.total_yuan": parts[0] / 100, "customer.demand_yuan": parts[1] / 100}
    added = {"customer.total_yuan": columns["customer.total_yuan"] + columns["customer.demand_yuan"]}
    for limit in (bound, sum(parts)):
        for op, expected in ((">=", sum(parts) >= limit), (">", sum(parts) > limit)):
            computed = parse(f"customer.total_yuan + customer.demand_yuan {op} {limit / 100:.2f}", SCHEMA)
            named = parse(f"customer.total_yuan {op} {limit / 100:.2f}", SCHEMA)
            assert compile_truth(computed)(columns) is compile_truth(named)(added) is expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("customer.total_yuan * 0.3", "money"),
        ("0.3 * customer.total_yuan", "money"),
        ("customer.total_yuan / 12", "money"),
        ("customer.total_yuan / customer.demand_yuan", "number"),
        ("customer.total_yuan - 500", "money"),
        ("coalesce(customer.total_yuan, 0)", "money"),
        ("case when customer.vip then 500 else 1000 end + customer.total_yuan", "money"),
        ("ln(1 + customer.total_yuan)", "number"),
        ("abs(customer.total_yuan)", "money"),
        ("greatest(customer.total_yuan, 0)", "money"),
        ("customer.opened - customer.opened", "number"),
        ("customer.opened + customer.age", "date"),
        ("greatest(customer.opened, null)", "date"),
        ("case when customer.vip then null else 'x' end", "text"),
    ],
)
def test_kinds_follow_the_arithmetic(text: str, kind: str) -> None:
    assert parse(text, SCHEMA).kind == kind


def test_a_bare_number_serves_where_money_is_expected() -> None:
    assert parse("50000", SCHEMA, Kind.MONEY).kind is Kind.MONEY
