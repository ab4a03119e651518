"""A synthetic bank: customers drawn from a seed, with the true propensities by which they buy.

    people       attributes, balances and transactions, which the bank sees
    kinds        which kind of product a buyer of a family buys, and who bought which
    truth        P0 and uplift of each family, persuasion, taste, fatigue, channels, drift, which it does not see
    reactions    the true probability that a customer takes an offer shown in a channel after so many contacts

Order: latent traits -> balances and transactions -> truth -> random outcomes. ``write`` writes the files and the folder
of any bank, so that ``train --bank`` reads it; the truth is a file beside them, which no SQL of the bank reads. It is
the oracle of tests and benchmarks. No real people are described.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from service.core.clock import now_utc
from training.data.bank_tables import Customers
from training.data.query_rows import ID
from training.data.simulated_consents import SOURCE, assessments, simulated_consents, supplement_customers
from training.synthetic.kinds import kind_shares, purchases_of
from training.synthetic.people import attributes_of, deposits, draw_people, money_of
from training.synthetic.reactions import Reactions
from training.synthetic.truth import BASE_RATES, DRIFT, propensity, truth_of

__all__ = [
    "BASE_RATES",
    "DRIFT",
    "SOURCE",
    "Reactions",
    "SyntheticBank",
    "make",
    "simulated_consents",
    "supplement_customers",
    "write",
]

HORIZON_DAYS = 92
MONTHLY = 4
"""The random stream from which the outcomes of a later month are drawn."""
CHOSEN = 5
"""The random stream from which the kinds of what was bought are drawn."""
TRUTH = "truth.parquet"
ADVISERS = "advisers.csv"
ZONE = ZoneInfo("Asia/Shanghai")
BANK_YAML = """name: Synthetic bank
as_of: {today}
timezone: {zone}
split: customer
horizon_days: {horizon}
families: [deposit, wealth]
notes: Made of chance from seed {seed}. No real customers.
"""
SQL: Mapping[str, str] = {
    "customers": "SELECT * FROM read_parquet(file('customers.parquet'))\n",
    "outcomes": (
        "-- A row for each kind that a customer bought, and one without a kind for the others.\n"
        "SELECT outcomes.*, purchases.product AS bought_product\n"
        "FROM read_parquet(file('outcomes.parquet')) AS outcomes\n"
        "LEFT JOIN read_parquet(file('purchases.parquet')) AS purchases USING (customer_id)\n"
    ),
    "consents": "SELECT customer_id, purpose, granted FROM read_parquet(file('consents.parquet'))\n",
}


@dataclass(frozen=True)
class SyntheticBank:
    """Tables by customer: attributes, outcomes, and ``truth``: the probabilities of outcomes and reactions.

    ``purchases`` says which kind each buyer of a family bought.
    """

    customers: pa.Table
    outcomes: pa.Table
    purchases: pa.Table
    truth: pa.Table


def make(count: int = 50_000, seed: int = 7, today: date | None = None, months: int = 0) -> SyntheticBank:
    """A bank of ``count`` customers as of ``today``; the same arguments give the same bank.

    ``months`` of drift: the same customers, with outcomes drawn independently by the propensities of that many months
    later.
    """
    chance = np.random.default_rng([seed, 0])
    person = draw_people(chance, count)
    money = money_of(chance, person)
    columns = {ID: [f"s{number:07d}" for number in range(1, count + 1)]}
    attributes = attributes_of(chance, person, money, today or _today())
    alone = {family: propensity(chance, family, person, money, months) for family in BASE_RATES}
    month = np.random.default_rng([seed, MONTHLY, months]) if months else chance
    outcomes = {f"bought_{family}": month.random(count) < p for family, p in alone.items()}
    held = {"held_deposit": deposits(money) > 0, "held_wealth": money["wealth_product_yuan"] + money["fund_yuan"] > 0}
    made_up = assessments(count, seed, today or _today())
    truth = truth_of(np.random.default_rng([seed, 3]), attributes, person, alone)
    shares = kind_shares(person, money)
    kinds = {f"kind_{kind}": alone[family] * one for family, row in shares.items() for kind, one in row.items()}
    return SyntheticBank(
        customers=pa.table({**columns, **attributes, **made_up}),
        outcomes=pa.table({**columns, **outcomes, **held}),
        purchases=purchases_of(np.random.default_rng([seed, CHOSEN, months]), columns[ID], outcomes, shares),
        truth=pa.table({**columns, **truth, **kinds}),
    )


def write(
    folder: Path, count: int = 50_000, seed: int = 7, today: date | None = None, months: int = 0
) -> tuple[Path, Path]:
    """Write ``folder/bank`` (YAML, SQL), ``folder/files`` (Parquet) and ``folder/truth.parquet``; return the first two.

    ``files/advisers.csv`` names the advisers of these customers, as `fourcast advisers import` reads them.

    ``months`` of drift, as in ``make``.
    """
    today = today or _today()
    made = make(count, seed, today, months)
    bank, files = Path(folder) / "bank", Path(folder) / "files"
    for one in (bank, files):
        one.mkdir(parents=True, exist_ok=True)
    described = BANK_YAML.format(today=today, zone=ZONE, horizon=HORIZON_DAYS, seed=seed)
    (bank / "bank.yaml").write_text(described, encoding="utf-8")
    for name, text in SQL.items():
        (bank / f"{name}.sql").write_text(text, encoding="utf-8")
    pq.write_table(made.customers, files / "customers.parquet")
    pq.write_table(made.outcomes, files / "outcomes.parquet")
    pq.write_table(made.purchases, files / "purchases.parquet")
    pq.write_table(_consents(made, seed), files / "consents.parquet")
    pq.write_table(made.truth, Path(folder) / TRUTH)
    (files / ADVISERS).write_text("\n".join(_advisers(made)) + "\n", encoding="utf-8")
    return bank, files


def _advisers(made: SyntheticBank) -> Iterator[str]:
    """The advisers whom customers name, each with the branch, ten hours of calls a week and twenty minutes a call."""
    pairs = zip(*(made.customers[name].to_pylist() for name in ("adviser_id", "branch_id")), strict=True)
    yield "id,branch,minutes_per_week,minutes_per_contact"
    yield from (f"{adviser},{branch},600,20" for adviser, branch in sorted({one for one in pairs if one[0]}))


def _today() -> date:
    """Today in the bank's zone: elsewhere it may be tomorrow already, which no file can know."""
    return now_utc().astimezone(ZONE).date()


def _consents(made: SyntheticBank, seed: int) -> pa.Table:
    rows = simulated_consents(Customers(made.customers), seed)
    return pa.table(dict(zip((ID, "purpose", "granted"), map(list, zip(*rows, strict=True)), strict=True)))
