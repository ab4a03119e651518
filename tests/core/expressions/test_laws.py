"""Laws that hold for all numbers."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.core.expressions import (
    Expression,
    compile_falsity,
    compile_truth,
    compile_value,
    parse,
)
from tests.core.expressions.language import NAN, SCHEMA

NUMBERS = st.one_of(st.just(NAN), st.floats(-1e15, 1e15), st.integers(-300, 300).map(lambda whole: whole / 200))


def asked(text: str, **columns: float) -> Any:
    expression: Expression = parse(text, SCHEMA)
    row = {f"customer.{name}": held for name, held in columns.items()}
    return compile_value(expression)(row)


@given(NUMBERS, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), NUMBERS)
def test_a_comparison_and_its_negation_never_both_hold_and_neither_does_with_null(a: float, op: str, b: float) -> None:
    row = {"customer.age": a, "customer.score": b}
    expression, negated = (parse(f"{sign}customer.age {op} customer.score", SCHEMA) for sign in ("", "not "))
    held = (compile_truth(expression)(row), compile_truth(negated)(row))
    assert held == (compile_falsity(negated)(row), compile_falsity(expression)(row))
    assert sum(held) == (0 if a != a or b != b else 1)


@given(NUMBERS)
def test_rounding_is_odd_and_stays_within_half_a_fen(number: float) -> None:
    rounded = asked("round(customer.age, 2)", age=number)
    assert rounded == -asked("round(customer.age, 2)", age=-number) or number != number
    assert number != number or abs(rounded - number) <= 0.005 + abs(number) * 1e-15


@given(NUMBERS, NUMBERS)
def test_least_and_greatest_skip_null_and_share_out_both_values(a: float, b: float) -> None:
    ends = [asked(f"{end}(customer.age, customer.score)", age=a, score=b) for end in ("least", "greatest")]
    known = sorted(number for number in (a, b) if number == number)
    assert ends == [known[0], known[-1]] if known else all(end != end for end in ends)
