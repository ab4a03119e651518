"""What does not belong to the language is refused, with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import ExpressionError
from service.core.expressions import (
    Kind,
    compile_truth,
    compile_value,
    parse,
)
from tests.core.expressions.language import ROW, SCHEMA, refusals, verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer.agee > 3", "line 1, column 1: customer.agee is not known here; did you mean customer.age?"),
        ("true and\n  custmer.age > 3", "line 2, column 3: custmer.age is not known here; did you mean customer.age?"),
        ("customer.sex = 'femal'", "line 1, column 16: 'femal' is not a value of customer.sex; did you mean female?"),
        (
            "customer.sex in ('male', 'x')",
            "line 1, column 26: 'x' is not a value of customer.sex; expected one of female, male",
        ),
        ("age > 3", "line 1, column 1: age is not allowed here; names are written with one dot, as in customer.age"),
        ("sqrt(customer.age)", "line 1, column 1: the function sqrt is not allowed; expected one of abs, "),
        ("rond(customer.age)", "line 1, column 1: the function rond is not allowed; did you mean round?"),
        ("1 + ifnull(customer.age, 1)", "line 1, column 5: the function ifnull is not allowed; write coalesce"),
        ("customer.age = null", "line 1, column 1: = null is never true; write is null or is not null"),
        ("customer.age in (1, null)", "null in a list never matches"),
        ("customer.age in (customer.score)", "line 1, column 18: a list holds literals only"),
        ("customer.age in (select 1)", "line 1, column 18: select is not allowed here"),
        ("customer.age > 'x'", "line 1, column 1: number does not go with text"),
        ("customer.opened > '2024-01-01'", "date does not go with text; a date is written date 'YYYY-MM-DD'"),
        (
            "customer.age > customer.total_yuan",
            "number does not go with money; only a number written out may stand for yuan",
        ),
        ("customer.total_yuan * customer.total_yuan", "money * money has no meaning"),
        ("customer.age / customer.total_yuan", "number / money has no meaning"),
        ("customer.age + customer.opened", "number + date has no meaning"),
        ("customer.vip + 1", "line 1, column 1: a boolean is no number; write case when ... then 1 else 0 end"),
        ("customer.city < 'x'", "text has no order; expected = or <>"),
        ("customer.age and true", "line 1, column 1: expected boolean, got number"),
        ("customer.vip is true", "only is null and is not null are allowed"),
        (
            "customer.age = 1 = true",
            "line 1, column 18: a second comparison (=) begins here; put brackets around the first",
        ),
        ("customer.age = customer.score is null", "a second comparison (is) begins here"),
        ("customer.vip = not customer.vip", "line 1, column 20: put brackets around this comparison"),
        ("customer.age between 1 and 2 is null", "a second comparison (is) begins here"),
        ("customer.age::text", "line 1, column 13: :: is not part of the language"),
        ("cast(customer.age as text)", "the function cast is not allowed"),
        ('customer."age" > 3', 'line 1, column 10: "age" is not part of the language'),
        ("customer.age > $1", "is not part of the language"),
        ("customer.age > ?", "is not part of the language"),
        ("customer.age[1]", "[ is not part of the language"),
        ("customer.age > 1; drop table x", "line 1, column 17: ; is not part of the language"),
        ("customer.age > 1 -- why", "comments"),
        ("customer.age /* why */ > 1", "comments"),
        ("-- why\ncustomer.age > 1", "line 1, column 1: comments"),
        ("customer.age like 'x'", "like is not allowed here"),
        ("customer.age % 2", "% is not part of the language"),
        ("customer.age || 'x'", "|| is not part of the language"),
        ("sum(customer.age) over ()", "the function sum is not allowed"),
        ("x -> 1", "-> is not part of the language"),
        ("customer.*", "is not"),
        ("customer.age.x", "is not part of the language"),
        ("customer.age > 1e16", "line 1, column 16: a number must be 0 or 1e-15 to 1e+15, got 1e16"),
        ("customer.age > 1e-400", "a number must be 0 or 1e-15 to 1e+15, got 1e-400"),
        ("customer.age > 1.234567890123456789", "17 significant digits, got 19"),
        ("customer.age > 1_000", "is not"),
        ("customer.age > 0x1F", "is not"),
        ("customer.city = e'x'", "e'x' is not part of the language"),
        ("customer.city = $$x$$", "$$x$$ is not part of the language"),
        ("customer.city = 'x' 'y'", "line 1, column 17: two texts stand side by side"),
        ("customer.city = 'x", "line 1, column 17: a quote is opened here and not closed"),
        (f"customer.city = '{'x' * 201}'", "a text may have 200 characters, this one has 201"),
        ("customer.city = 'a\u200bb'", "line 1, column 19: the invisible character U+200B is not allowed"),
        ("customer.city = '\x00'", "U+0000"),
        ("customer.city = '\ud800'", "U+D800"),
        ("ｃustomer.age > 1", "is not"),
        (
            "customer.opened > date '2024-13-01'",
            "expected a day of the calendar as date 'YYYY-MM-DD', got '2024-13-01'",
        ),
        ("customer.opened > date '2024-1-1'", "expected a day of the calendar"),
        ("date(customer.city)", "expected date 'YYYY-MM-DD'"),
        ("timestamp '2024-01-01'", "timestamp is not allowed here"),
        ("round(customer.age, customer.score)", "round takes digits from -9 to 9"),
        ("round(customer.age, 2.5)", "round takes digits from -9 to 9"),
        ("round(customer.age, null)", "round takes digits from -9 to 9"),
        ("case customer.age + 1 when 1 then 2 end", "only a name may stand between case and when"),
        ("customer.age >", 'line 1, column 14: cannot be read near ">"'),
        ("(customer.age > 1", "expected a complete expression"),
        ("customer.age > 1)", "expected a complete expression"),
        ("customer.age in ()", "the list is empty"),
        ("case when customer.vip then 1", "expected a complete expression"),
        ("coalesce()", "expected a complete expression"),
        ("", "nothing is written here"),
        (" \n ", "nothing is written here"),
        ("()", "is not part of the language"),
        ("(1, 2)", "is not part of the language"),
    ],
)
def test_what_does_not_belong_is_refused_with_its_place(text: str, expected: str) -> None:
    assert expected in "\n".join(refusals(text))


def test_every_problem_is_told_at_once_and_each_only_once() -> None:
    told_of = refusals("customer.agee > 1 and customer.sex = 'x'\nand customer.vip > true")
    assert [problem.split(":")[0] for problem in told_of] == [
        "line 1, column 1",
        "line 1, column 38",
        "line 2, column 5",
    ]


def test_the_expected_kind_is_held() -> None:
    assert refusals("customer.age", Kind.BOOLEAN) == ["line 1, column 1: expected boolean, got number"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(" * 17 + "1" + ")" * 17, "nest 16 deep"),
        ("(" * 100_000, "at most 4,000 characters"),
        ("(" * 3_000, "at most 1,500 words"),
        ("not " * 900 + "true", "nest 16 deep"),
        ("- " * 900 + "1", "nest 16 deep"),
        ("case when true then " * 40 + "1" + " end" * 40, "nest 16 deep"),
        ("1 in (" + ", ".join("1" * 600) + ")", "at most 500 operations"),
        (" + ".join(["1"] * 100), "at most 50 levels"),
        ("1 / (2 + " * 14 + "customer.age" + ")" * 14, "nest too deeply"),
        (" * ".join(["customer.age"] * 30), "nest too deeply"),
        ("x" * 5_000, "at most 4,000 characters"),
    ],
)
def test_size_has_limits(text: str, expected: str) -> None:
    assert expected in "\n".join(refusals(text))


def test_what_is_within_the_limits_is_read() -> None:
    deepest = "(" * 16 + "customer.age > 1" + ")" * 16
    assert compile_truth(parse(deepest, SCHEMA))(ROW) is True
    assert compile_truth(parse(" or ".join(["customer.age = 1"] * 120), SCHEMA))(ROW) is False


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        parse(text, SCHEMA)
    except ExpressionError as error:
        assert error.problems


WORDS = st.sampled_from(
    """
    customer.age customer.sex customer.vip 1 -2 'male' date '2024-01-01' ( ) , + - * / < = <> and or not in between
    is null case when then else end coalesce( round( nullif( least( true . ; :: [ x
    """.split()  # noqa: SIM905 - a word list reads better
)


@given(st.lists(WORDS, max_size=14))
def test_any_heap_of_words_is_read_or_refused_and_nothing_else(words: list[str]) -> None:
    try:
        expression = parse(" ".join(words), SCHEMA)
    except ExpressionError as error:
        assert all(problem.where.startswith("line 1, column ") for problem in error.problems)
    else:
        assert (
            verdict(expression.text)
            if expression.kind is Kind.BOOLEAN
            else compile_value(expression)(ROW) is not expression
        )
