"""What the policy alone decides is evaluated once."""

import pickle

from service.core.expressions import (
    Kind,
    Name,
    compile_falsity,
    compile_truth,
    compile_value,
    fold,
    parse,
    to_sql,
)
from tests.core.expressions.language import (
    ROW,
    SCHEMA,
)


def test_what_the_policy_decides_is_evaluated_once() -> None:
    expression = parse("customer.total_yuan >= offer.minimum_yuan * 2 and offer.rate > 0.01", SCHEMA)
    folded = fold(expression, ROW)
    columns = {"customer.total_yuan": 10_000.0}
    assert compile_truth(folded)(columns).ravel().tolist() == [True, False, False]
    assert compile_falsity(folded)(columns).ravel().tolist() == [False, True, False]
    assert to_sql(folded) == to_sql(expression)


def test_folded_expressions_can_be_compared_hashed_and_pickled() -> None:
    folded = fold(parse("offer.rate > 0.01", SCHEMA), ROW)
    assert {folded} == {parse("offer.rate > 0.01", SCHEMA)}
    assert compile_truth(pickle.loads(pickle.dumps(folded)))({}).ravel().tolist() == [True, True, False]


def test_a_rule_that_is_wholly_static_becomes_a_constant() -> None:
    expression = parse("offer.rate > 0.01", SCHEMA)
    assert expression.static
    assert compile_truth(fold(expression, ROW))({}).ravel().tolist() == [True, True, False]


def test_static_sides_that_a_scalar_settles_fold_to_a_scalar() -> None:
    expression = parse("customer.age > 1 and (policy.open and offer.rate > 0.01)", SCHEMA)
    assert compile_truth(fold(expression, ROW))({"customer.age": 41.0}) is False
    assert compile_falsity(fold(expression, ROW))({"customer.age": 0.0}) is True
    either = parse("customer.age > 1 or (policy.open and offer.rate > 0.01)", SCHEMA)
    assert compile_truth(fold(either, ROW))({"customer.age": 0.0}) is False


def test_a_null_that_folding_finds_matches_nothing() -> None:
    expression = parse(
        "customer.city = nullif(context.channel, 'sms')", {**SCHEMA, "context.channel": Name(Kind.TEXT, static=True)}
    )
    folded = fold(expression, {"context.channel": "sms"})
    assert compile_truth(folded)({"customer.city": None}) is False
    assert compile_falsity(folded)({"customer.city": "xm"}) is False


def test_folding_changes_no_column_of_the_caller() -> None:
    folded = fold(parse("offer.rate", SCHEMA), ROW)
    assert not compile_value(folded)({}).flags.writeable
    assert ROW["offer.rate"].flags.writeable
