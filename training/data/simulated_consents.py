"""Simulated risk assessments, reachability and consents, labelled as such, where a bank's files lack them.

Used by the synthetic bank, and by ``--supplement`` for a real bank so that wealth offers and outbound channels can be
shown. They are never used to train. A column that the bank's files have is kept; ``SOURCE`` labels simulated consents.
Who holds a risk-rated product was assessed for it: the simulated tolerance is never below what a customer holds.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.arrays import Flags, Floats
from training.data.bank_tables import Customers
from training.data.query_rows import ID

SOURCE = "simulated"
"""The source that every simulated consent carries into the ledger."""
PURPOSES: Mapping[str, float] = {
    "personalisation": 0.97,
    "marketing:adviser_call": 0.45,
    "marketing:sms": 0.55,
    "marketing:wechat": 0.60,
    "marketing:email": 0.35,
}
"""Each purpose with the share of customers who grant it."""
ASSESSED_SHARE = 0.7
TOLERANCE_SHARES = (0.18, 0.34, 0.28, 0.14, 0.06)
"""C1 to C5 among the assessed."""
ASSESSMENT_AGE_DAYS = 480
"""Assessments are up to this old; they hold for 12 months, so that some have expired."""

HELD_RISKS: Mapping[str, float] = {
    "structured_deposit_yuan": 2.0,
    "wealth_product_yuan": 2.0,
    "fund_yuan": 3.0,
    "plan_yuan": 3.0,
}
"""The risk for which a holder of this balance was assessed at least: that of the kind's usual product."""
PRIVATE = "plan_yuan"
"""A balance that only qualified investors hold."""


def supplement_customers(customers: Customers, seed: int, today: date) -> Customers:
    """Return the customers with simulated assessments and reachability in the columns that their files lack.

    Assessments agree with what a customer holds. Where they are simulated, holders of private products are qualified
    investors.
    """
    table = customers.table
    simulated = assessments(len(customers), seed, today, _held_risk(table))
    if PRIVATE in table.column_names and "risk_tolerance" not in table.column_names:
        simulated["qualified_investor"] = pa.array(_holds(table, PRIVATE), mask=~_holds(table, PRIVATE))
    for name, values in simulated.items():
        if name not in table.column_names:
            table = table.append_column(name, values)
    return replace(customers, table=table)


def simulated_consents(customers: Customers, seed: int) -> list[tuple[str, str, bool]]:
    """(customer_id, purpose, granted) for every customer and purpose."""
    chance = np.random.default_rng([seed, 2])
    granted = {purpose: chance.random(len(customers)) < share for purpose, share in PURPOSES.items()}
    ids = customers.table.column(ID).to_pylist()
    return [(one, purpose, bool(granted[purpose][row])) for row, one in enumerate(ids) for purpose in PURPOSES]


def assessments(count: int, seed: int, today: date, held_risk: Floats | float = 0.0) -> dict[str, pa.Array]:
    """Risk assessments and reachability of ``count`` customers, by attribute; null where not assessed.

    ``held_risk``: the highest risk that each customer holds, 0 for none; whoever holds one was assessed at least for
    it. An assessment may have expired since.
    """
    chance = np.random.default_rng([seed, 1])
    assessed = (chance.random(count) < ASSESSED_SHARE) | (np.asarray(held_risk) > 0)
    tolerance = np.maximum(chance.choice(np.arange(1.0, 6.0), count, p=TOLERANCE_SHARES), held_risk)
    days_ago = chance.integers(0, ASSESSMENT_AGE_DAYS, count)
    days = np.datetime64(today, "D") - days_ago.astype("timedelta64[D]")
    return {
        "risk_tolerance": pa.array(tolerance, mask=~assessed),
        "risk_assessed_on": pa.array(days, mask=~assessed),
        "sms_reachable": _flags(chance, count, 0.9),
        "wechat_bound": _flags(chance, count, 0.6),
        "email_reachable": _flags(chance, count, 0.4),
    }


def _held_risk(table: pa.Table) -> Floats:
    """The highest risk of the balances that each customer holds, 0 where they hold none or the files tell of none."""
    risks = [
        np.where(_holds(table, name), risk, 0.0) for name, risk in HELD_RISKS.items() if name in table.column_names
    ]
    return np.max(risks, axis=0) if risks else np.zeros(table.num_rows)


def _holds(table: pa.Table, balance: str) -> Flags:
    """Which customers hold more than 0 yuan of a balance; an unknown one is none."""
    yuan = np.asarray(pc.fill_null(pc.cast(table.column(balance), pa.float64()), 0.0).to_numpy())
    return np.asarray(yuan > 0.0)


def _flags(chance: np.random.Generator, count: int, share: float) -> Any:
    return pa.array(chance.random(count) < share)
