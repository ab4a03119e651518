"""The synthetic customers' attributes, balances and transactions: all that their bank sees, from one random stream.

Latent traits first (age, means, activity), then balances and their history, then what follows from both. Balances are
heavy-tailed: the upper hundredth holds a quarter of the money. Not here: the probabilities by which they buy
(``truth``).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from training.arrays import Floats

Columns = dict[str, Any]

REGIONS = ("north", "east", "south", "west", "harbour", "hills")
BRANCHES = 24


def draw_people(chance: np.random.Generator, count: int) -> Columns:
    """Latent traits and what follows at once, (n,) each: age, means and activity (standard deviations), payroll."""
    age = np.clip(np.round(chance.gamma(9.0, 5.0, count) + 3), 18, 96)
    means = chance.normal(0.0, 1.0, count) + 0.02 * (np.minimum(age, 60) - 42)
    activity = chance.normal(0.0, 1.0, count) - 0.02 * (age - 42)
    payroll = (chance.random(count) < 0.35) & (age < 62)
    return {"age": age, "means": means, "activity": activity, "payroll": payroll}


def money_of(chance: np.random.Generator, person: Columns) -> dict[str, Floats]:
    """Yuan by name: balances today, what lay there one and two months ago, and the transfers between."""
    means, count = person["means"], len(person["means"])
    money = {
        "demand_yuan": _yuan(np.exp(7.6 + 1.1 * means + chance.normal(0, 1.7, count))),
        "time_deposit_yuan": _held(chance, chance_of(-1.6 + 0.5 * means), 10.6 + 0.9 * means, 1_000),
        "structured_deposit_yuan": _held(chance, chance_of(-2.0 + 0.7 * means), 11.6 + 0.8 * means, 10_000),
        "large_cd_yuan": _held(chance, chance_of(-3.6 + 1.0 * means), 12.6 + 0.6 * means, 10_000),
        "wealth_product_yuan": _held(chance, chance_of(-2.6 + 0.8 * means), 11.2 + 0.9 * means, 1_000),
        "fund_yuan": _held(chance, chance_of(-3.2 + 0.5 * means), 8.6 + 1.0 * means, 0.01),
        "plan_yuan": _held(chance, chance_of(-5.0 + 0.9 * means), 12.0 + 0.7 * means, 10_000),
        "loan_yuan": _held(chance, chance_of(-2.4 + 0.3 * means), 12.3 + 0.6 * means, 0.01),
    }
    matured = np.where(chance.random(count) < 0.07, np.exp(11.0 + 0.9 * means + chance.normal(0, 0.8, count)), 0.0)
    money["demand_yuan"] = _yuan(money["demand_yuan"] + matured * chance.random(count))
    total = money["demand_yuan"] + deposits(money)
    inflow = np.where(chance.random(count) < 0.35, np.exp(8.5 + means + chance.normal(0, 1.6, count)), 0.0)
    earlier = np.maximum(total - inflow * chance.random(count), 0.0) + matured * 0.5
    return money | {
        "matured": matured,
        "transfers_in_30d_yuan": _yuan(inflow),
        "transfers_out_30d_yuan": _yuan(inflow * chance.random(count) * (chance.random(count) < 0.7)),
        "deposit_total_yuan": _yuan(total),
        "deposit_total_1m_ago_yuan": _yuan(earlier),
        "deposit_total_2m_ago_yuan": _yuan(earlier * np.exp(chance.normal(0, 0.15, count))),
    }


def attributes_of(chance: np.random.Generator, person: Columns, money: Mapping[str, Floats], today: date) -> Columns:
    """Every attribute but the risk assessment, by name."""
    count = len(person["age"])
    own = {name: values for name, values in money.items() if name != "matured"}
    return {**_who(chance, person), **own, **_dealings(chance, person, money, today), **_flags(chance, person, count)}


def _who(chance: np.random.Generator, person: Columns) -> Columns:
    count, age = len(person["age"]), person["age"]
    salary = np.where(person["payroll"], _yuan(np.exp(8.9 + 0.4 * person["means"] + chance.normal(0, 0.3, count))), 0.0)
    branch = chance.integers(1, BRANCHES + 1, count)
    adviser = np.where(person["means"] > 0.8, branch * 10 + chance.integers(0, 5, count), -1)
    days = np.minimum(np.round(chance.gamma(1.4, 1400.0, count)), (age - 16) * 365)
    return {
        "age": age,
        "sex": pa.array(chance.choice(["female", "male"], count)),
        "region": pa.array(np.array(REGIONS)[branch % len(REGIONS)]),
        "income_yuan": pa.array(salary, mask=~person["payroll"]),
        "relationship_days": days,
        "relationship_number": np.argsort(np.argsort(-days, kind="stable"), kind="stable").astype(float) + 1.0,
        "salary_inflow_30d_yuan": salary,
        "branch_id": pa.array([f"b{number:02d}" for number in branch]),
        "adviser_id": pa.array([f"a{number:03d}" if number >= 0 else None for number in adviser]),
        "preferred_channel": pa.array(_channel(chance, person)),
    }


def _dealings(chance: np.random.Generator, person: Columns, money: Mapping[str, Floats], today: date) -> Columns:
    count, rate = len(person["age"]), np.exp(0.8 * person["activity"])
    inward = np.where(money["transfers_in_30d_yuan"] > 0, 1.0 + chance.poisson(rate), 0.0)
    outward = np.where(money["transfers_out_30d_yuan"] > 0, 1.0 + chance.poisson(rate), 0.0)
    kinds = sum(
        (money[name] > 0).astype(float) for name in ("time_deposit_yuan", "structured_deposit_yuan", "large_cd_yuan")
    )
    products = 1.0 + kinds + chance.poisson(0.4, count)
    gone = (money["matured"] > 0).astype(float)
    maturing = (deposits(money) > 0) & (chance.random(count) < 0.4)
    days = np.datetime64(today, "D") + chance.integers(0, 365, count).astype("timedelta64[D]")
    return {
        "logins_30d": chance.poisson(4.0 * rate).astype(float),
        "transfers_in_30d": inward,
        "transfers_out_30d": outward,
        "transfers_90d": np.round((inward + outward) * 2.6) + chance.poisson(0.8 * rate),
        "last_transfer_days": np.round(chance.exponential(np.where(inward + outward > 0, 6.0, 90.0)), 3),
        "deposit_products": products,
        "deposit_products_1m_ago": products + gone,
        "deposit_products_2m_ago": products + gone,
        "next_maturity_on": pa.array(days, mask=~maturing),
        "next_maturity_yuan": pa.array(deposits(money), mask=~maturing),
        "large_inflow_7d_yuan": np.where(money["transfers_in_30d_yuan"] > 50_000, money["transfers_in_30d_yuan"], 0.0),
    }


def _flags(chance: np.random.Generator, person: Columns, count: int) -> Columns:
    rare = {"do_not_contact": 0.03, "staff": 0.01, "deceased": 0.001, "frozen": 0.004, "complaint_open": 0.01}
    return {
        "mobile_app_active": chance.random(count) < chance_of(1.0 + person["activity"]),
        "payroll_customer": person["payroll"],
        "pensioner": (person["age"] >= 60) & (chance.random(count) < 0.6),
        **{name: chance.random(count) < share for name, share in rare.items()},
    }


def _channel(chance: np.random.Generator, person: Columns) -> npt.NDArray[np.str_]:
    """Young and active customers prefer the app, old ones the branch, wealthy ones their adviser."""
    age, means, luck = person["age"], person["means"], chance.random(len(person["age"]))
    older = np.where(luck < 0.7, "branch", "adviser_call")
    return np.where(
        age > 62, older, np.where(means > 1.2, "adviser_call", np.where(luck < 0.7, "mobile_app", "wechat"))
    )


def chance_of(signal: Any) -> Floats:
    """1 / (1 + exp(-signal))."""
    return np.asarray(1.0 / (1.0 + np.exp(-signal)), dtype=np.float64)


def _held(chance: np.random.Generator, share: Floats, level: Floats, step: float) -> Floats:
    """Log-normal amounts in whole steps for a share of the customers, 0 for the others."""
    amount = np.exp(level + chance.normal(0, 0.9, len(share)))
    rounded = _yuan(np.maximum(np.round(amount / step), 1.0) * step)
    return np.where(chance.random(len(share)) < share, rounded, 0.0)


def deposits(money: Mapping[str, Floats]) -> Floats:
    """Yuan in term, structured and large-denomination deposits."""
    return money["time_deposit_yuan"] + money["structured_deposit_yuan"] + money["large_cd_yuan"]


def _yuan(amount: Floats) -> Floats:
    return np.asarray(np.round(np.minimum(amount, 5e8), 2), dtype=np.float64)
