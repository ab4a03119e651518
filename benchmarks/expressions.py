"""What an expression costs: nanoseconds a node for one customer, and the ratio to hand-written NumPy for many.

    python -m benchmarks.expressions

One customer: the closures against the same condition as a plain Python function. Many: the compiled arrays against
the same condition written by hand in NumPy without any thought for NULL. Rounds are interleaved, rows rotate, and the
median round counts.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from service.core.expressions import Kind, Name, compile_truth, compile_value, fold, parse

ROUNDS = 9
CUSTOMERS, OFFERS, CHANNELS = 16_000, 20, 6
CUSTOMER, OFFER = frozenset({"customer"}), frozenset({"offer"})
SCHEMA = {
    "customer.age": Name(Kind.NUMBER, CUSTOMER),
    "customer.total_yuan": Name(Kind.MONEY, CUSTOMER),
    "customer.demand_yuan": Name(Kind.MONEY, CUSTOMER),
    "customer.city": Name(Kind.TEXT, CUSTOMER),
    "offer.minimum_yuan": Name(Kind.MONEY, OFFER, static=True),
    "offer.rate": Name(Kind.NUMBER, OFFER, static=True),
}
RULE = "customer.age between 25 and 60 and customer.total_yuan >= 10000 and not customer.city in ('xm', 'fz')"
FORMULA = "coalesce(customer.demand_yuan / nullif(customer.total_yuan, 0), 0) * 0.4 + customer.age"
LOGARITHM = "ln(1 + customer.age)"
GRID = "customer.total_yuan >= offer.minimum_yuan and offer.rate > 0.015"

Contest = dict[str, Callable[[], object]]


def columns(many: bool) -> list[dict[str, Any]]:
    """Rows to rotate through; one block of customers where ``many``."""
    chance = np.random.default_rng(7)
    policy = {
        "offer.minimum_yuan": chance.choice([50.0, 10_000.0, 50_000.0], (1, OFFERS, 1)),
        "offer.rate": chance.choice([0.01, 0.02], (1, OFFERS, 1)),
    }
    ages, totals = chance.uniform(18, 80, CUSTOMERS), chance.uniform(1, 100_000, CUSTOMERS)
    cities = np.array(["xm", "fz", "qz", None], dtype=object)[chance.integers(0, 4, CUSTOMERS)]
    facts = {
        "customer.age": ages,
        "customer.total_yuan": totals,
        "customer.demand_yuan": totals / 3,
        "customer.city": cities,
    }
    if many:
        return [{**policy, **{name: column.reshape(-1, 1, 1) for name, column in facts.items()}}]
    return [
        {
            **policy,
            **{name: column[row].item() if name != "customer.city" else column[row] for name, column in facts.items()},
        }
        for row in range(500)
    ]


def race(contest: Contest) -> dict[str, float]:
    """Median seconds of each contestant, rounds interleaved."""
    times: dict[str, list[float]] = {name: [] for name in contest}
    for _ in range(ROUNDS):
        for name, run in contest.items():
            started = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(measured) for name, measured in times.items()}


def over(rows: list[dict[str, Any]], run: Callable[[dict[str, Any]], object]) -> Callable[[], object]:
    return lambda: [run(row) for row in rows]


def rule_in_python(row: dict[str, Any]) -> bool:
    return (
        25 <= row["customer.age"] <= 60
        and row["customer.total_yuan"] >= 10_000
        and row["customer.city"] not in ("xm", "fz")
    )


def rule_in_numpy(row: dict[str, Any]) -> Any:
    age, cities = row["customer.age"], row["customer.city"]
    return (age >= 25) & (age <= 60) & (row["customer.total_yuan"] >= 10_000) & (cities != "xm") & (cities != "fz")


def formula_in_numpy(row: dict[str, Any]) -> Any:
    total = row["customer.total_yuan"]
    share = np.divide(row["customer.demand_yuan"], total, out=np.zeros_like(total), where=total != 0)
    return share * 0.4 + row["customer.age"]


def logarithm_in_numpy(row: dict[str, Any]) -> Any:
    return np.log(1 + row["customer.age"])


def grid_in_numpy(row: dict[str, Any]) -> Any:
    return (row["customer.total_yuan"] >= row["offer.minimum_yuan"]) & (row["offer.rate"] > 0.015)


def one_customer() -> None:
    """Nanoseconds a node, all nodes counted whether a short circuit skips them or not."""
    rows = columns(many=False)
    for name, text in (("rule", RULE), ("formula", FORMULA), ("ln", LOGARITHM)):
        expression = parse(text, SCHEMA)
        nodes = sum(1 for _ in expression.tree.walk())
        run = compile_truth(expression) if expression.kind is Kind.BOOLEAN else compile_value(expression)
        contest: Contest = {"ours": over(rows, run), "loop": over(rows, lambda row: None)}
        if name == "rule":
            contest["python"] = over(rows, rule_in_python)
        each = {who: seconds / len(rows) * 1e9 for who, seconds in race(contest).items()}
        against = f", {each['ours'] / each['python']:.1f} x plain Python" if "python" in each else ""
        a_node = (each["ours"] - each["loop"]) / nodes
        print(f"one customer, {name}: {each['ours']:.0f} ns, {a_node:.0f} ns a node{against}")
    folded = compile_truth(fold(parse(GRID, SCHEMA), rows[0]))
    print(f"one customer, {OFFERS} offers: {race({'ours': over(rows, folded)})['ours'] / len(rows) * 1e6:.1f} us")


def many_customers() -> None:
    """The ratio to NumPy by hand, on one block."""
    rows = columns(many=True)
    for name, text, by_hand in (
        ("rule", RULE, rule_in_numpy),
        ("formula", FORMULA, formula_in_numpy),
        ("ln (the C library's, equal to the bit everywhere)", LOGARITHM, logarithm_in_numpy),
        (f"rule over {OFFERS} offers", GRID, grid_in_numpy),
    ):
        expression = fold(parse(text, SCHEMA), rows[0])
        run = (
            compile_truth(expression, many=True)
            if expression.kind is Kind.BOOLEAN
            else compile_value(expression, many=True)
        )
        each = race({"ours": over(rows, run), "by hand": over(rows, by_hand)})
        cost, ratio = each["ours"] / CUSTOMERS * 1e9, each["ours"] / each["by hand"]
        print(f"{CUSTOMERS:,} customers, {name}: {cost:.0f} ns a customer, {ratio:.2f} x NumPy by hand")


if __name__ == "__main__":
    one_customer()
    many_customers()
