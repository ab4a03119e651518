"""Two groups of customers that a small bundle of the tests learned: the rich stay, of the empty nine in ten leave."""

HELD = {
    "time_deposit_yuan": 0.0,
    "structured_deposit_yuan": 0.0,
    "large_cd_yuan": 0.0,
    "fund_yuan": 0.0,
    "plan_yuan": 0.0,
}
RICH = {**HELD, "demand_yuan": 100.0, "wealth_product_yuan": 400_000.0, "logins_30d": 2}
GONE = {**HELD, "demand_yuan": 1.0, "wealth_product_yuan": 0.0, "logins_30d": 0}
