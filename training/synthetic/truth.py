"""The truth of the synthetic bank: each customer's propensity, what an offer changes of it, and fatigue.

Three stages, each on the log-odds scale, where causes add up:

    alone      P0(family)  = logistic(what is seen + what is unseen + level + drift x months)
    shown      P1(family)  = logistic(logit P0 + persuasion of that customer and family)
    treatment  ``reactions`` spreads P0 over the offers, and adds channel and fatigue

Persuasion follows attributes the bank can see, so that a model may learn it, and is below zero for some: an offer can
drive a customer away. The columns of ``truth_of`` are kept beside the bank's files, never among them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from training.arrays import Floats
from training.synthetic.people import Columns, chance_of, deposits

BASE_RATES: Mapping[str, float] = {"deposit": 0.16, "wealth": 0.08}
UNSEEN_SPREAD = 0.4
"""Standard deviation, in log-odds, of a customer's propensity that no attribute shows."""
DRIFT: Mapping[str, float] = {"deposit": -0.06, "wealth": 0.04}
"""Change of each family's log-odds per month: customers leave deposits as rates fall."""
PERSUASION_SPREAD = 0.25
"""Standard deviation of persuasion that no attribute shows."""
FATIGUE = 0.35
"""Log-odds lost with every contact, for the median customer."""


def propensity(
    chance: np.random.Generator, family: str, person: Columns, money: Mapping[str, Floats], months: int = 0
) -> Floats:
    """P0 of the family: a logistic curve of seen and unseen signals, its level set to the family's base rate.

    The level is that of month 0; each month since moves it by the family's drift.
    """
    signal = _seen(person, money)[family] + chance.normal(0, UNSEEN_SPREAD, len(person["age"]))
    return chance_of(signal + _level(signal, BASE_RATES[family]) + DRIFT[family] * months)


def truth_of(chance: np.random.Generator, attributes: Mapping[str, Any], person: Columns, alone: Columns) -> Columns:
    """The truth by column, (n,) each: P0 and uplift by family (probabilities), the rest in log-odds.

    ``uplift_<family>`` = P1 - P0 of a first contact through a neutral channel; ``taste_long`` and ``taste_risk`` move
    the customer among offers; ``fatigue`` is lost per contact; ``reach_<channel>`` is the channel's power.
    """
    count = len(person["age"])
    persuasion = {
        family: values + chance.normal(0, PERSUASION_SPREAD, count) for family, values in _persuasion(person).items()
    }
    uplift = {family: chance_of(logit(p) + persuasion[family]) - p for family, p in alone.items()}
    return {
        **alone,
        **{f"uplift_{family}": values for family, values in uplift.items()},
        **{f"persuasion_{family}": values for family, values in persuasion.items()},
        "taste_long": 0.02 * (person["age"] - 42) + chance.normal(0, 0.5, count),
        "taste_risk": 0.4 * person["means"] - 0.02 * (person["age"] - 42) + chance.normal(0, 0.5, count),
        "fatigue": FATIGUE * np.exp(chance.normal(0, 0.4, count)),
        "ready_yuan": attributes["deposit_total_yuan"],
        **{f"reach_{channel}": values for channel, values in _reach(attributes, person).items()},
    }


def logit(p: Any) -> Floats:
    """log(p / (1 - p)); minus infinity at 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(p) - np.log1p(-np.asarray(p)), dtype=np.float64)


def _seen(person: Columns, money: Mapping[str, Floats]) -> dict[str, Floats]:
    demand, held = np.log1p(money["demand_yuan"]), deposits(money) > 0
    wealth = money["wealth_product_yuan"] + money["fund_yuan"] > 0
    net = np.arcsinh((money["transfers_in_30d_yuan"] - money["transfers_out_30d_yuan"]) / 10_000)
    matured = (money["matured"] > 0) & (money["demand_yuan"] > 0.3 * money["matured"])
    return {
        "deposit": 0.55 * np.maximum(demand - 8, 0)
        + 0.9 * held
        + 2.2 * matured
        + 0.35 * net
        + 0.02 * (person["age"] - 45),
        "wealth": 0.4 * np.maximum(demand - 9, 0) + 1.9 * wealth + 0.25 * net + 0.5 * person["activity"],
    }


def _persuasion(person: Columns) -> dict[str, Floats]:
    """Persuasion in log-odds: deposits persuade payroll customers, wealth active ones; old and idle customers are put
    off."""
    age, activity, payroll = person["age"], person["activity"], person["payroll"]
    return {
        "deposit": 0.5 + 0.9 * payroll - 0.8 * (activity < -1.0) - 0.3 * (age < 30),
        "wealth": 0.5 + 0.6 * np.tanh(activity) - 1.2 * (age >= 62),
    }


def _reach(attributes: Mapping[str, Any], person: Columns) -> dict[str, Floats]:
    """The power of each channel over each customer, 0 where it is neutral."""
    preferred = np.asarray(attributes["preferred_channel"].to_numpy(zero_copy_only=False))
    age, means, activity = person["age"], person["means"], person["activity"]
    own = {
        "mobile_app": 0.4 * np.tanh(activity),
        "branch": 0.4 * (age >= 60) - 0.1,
        "adviser_call": 0.4 + 0.5 * (means > 1.0),
        "sms": np.full(len(age), -0.5),
        "wechat": -0.3 + 0.3 * (age < 40),
        "email": np.full(len(age), -0.7),
    }
    return {channel: values + 0.6 * (preferred == channel) for channel, values in own.items()}


def _level(signal: Floats, rate: float) -> float:
    """The constant that makes the mean probability ``rate``, by bisection."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if float(chance_of(signal + middle).mean()) > rate else (middle, high)
    return low
