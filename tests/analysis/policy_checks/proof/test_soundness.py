"""The proof against evaluation: what it calls clean no customer tried opens, and its witness is such a customer."""

import random
from collections.abc import Iterator, Mapping
from itertools import product
from math import nan

import pytest

from service.analysis.policy_checks.proof.reading import Reader
from service.analysis.policy_checks.proof.search import Budget, Exhausted, Witness, domains_of, find_witness
from service.analysis.policy_checks.proof.truth import certainty
from service.analysis.policy_checks.proof.variables import OTHER, YEAR_DAYS, Vocabulary
from service.core.attributes import parse_table
from service.core.expressions import Kind, compile_truth, parse
from service.rules.statutory import LAW_COLUMNS
from service.rules.vocabulary import CONTEXT

TABLE = parse_table({
    "attributes": [
        {"name": "age", "kind": "number", "range": [0, 120]},
        {"name": "risk_tolerance", "kind": "number", "range": [1, 5]},
        {"name": "risk_assessed_on", "kind": "date"},
        {"name": "deceased", "kind": "boolean"},
        {"name": "region", "kind": "text"},
        {"name": "demand_yuan", "kind": "money", "range": [-1000, 1.0e+9]},
        {"name": "fund_yuan", "kind": "money", "range": [0, 1.0e+9]},
    ],
    "features": [
        {"name": "room", "kind": "number", "expression": "customer.risk_tolerance - 1"},
        {"name": "both_yuan", "kind": "money", "expression": "customer.demand_yuan + customer.fund_yuan"},
    ],
})  # fmt: skip
SCHEMA = {**TABLE.schema(), **CONTEXT}
LAWS = (
    "customer.risk_tolerance >= 3",
    "customer.age < 65",
    "not coalesce(customer.deceased, false)",
    "customer.risk_assessed_on between context.year_ago and context.today",
    "coalesce(customer.demand_yuan, customer.fund_yuan) is null"
    " or 3000 <= 10 * (coalesce(customer.demand_yuan, 0) + coalesce(customer.fund_yuan, 0))",
)
NUMBERS = (
    "customer.risk_tolerance", "customer.age", "customer.room", "context.weekday",
    "coalesce(customer.risk_tolerance, 4)", "customer.risk_tolerance + 1", "-customer.risk_tolerance",
    "abs(customer.risk_tolerance - 3)", "least(customer.risk_tolerance, 4)", "nullif(customer.risk_tolerance, 5)",
    "greatest(customer.risk_tolerance, customer.age)", "round(customer.risk_tolerance * 0.7)",
    "case when customer.region = 'north' then 5 else customer.risk_tolerance end",
    "(customer.risk_tolerance / 2)", "customer.age - 2 * customer.risk_tolerance",
)  # fmt: skip
MONEY = (
    "customer.demand_yuan", "customer.fund_yuan", "customer.both_yuan", "coalesce(customer.demand_yuan, 0)",
    "(coalesce(customer.demand_yuan, 0) + coalesce(customer.fund_yuan, 0))", "2 * customer.both_yuan",
)  # fmt: skip
DAYS = (
    "customer.risk_assessed_on", "context.today", "context.year_ago", "context.today - 365", "context.today - 400",
    "coalesce(customer.risk_assessed_on, context.today)", "customer.risk_assessed_on + 10",
)  # fmt: skip
OPERATORS = ("=", "<>", "<", "<=", ">", ">=")
TODAY = 20_000.0


def condition(chance: random.Random, depth: int = 0) -> str:
    """A condition of up to three levels."""
    shape = chance.random() if depth < 3 else 1.0
    if shape < 0.25:
        return f"({condition(chance, depth + 1)}) and ({condition(chance, depth + 1)})"
    if shape < 0.5:
        return f"({condition(chance, depth + 1)}) or ({condition(chance, depth + 1)})"
    if shape < 0.58:
        return f"not ({condition(chance, depth + 1)})"
    if shape < 0.64:
        inner = [condition(chance, depth + 1) for _ in range(3)]
        return "case when {} then ({}) else ({}) end".format(*inner)
    return leaf(chance)


def leaf(chance: random.Random) -> str:
    """A condition that is not made of others."""
    operator = chance.choice(OPERATORS)
    return chance.choice((
        lambda: f"{chance.choice(NUMBERS)} {operator} {chance.choice((1, 2, 3, 3.5, 5, 64, 65))}",
        lambda: f"{chance.choice(MONEY)} {operator} {chance.choice((0, 300, 300.01, 3000))}",
        lambda: f"{chance.choice(DAYS)} {operator} {chance.choice(DAYS)}",
        lambda: f"customer.risk_assessed_on between {chance.choice(DAYS)} and {chance.choice(DAYS)}",
        lambda: f"{chance.choice(NUMBERS)} {operator} {chance.choice(NUMBERS)}",
        lambda: f"{chance.choice((*NUMBERS, *MONEY, *DAYS))} is null",
        lambda: f"customer.risk_tolerance in ({chance.choice(('3, 4, 5', '1', '2, 3'))})",
        lambda: f"customer.region {chance.choice(('=', '<>'))} 'north'",
        lambda: "coalesce(customer.deceased, false)",
        lambda: "customer.deceased = (customer.age > 64)",
        lambda: chance.choice(LAWS),
    ))()  # fmt: skip


EDGES: Mapping[str, tuple[object, ...]] = {
    "customer.age": (nan, 17.0, 64.0, 64.5, 65.0, 90.0),
    "customer.risk_tolerance": (nan, 1.0, 2.0, 2.5, 3.0, 3.5, 5.0),
    "customer.risk_assessed_on": (nan, TODAY + 1, TODAY, TODAY - 365, TODAY - 366, TODAY - 367, TODAY - 400),
    "customer.deceased": (nan, 1.0, 0.0),
    "customer.region": (None, "north", "south"),
    "customer.demand_yuan": (nan, -5.0, 0.0, 299.99, 300.0, 3000.0),
    "customer.fund_yuan": (nan, 0.0, 300.0, 300.01),
    "context.weekday": (1.0, 3.0, 5.0),
    "days": (365.0, 366.0),
}


def derived(columns: dict[str, object]) -> dict[str, object]:
    """The columns of one customer with their features, and the day a year ago."""
    columns |= {"context.today": TODAY, "context.year_ago": TODAY - float(str(columns.pop("days")))}
    tolerance, demand, fund = (columns[f"customer.{one}"] for one in ("risk_tolerance", "demand_yuan", "fund_yuan"))
    columns["customer.room"] = tolerance - 1  # type: ignore[operator]
    columns["customer.both_yuan"] = demand + fund  # type: ignore[operator]
    return columns


def customers(chance: random.Random, count: int) -> Iterator[dict[str, object]]:
    """Customers at the edges."""
    for _ in range(count):
        yield derived({name: chance.choice(values) for name, values in EDGES.items()})


def of_witness(witness: Witness) -> dict[str, object]:
    """The customer whom a witness describes; what it leaves open is unknown."""
    found: dict[str, object] = {name: None if name == "customer.region" else nan for name in EDGES}
    found |= {"context.weekday": 7.0, "days": witness.get(YEAR_DAYS, 365.0)}
    for name in (name for name in witness if name in EDGES):
        value = witness[name]
        if value is not None:
            found[name] = TODAY + float(value) if name.endswith("_on") else "elsewhere" if value == OTHER else value
    return derived(found)


def judged(gate: str, law: str) -> tuple[Witness | None, bool]:
    """The witness of a gate against a law, and whether it says everything in columns."""
    vocabulary = Vocabulary(TABLE, SCHEMA)
    reader = Reader(TABLE, vocabulary, frozenset(LAW_COLUMNS))
    passes, kept = (certainty(reader.read(parse(one, SCHEMA, Kind.BOOLEAN).program)) for one in (gate, law))
    witness = find_witness([passes], kept, domains_of([kept, passes], vocabulary), Budget())
    return witness, witness is not None and set(witness) <= {*EDGES, YEAR_DAYS}


@pytest.mark.parametrize("seed", range(2))
def test_no_customer_opens_what_is_called_clean_and_a_witness_opens_what_is_not(seed: int) -> None:
    chance, met = random.Random(seed), {"clean": 0, "witness": 0}
    crowd = list(customers(chance, 250))
    for _, law in product(range(16), LAWS):
        gate = condition(chance)
        gate = f"({gate}) and ({law})" if chance.random() < 0.2 else gate
        opens, keeps = (compile_truth(parse(one, SCHEMA, Kind.BOOLEAN)) for one in (gate, law))
        try:
            witness, whole = judged(gate, law)
        except Exhausted:
            continue
        if witness is None:
            met["clean"] += 1
            assert not [one for one in crowd if opens(one) and not keeps(one)], f"{gate} is called as strict as {law}"
        elif whole:
            met["witness"] += 1
            customer = of_witness(witness)
            assert opens(customer), f"{gate} is not open to {witness}"
            assert not keeps(customer), f"{law} is open to {witness}"
    assert min(met.values()) >= 10
