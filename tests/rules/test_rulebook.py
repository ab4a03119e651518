"""Gates and fit rules on the grid: what holds, what fires, and what is unknown."""

import numpy as np
import pytest

from service.rules.rulebook import Gate, Rulebook, open_cells
from tests.decision.bank import FITS, fit, gate, small_policy

POLICY = small_policy()
WEALTH = [[[False], [False], [True], [True]]]


def passes(rule, many: bool = False, **customer):
    columns = {f"customer.{name}": np.full((1, 1, 1), value) if many else value for name, value in customer.items()}
    found = Gate(rule, POLICY, many).passes(columns)
    return found if isinstance(found, bool) else found.tolist()


@pytest.mark.parametrize(("age", "open_"), [(18.0, True), (17.0, False), (float("nan"), False)])
def test_a_gate_opens_where_require_is_true_and_unknown_is_not_true(age: float, open_: bool):
    assert passes(gate("g", "eligibility", "customer.age >= 18"), age=age) is open_


@pytest.mark.parametrize("age", [17.0, float("nan")])
def test_where_a_gate_does_not_apply_it_is_open(age: float):
    rule = gate("g", "eligibility", "customer.age >= 18", "offer.family = 'wealth'")
    assert passes(rule, age=age) == [[[not closed for closed in row] for row in WEALTH[0]]]


def test_a_gate_of_which_it_is_unknown_whether_it_applies_applies():
    rule = gate("g", "eligibility", "customer.risk_tolerance = 5", "customer.age < 18")
    assert passes(rule, age=float("nan"), risk_tolerance=1.0) is False
    assert passes(rule, age=30.0, risk_tolerance=1.0) is True


def test_the_commonest_gate_touches_no_array():
    rule = gate("g", "suitability", "customer.age >= 18", "offer.family = 'wealth'")
    assert passes(rule, age=30.0) is True


def test_a_gate_over_customer_and_offer_answers_by_offer():
    rule = gate("g", "eligibility", "customer.total_yuan >= offer.minimum_yuan")
    assert passes(rule, total_yuan=1_000.0) == [[[True], [False], [True], [True]]]


def test_fit_multiplies_the_weights_of_what_fired_in_each_cell():
    columns = {"customer.age": 70.0, "customer.demand_share": 0.9, "customer.mobile_active": 1.0}
    columns |= {"history.offer_clicked_days": float("nan"), "history.offer_impressions_7d": 0.0}
    found = Rulebook(POLICY, many=False).fitness(columns)
    grid = np.broadcast_to(found.value, (1, 4, 4))
    assert grid[0, :, 0] == pytest.approx([2 * 1.5 * 2, 2 * 1.5 * 2, 1.5 * 2, 1.5 * 2])
    assert grid[0, :, 1] == pytest.approx([3.0, 3.0, 1.5, 1.5])
    assert found.reasons(0, 0) == ("elder", "in-the-app", "idle-money")
    assert found.reasons(2, 1) == ("idle-money",)


def test_what_is_unknown_is_neutral_in_fit():
    unknown = dict.fromkeys(["customer.age", "customer.demand_share", "customer.mobile_active"], float("nan"))
    unknown |= {"history.offer_clicked_days": float("nan"), "history.offer_impressions_7d": 0.0}
    assert np.all(Rulebook(POLICY, many=False).fitness(unknown).value == 1.0)


def test_the_order_in_which_fit_rules_are_written_does_not_matter():
    rules = (*FITS, fit("tenth", "cost", "customer.age > 1", 0.1), fit("third", "cost", "customer.age > 2", 3.3))
    columns = {"customer.age": 70.0, "customer.demand_share": 0.9, "customer.mobile_active": 1.0}
    columns |= {"history.offer_clicked_days": 1.0, "history.offer_impressions_7d": 0.0}
    forward, backward = (
        np.broadcast_to(Rulebook(small_policy(fits=order), many=False).fitness(columns).value, (1, 4, 4))
        for order in (rules, rules[::-1])
    )
    np.testing.assert_allclose(forward, backward, rtol=1e-15)


def test_all_gates_together_leave_open_what_each_leaves_open():
    chance = np.random.default_rng(5)
    shapes = [(6, 1, 1), (1, 4, 1), (1, 1, 3), (6, 4, 1), (6, 1, 3), (6, 4, 3), (6, 4, 1)]
    oks = [chance.random(shape) < 0.8 for shape in shapes]
    expected = np.ones((6, 4, 3), dtype=bool)
    for ok in oks:
        expected = expected & ok
    np.testing.assert_array_equal(open_cells([True, *oks], (6, 4, 3)), expected)
    assert not open_cells([*oks, False], (6, 4, 3)).any()
