"""A bank that nobody owns: customers drawn from a seed, who know the true propensity by which they buy.

Order: latent traits (age, means, activity) -> balances, their history and dealings -> true propensities from what the
bank can see, plus a part it cannot -> outcomes by chance. ``write`` lays it out as any bank's files and folder, so
that it takes the same road (``train --bank``); the truth is kept beside them, where no SQL of the bank reads it.
Balances are heavy-tailed: the upper hundredth holds a quarter of the money. Nothing here describes real people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from training.contract import ID
from training.dataset import Customers
from training.supplement import SOURCE, assessments, simulated_consents, supplement_customers

__all__ = ["SOURCE", "SyntheticBank", "make", "simulated_consents", "supplement_customers", "write"]

Floats = npt.NDArray[np.float64]
Columns = dict[str, Any]

HORIZON_DAYS = 92
REGIONS = ("north", "east", "south", "west", "harbour", "hills")
BRANCHES = 24
BASE_RATES: Mapping[str, float] = {"deposit": 0.16, "wealth": 0.08}
UNSEEN_SPREAD = 0.4
"""Standard deviation, in log-odds, of what moves a customer and no attribute shows."""

BANK_YAML = """name: Synthetic bank
as_of: {today}
timezone: Asia/Shanghai
split: customer
horizon_days: {horizon}
families: [deposit, wealth]
notes: Made of chance from seed {seed}. No real customers.
"""
SQL: Mapping[str, str] = {
    "customers": "SELECT * FROM read_parquet(file('customers.parquet'))\n",
    "outcomes": "SELECT * FROM read_parquet(file('outcomes.parquet'))\n",
    "consents": "SELECT customer_id, purpose, granted FROM read_parquet(file('consents.parquet'))\n",
}


@dataclass(frozen=True)
class SyntheticBank:
    """Tables by customer: attributes, outcomes, and ``truth``, the probability by which each outcome was drawn."""

    customers: pa.Table
    outcomes: pa.Table
    truth: pa.Table


def make(count: int = 50_000, seed: int = 7, today: date | None = None) -> SyntheticBank:
    """A bank of ``count`` customers as of ``today``; the same arguments give the same bank."""
    chance = np.random.default_rng([seed, 0])
    person = _person(chance, count)
    money = _money(chance, person)
    columns = {ID: [f"s{number:07d}" for number in range(1, count + 1)]}
    attributes = _attributes(chance, person, money, today or date.today())
    truth = {family: _propensity(chance, family, person, money) for family in BASE_RATES}
    outcomes = {f"bought_{family}": chance.random(count) < p for family, p in truth.items()}
    held = {"held_deposit": _deposits(money) > 0, "held_wealth": money["wealth_product_yuan"] + money["fund_yuan"] > 0}
    made_up = assessments(count, seed, today or date.today())
    return SyntheticBank(
        customers=pa.table({**columns, **attributes, **made_up}),
        outcomes=pa.table({**columns, **outcomes, **held}),
        truth=pa.table({**columns, **truth}),
    )


def write(folder: Path, count: int = 50_000, seed: int = 7, today: date | None = None) -> tuple[Path, Path]:
    """Write ``folder/bank`` (YAML, SQL), ``folder/files`` (Parquet) and ``folder/truth.parquet``; the first two."""
    today = today or date.today()
    made = make(count, seed, today)
    bank, files = Path(folder) / "bank", Path(folder) / "files"
    for one in (bank, files):
        one.mkdir(parents=True, exist_ok=True)
    (bank / "bank.yaml").write_text(BANK_YAML.format(today=today, horizon=HORIZON_DAYS, seed=seed), encoding="utf-8")
    for name, text in SQL.items():
        (bank / f"{name}.sql").write_text(text, encoding="utf-8")
    pq.write_table(made.customers, files / "customers.parquet")
    pq.write_table(made.outcomes, files / "outcomes.parquet")
    pq.write_table(_consents(made, seed), files / "consents.parquet")
    pq.write_table(made.truth, Path(folder) / "truth.parquet")
    return bank, files


def _person(chance: np.random.Generator, count: int) -> Columns:
    age = np.clip(np.round(chance.gamma(9.0, 5.0, count) + 3), 18, 96)
    means = chance.normal(0.0, 1.0, count) + 0.02 * (np.minimum(age, 60) - 42)
    activity = chance.normal(0.0, 1.0, count) - 0.02 * (age - 42)
    payroll = (chance.random(count) < 0.35) & (age < 62)
    return {"age": age, "means": means, "activity": activity, "payroll": payroll}


def _money(chance: np.random.Generator, person: Columns) -> dict[str, Floats]:
    """Balances today, what lay there one and two months ago, and the transfers between."""
    means, count = person["means"], len(person["means"])
    money = {
        "demand_yuan": _yuan(np.exp(7.6 + 1.1 * means + chance.normal(0, 1.7, count))),
        "time_deposit_yuan": _held(chance, _chance_of(-1.6 + 0.5 * means), 10.6 + 0.9 * means, 1_000),
        "structured_deposit_yuan": _held(chance, _chance_of(-2.0 + 0.7 * means), 11.6 + 0.8 * means, 10_000),
        "large_cd_yuan": _held(chance, _chance_of(-3.6 + 1.0 * means), 12.6 + 0.6 * means, 10_000),
        "wealth_product_yuan": _held(chance, _chance_of(-2.6 + 0.8 * means), 11.2 + 0.9 * means, 1_000),
        "fund_yuan": _held(chance, _chance_of(-3.2 + 0.5 * means), 8.6 + 1.0 * means, 0.01),
        "plan_yuan": _held(chance, _chance_of(-5.0 + 0.9 * means), 12.0 + 0.7 * means, 10_000),
        "loan_yuan": _held(chance, _chance_of(-2.4 + 0.3 * means), 12.3 + 0.6 * means, 0.01),
    }
    matured = np.where(chance.random(count) < 0.07, np.exp(11.0 + 0.9 * means + chance.normal(0, 0.8, count)), 0.0)
    money["demand_yuan"] = _yuan(money["demand_yuan"] + matured * chance.random(count))
    total = money["demand_yuan"] + _deposits(money)
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


def _attributes(chance: np.random.Generator, person: Columns, money: Mapping[str, Floats], today: date) -> Columns:
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
    maturing = (_deposits(money) > 0) & (chance.random(count) < 0.4)
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
        "next_maturity_yuan": pa.array(_deposits(money), mask=~maturing),
        "large_inflow_7d_yuan": np.where(money["transfers_in_30d_yuan"] > 50_000, money["transfers_in_30d_yuan"], 0.0),
    }


def _flags(chance: np.random.Generator, person: Columns, count: int) -> Columns:
    rare = {"do_not_contact": 0.03, "staff": 0.01, "deceased": 0.001, "frozen": 0.004, "complaint_open": 0.01}
    return {
        "mobile_app_active": chance.random(count) < _chance_of(1.0 + person["activity"]),
        "payroll_customer": person["payroll"],
        "pensioner": (person["age"] >= 60) & (chance.random(count) < 0.6),
        **{name: chance.random(count) < share for name, share in rare.items()},
    }


def _channel(chance: np.random.Generator, person: Columns) -> npt.NDArray[np.str_]:
    """The young and active ask for the app, the old for the branch, those of means for their adviser."""
    age, means, luck = person["age"], person["means"], chance.random(len(person["age"]))
    older = np.where(luck < 0.7, "branch", "adviser_call")
    return np.where(
        age > 62, older, np.where(means > 1.2, "adviser_call", np.where(luck < 0.7, "mobile_app", "wechat"))
    )


def _propensity(chance: np.random.Generator, family: str, person: Columns, money: Mapping[str, Floats]) -> Floats:
    """The true P: a logistic curve of what can be seen and what cannot, its level set to the family's base rate."""
    demand, held = np.log1p(money["demand_yuan"]), _deposits(money) > 0
    wealth = money["wealth_product_yuan"] + money["fund_yuan"] > 0
    net = np.arcsinh((money["transfers_in_30d_yuan"] - money["transfers_out_30d_yuan"]) / 10_000)
    matured = (money["matured"] > 0) & (money["demand_yuan"] > 0.3 * money["matured"])
    by_family = {
        "deposit": 0.55 * np.maximum(demand - 8, 0)
        + 0.9 * held
        + 2.2 * matured
        + 0.35 * net
        + 0.02 * (person["age"] - 45),
        "wealth": 0.4 * np.maximum(demand - 9, 0) + 1.9 * wealth + 0.25 * net + 0.5 * person["activity"],
    }
    signal = by_family[family] + chance.normal(0, UNSEEN_SPREAD, len(demand))
    return _chance_of(signal + _level(signal, BASE_RATES[family]))


def _level(signal: Floats, rate: float) -> float:
    """The constant that makes the mean probability ``rate``, by bisection."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if float(_chance_of(signal + middle).mean()) > rate else (middle, high)
    return low


def _chance_of(signal: Any) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-signal)), dtype=np.float64)


def _held(chance: np.random.Generator, share: Floats, level: Floats, step: float) -> Floats:
    """Log-normal amounts in whole steps for a share of the customers, 0 for the others."""
    amount = np.exp(level + chance.normal(0, 0.9, len(share)))
    rounded = _yuan(np.maximum(np.round(amount / step), 1.0) * step)
    return np.where(chance.random(len(share)) < share, rounded, 0.0)


def _deposits(money: Mapping[str, Floats]) -> Floats:
    return money["time_deposit_yuan"] + money["structured_deposit_yuan"] + money["large_cd_yuan"]


def _yuan(amount: Floats) -> Floats:
    return np.asarray(np.round(np.minimum(amount, 5e8), 2), dtype=np.float64)


def _consents(made: SyntheticBank, seed: int) -> pa.Table:
    rows = simulated_consents(Customers(made.customers), seed)
    return pa.table(dict(zip((ID, "purpose", "granted"), map(list, zip(*rows, strict=True)), strict=True)))
