"""Values and conditions calculated by hand, for one customer and for many."""

from typing import Any

import numpy as np
import pytest

from service.core.expressions import (
    compile_falsity,
    compile_truth,
    compile_value,
    parse,
)
from tests.core.expressions.language import CUSTOMER, OFFER, ROW, SCHEMA, evaluated, many, verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 3 - 2", 5.0),
        ("8 / 4 / 2", 1.0),
        ("1 / 2", 0.5),
        ("- customer.age + 1", -40.0),
        ("customer.age / 0", None),
        ("customer.age / (customer.age - 41)", None),
        ("customer.score + 1", None),
        ("abs(-2.5)", 2.5),
        ("ln(1)", 0.0),
        ("ln(0)", None),
        ("ln(-1)", None),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -3.0),
        ("round(0.285, 2)", 0.28),
        ("round(0.49999999999999994)", 0.0),
        ("round(1250, -2)", 1300.0),
        ("coalesce(customer.score, 7)", 7.0),
        ("coalesce(customer.age, customer.score)", 41.0),
        ("nullif(customer.age, 41)", None),
        ("nullif(customer.age, customer.score)", 41.0),
        ("least(customer.age, customer.score, 50)", 41.0),
        ("greatest(customer.score, 3)", 3.0),
        ("least(customer.score)", None),
        ("case when customer.age > 40 then 1 when customer.age > 30 then 2 else 3 end", 1.0),
        ("case when customer.score > 40 then 1 end", None),
        ("case customer.sex when 'male' then 1 when 'female' then 2 end", 2.0),
        ("coalesce(customer.city, 'unknown')", "unknown"),
        ("nullif(customer.sex, 'female')", None),
        ("case when customer.vip then customer.sex else 'x' end", "female"),
        ("date '2024-01-01'", 19_723.0),
        ("customer.opened - date '2023-01-01'", 365.0),
        ("customer.opened + 31", 19_754.0),
        ("customer.opened - 0.5", 19_722.0),
        ("customer.opened + 36525", 56_248.0),
        ("customer.opened + 36526", None),
        ("customer.opened + (-36525)", -16_802.0),
        ("customer.opened - 36526", None),
        ("customer.opened + customer.score", None),
        ("customer.demand_yuan / customer.total_yuan", 0.0),
        ("customer.vip and customer.score > 1", None),
        ("customer.age > 40", 1.0),
        ("null * 2", None),
        ("- null + abs(null)", None),
        ("case when null then 1 else 2 end", 2.0),
        ("coalesce(null, null)", None),
        ("customer.opened + null", None),
    ],
)
def test_a_value_is_what_the_hand_calculates(text: str, expected: Any) -> None:
    assert evaluated(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer.age >= 41", "true"),
        ("customer.age < 41", "false"),
        ("not customer.age < 41", "true"),
        ("customer.score > 1", "unknown"),
        ("not customer.score > 1", "unknown"),
        ("customer.score <> 1", "unknown"),
        ("customer.score > 1 or customer.vip", "true"),
        ("customer.score > 1 and customer.vip", "unknown"),
        ("customer.score > 1 and not customer.vip", "false"),
        ("customer.city = 'xm'", "unknown"),
        ("customer.city <> 'xm'", "unknown"),
        ("customer.city = customer.city", "unknown"),
        ("customer.city in ('xm')", "unknown"),
        ("customer.city not in ('xm')", "unknown"),
        ("customer.sex in ('male', 'female')", "true"),
        ("customer.sex not in ('male')", "true"),
        ("customer.age in (40, -41)", "false"),
        ("customer.score in (1)", "unknown"),
        ("customer.age between 41 and 41", "true"),
        ("customer.age between 42 and customer.score", "false"),
        ("customer.age between 41 and customer.score", "unknown"),
        ("customer.age not between customer.score and 40", "true"),
        ("customer.city is null", "true"),
        ("customer.city is not null", "false"),
        ("(customer.score > 1) is null", "true"),
        ("customer.vip = (customer.age > 3)", "true"),
        ("customer.vip <> false", "true"),
        ("coalesce(customer.score > 1, false)", "false"),
        ("nullif(customer.vip, true)", "unknown"),
        ("null", "unknown"),
        ("(null) between (null) and (null)", "unknown"),
        ("(null) = (null)", "unknown"),
        ("customer.sex <> (null)", "unknown"),
        ("18 <= customer.age", "true"),
        ("18 > customer.age", "false"),
        ("41 < customer.age", "false"),
        ("41 > customer.age", "false"),
        ("41 >= customer.age", "true"),
        ("context.hour between 8 and 20 and context.channel = 'mobile_app'", "true"),
    ],
)
def test_a_condition_is_true_false_or_unknown(text: str, expected: str) -> None:
    assert verdict(text) == expected


def test_one_customer_meets_every_offer() -> None:
    expression = parse("customer.total_yuan >= offer.minimum_yuan and offer.rate > 0.01", SCHEMA)
    assert expression.axes == CUSTOMER | OFFER
    assert compile_truth(expression)(ROW).ravel().tolist() == [True, False, False]
    assert compile_falsity(expression)(ROW).ravel().tolist() == [False, True, False]


def test_many_customers_meet_every_offer_and_channel() -> None:
    expression = parse("offer.minimum_yuan + channel.cost_yuan <= customer.total_yuan", SCHEMA)
    assert compile_truth(expression, many=True)(many(ROW, 4)).shape == (4, 3, 2)


def test_a_scalar_side_settles_an_and_before_any_array_is_read() -> None:
    expression = parse("offer.rate > 0 and customer.age < 18", SCHEMA)
    assert compile_truth(expression)({"customer.age": 41.0}) is False
    assert compile_falsity(expression)({"customer.age": 41.0}) is True


def test_a_scalar_condition_chooses_its_branch_and_reads_no_other() -> None:
    expression = parse(
        "case when customer.vip then offer.rate when offer.rate > 0 then 9 when customer.age > 0 then 8 end", SCHEMA
    )
    assert compile_value(expression)(ROW).ravel()[:2].tolist() == [0.015, 0.02]
    assert compile_value(expression)({**ROW, "customer.vip": 0.0}).ravel().tolist() == [9.0, 9.0, 8.0]


def test_texts_of_offers_are_compared_without_null_matching_anything() -> None:
    assert compile_truth(parse("offer.family <> 'deposit'", SCHEMA))(ROW).ravel().tolist() == [False, True, False]
    assert compile_truth(parse("offer.family = coalesce(offer.family, 'x')", SCHEMA))(ROW).ravel().tolist() == [
        True,
        True,
        False,
    ]


def test_a_column_without_axes_may_come_as_an_array_of_one() -> None:
    columns = {"context.hour": np.full((1, 1, 1), 9.0), "context.channel": np.array([[["sms"]]], dtype=object)}
    assert compile_truth(parse("context.hour = 9 and context.channel = 'sms'", SCHEMA), many=True)(columns) is True
