"""The shipped value formulas, worked out by hand: margin net of cannibalisation, costs, and what staying is worth."""

import pytest

from service.core.domain import Context, Release, Scalar, Snapshot
from service.decision import compile_policy, decide, decide_many, population_of, trace_cells
from service.decision.portrait import Estimates, compile_portrait
from service.rules.policy import DEFAULT, from_documents, load
from tests.gates.people import instant

POLICY = load(DEFAULT)
CONTEXT = Context(instant("2026-03-10T12:00"), limit=30)
RELEASE = Release(1, "", None)
HELD: dict[str, Scalar] = {
    "demand_yuan": 40_000.0,
    "time_deposit_yuan": 10_000.0,
    "structured_deposit_yuan": 0.0,
    "large_cd_yuan": 0.0,
    "wealth_product_yuan": 0.0,
    "fund_yuan": 0.0,
    "plan_yuan": 0.0,
}
MARGIN = 40_000 * 0.0085 + 10_000 * 0.0040 - 12
LIFETIME = sum(MARGIN * 0.85**year / 1.04**year for year in range(1, 6))


def value(offer: str, attributes: dict[str, Scalar]) -> float:
    cells = trace_cells(POLICY, Snapshot("a", 1, attributes), CONTEXT, {}, RELEASE)
    found = next(cell.value for cell in cells if cell.offer == offer)
    assert found is not None
    return found


def test_a_term_deposit_earns_its_margin_less_what_lay_on_demand_plus_what_staying_is_worth() -> None:
    # ticket: half of 40,000. Margin 0.45 % for 0.95 years; 0.15 of it would have stayed half a year at 0.85 %.
    expected = 20_000 * 0.0045 * 0.95 - 0.15 * 0.0085 * 0.5 * 20_000 - 2 + 0.02 * LIFETIME
    assert value("term-12m", HELD) == pytest.approx(expected)
    assert round(LIFETIME, 2) == 1045.92


def test_a_short_term_takes_no_longer_from_demand_than_it_lasts() -> None:
    expected = 20_000 * 0.0055 * 0.25 - 0.15 * 0.0085 * 0.25 * 20_000 - 2 + 0.005 * LIFETIME
    assert value("term-3m", HELD) == pytest.approx(expected)


def test_where_the_balance_is_unknown_the_stated_share_of_the_whole_ticket_counts_and_staying_is_worth_nothing() -> (
    None
):
    expected = 20_000 * 0.0045 * 0.95 - 0.15 * 0.0085 * 0.5 * 20_000 - 2
    assert value("term-12m", {"age": 40}) == pytest.approx(expected)


def test_money_that_matures_takes_nothing_from_demand() -> None:
    matures = {**HELD, "demand_yuan": 0.0, "next_maturity_on": "2026-03-20", "next_maturity_yuan": 10_000.0}
    lifetime = sum((10_000 * 0.0040 - 12) * 0.85**year / 1.04**year for year in range(1, 6))
    assert value("term-12m", matures) == pytest.approx(10_000 * 0.0045 * 0.95 - 2 + 0.02 * lifetime)


def test_a_wealth_product_earns_its_fee_less_capital_and_the_deposit_margin_that_moves() -> None:
    # ticket: 0.33 x 40,000; 0.40 of it leaves deposits, of which there are enough.
    ticket = 13_200
    expected = ticket * (0.0055 - 0.0001) * 0.5 - 0.40 * ticket * 0.0045 * 0.5 - 4 + 0.01 * LIFETIME
    assert value("fixed-income-6m", HELD) == pytest.approx(expected)


def test_no_more_leaves_deposits_than_a_customer_keeps_there() -> None:
    poor = {**HELD, "demand_yuan": 1_000.0, "time_deposit_yuan": 0.0}
    lifetime = max(0.0, sum((8.5 - 12) * 0.85**year / 1.04**year for year in range(1, 6)))
    expected = 10_000 * 0.0054 * 0.5 - 1_000 * 0.0045 * 0.5 - 4 + 0.01 * lifetime
    assert value("fixed-income-6m", poor) == pytest.approx(expected)


def test_the_lifetime_value_is_the_portraits() -> None:
    drawn = compile_portrait(POLICY).build(Snapshot("a", 1, HELD), [], CONTEXT.now, Estimates(), withdrawn=False)
    assert drawn.lifetime is not None
    assert drawn.lifetime.value_yuan == pytest.approx(LIFETIME)
    columns = compile_policy(POLICY).columns
    found, _ = columns.of_one(Snapshot("a", 1, HELD), CONTEXT, {}, {}, columns.moment(CONTEXT.now))
    assert found["customer.lifetime_value_yuan"] == drawn.lifetime.value_yuan


def test_one_customer_and_many_are_valued_to_the_same_bits() -> None:
    people = [Snapshot("a", 1, HELD), Snapshot("b", 1, {"age": 40}), Snapshot("c", 1, {**HELD, "demand_yuan": -5.0})]
    many = decide_many(POLICY, population_of(POLICY, people), CONTEXT, {}, RELEASE)
    for row, person in enumerate(people):
        found = decide(POLICY, person, CONTEXT, {}, RELEASE, "d")
        assert [one.priority for one in found.treatments] == many.priority[row][many.offer[row] >= 0].tolist()


def test_a_policy_that_does_not_read_the_lifetime_value_does_not_compute_it() -> None:
    documents = POLICY.documents
    for family in documents["catalogue"]["families"].values():
        family["value"] = "offer.ticket_yuan * 0.01"
    columns = compile_policy(from_documents(documents)).columns
    found, _ = columns.of_one(Snapshot("a", 1, HELD), CONTEXT, {}, {}, columns.moment(CONTEXT.now))
    assert "customer.lifetime_value_yuan" not in found
