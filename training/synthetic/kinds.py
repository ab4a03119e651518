"""Which kind of product a synthetic customer buys who buys of a family: a logit of holdings, means, age and activity.

    P(kind | family bought) = exp(u_kind) / sum over the family's kinds of exp(u)

Who holds a kind buys it again more often; a large CD needs its minimum. One purchase has one kind.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from training.arrays import Flags, Floats
from training.data.purchases import SCHEMA
from training.synthetic.people import Columns, deposits

LARGE_CD_YUAN = 200_000.0
OUT_OF_REACH = -6.0
"""The utility, in log-odds, of what the customer's balances cannot pay for."""


def kind_shares(person: Columns, money: Mapping[str, Floats]) -> dict[str, dict[str, Floats]]:
    """``{family: {kind: (n,)}}``: the true share of each kind among a customer's purchases of the family."""
    return {family: _softmax(utilities) for family, utilities in _utilities(person, money).items()}


def purchases_of(
    chance: np.random.Generator,
    ids: list[str],
    outcomes: Mapping[str, Flags],
    shares: Mapping[str, Mapping[str, Floats]],
) -> pa.Table:
    """A purchase of one kind for each family that a customer bought, drawn by the true shares; amounts are unknown."""
    rows = [row for family, kinds in shares.items() for row in _drawn(chance, outcomes[f"bought_{family}"], kinds)]
    bought = [{"customer_id": ids[place], "product": kind, "amount_yuan": None} for place, kind in sorted(rows)]
    return pa.Table.from_pylist(bought, schema=SCHEMA)


def _drawn(chance: np.random.Generator, bought: Flags, kinds: Mapping[str, Floats]) -> list[tuple[int, str]]:
    """(row, kind) of each buyer."""
    names, upper = list(kinds), np.cumsum(np.column_stack(list(kinds.values())), axis=1)
    places = (chance.random(len(bought))[:, np.newaxis] > upper[:, :-1]).sum(axis=1)
    return [(int(row), names[places[row]]) for row in np.flatnonzero(bought)]


def _utilities(person: Columns, money: Mapping[str, Floats]) -> dict[str, dict[str, Floats]]:
    held = {name: (money[f"{name}_yuan"] > 0).astype(np.float64) for name in _HELD.values()}
    age, means, activity = person["age"], person["means"], person["activity"]
    rich = money["demand_yuan"] + deposits(money) >= LARGE_CD_YUAN
    again = {kind: 1.6 * held[name] for kind, name in _HELD.items()}
    return {
        "deposit": {
            "structured": 0.8 + 0.3 * means + again["structured"],
            "term": 0.6 + 0.03 * (age - 45) + again["term"],
            "large_cd": np.where(rich, 0.5, OUT_OF_REACH) + again["large_cd"],
        },
        "wealth": {
            "wealth_product": 1.2 + 0.02 * (age - 45) + again["wealth_product"],
            "fund": 0.4 + 0.5 * activity + again["fund"],
            "plan": -2.0 + 0.8 * means + again["plan"],
        },
    }


_HELD: Mapping[str, str] = {
    "structured": "structured_deposit",
    "term": "time_deposit",
    "large_cd": "large_cd",
    "wealth_product": "wealth_product",
    "fund": "fund",
    "plan": "plan",
}
"""What a customer who holds the kind has in the files, without its unit."""


def _softmax(utilities: Mapping[str, Floats]) -> dict[str, Floats]:
    weights = {kind: np.exp(utility) for kind, utility in utilities.items()}
    total = np.sum(list(weights.values()), axis=0)
    return {kind: weight / total for kind, weight in weights.items()}
