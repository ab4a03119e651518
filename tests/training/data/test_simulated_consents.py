"""What ``--supplement`` adds to a bank's customers."""

from datetime import date

import pyarrow as pa

from training.data.bank_tables import Customers
from training.data.simulated_consents import supplement_customers

TODAY = date(2026, 1, 31)


def supplemented(**columns: list[float | None]) -> pa.Table:
    count = len(next(iter(columns.values())))
    table = pa.table({"customer_id": [f"c{row}" for row in range(count)], **columns})
    return supplement_customers(Customers(table), 7, TODAY).table


def test_who_holds_a_risk_rated_product_was_assessed_at_least_for_it():
    holders = [1.0, 0.0, None] * 500
    table = supplemented(structured_deposit_yuan=holders, fund_yuan=[0.0, 5.0, None] * 500)
    tolerance = table.column("risk_tolerance").to_pylist()
    assert all(one is not None and one >= 2 for one in tolerance[0::3])
    assert all(one is not None and one >= 3 for one in tolerance[1::3])
    assert {None, 1.0, 2.0} <= set(tolerance[2::3])
    days = table.column("risk_assessed_on").to_pylist()
    assert [day is None for day in days] == [one is None for one in tolerance]


def test_who_holds_a_plan_is_a_qualified_investor_and_of_others_it_stays_unknown():
    assert supplemented(plan_yuan=[300_000.0, 0.0, None]).column("qualified_investor").to_pylist() == [True, None, None]


def test_without_balances_nothing_is_assumed():
    assert "qualified_investor" not in supplemented(age=[40.0]).column_names
