"""What an offer is worth, from the policy's formulas."""

import numpy as np
import pytest

from service.scoring.value import TICKET, Values
from tests.decision.bank import small_policy


def test_each_family_is_valued_by_its_own_formula():
    columns = {"customer.total_yuan": 100_000.0}
    found = Values(small_policy(), many=False).evaluate(columns)
    assert found.ravel().tolist() == pytest.approx([10_000 * 0.010, 10_000 * 0.005, 20_000 * 0.01, 20_000 * 0.01])


def test_of_an_unknown_customer_the_formulas_say_what_they_assume():
    found = Values(small_policy(), many=False).evaluate({"customer.total_yuan": float("nan")})
    assert found.ravel().tolist() == pytest.approx([10.0, 5.0, 20.0, 20.0])


def test_many_customers_are_valued_as_each_one():
    totals = np.array([0.0, 123.45, 1e9, np.nan])
    many = Values(small_policy(), many=True).evaluate({"customer.total_yuan": totals.reshape(-1, 1, 1)})
    for row, total in enumerate(totals.tolist()):
        columns = {"customer.total_yuan": total}
        np.testing.assert_array_equal(many[row], Values(small_policy(), many=False).evaluate(columns)[0])
        assert TICKET in columns


def test_a_models_ticket_takes_the_formulas_place_within_what_the_offer_allows():
    columns = {"customer.total_yuan": 100_000.0}
    found = Values(small_policy(), many=False).evaluate(columns, {"deposit": 5_000.0})
    assert found.ravel().tolist() == pytest.approx([5_000 * 0.010, 200_000 * 0.005, 200.0, 200.0])


def test_where_no_ticket_was_estimated_the_formula_holds():
    columns = {"customer.total_yuan": np.full((2, 1, 1), 100_000.0)}
    tickets = {"wealth": np.array([np.nan, 500.0]).reshape(-1, 1, 1)}
    found = Values(small_policy(), many=True).evaluate(columns, tickets)
    assert found[:, 2:, 0].tolist() == [pytest.approx([200.0, 200.0]), pytest.approx([5.0, 10.0])]
