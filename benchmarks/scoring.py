"""What one customer's propensities cost, step by step, beside the floor: ``Booster.predict`` of the same two models.

    python -m benchmarks.scoring [--rounds 7] [--json]

Two models of 300 trees x 63 leaves over all numeric attributes, the words and the features of the default policy, on
4,000 synthetic customers. Rows rotate (a repeated row flatters trees threefold), the contestants take turns in every
round, and CPU time is compared; figures are medians over the rounds, in microseconds per customer.
"""

import argparse
import json
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from statistics import median
from time import process_time_ns
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import yaml

from service.core.attributes import AttributeTable, parse_table
from service.core.attributes.features import FeatureProgram
from service.core.expressions import Kind
from service.scoring.models import Bundle, open_bundle
from training.bundles.registry import write_bundle
from training.models.trained import TrainedFamily

ROOT = Path(__file__).resolve().parents[1]
CUSTOMERS, TREES, LEAVES, CALLS = 4_000, 300, 63, 400
OFFERS, OFFER_TREES, OFFER_LEAVES = 8, 100, 8
"""As many offers as training gives a model of their own, of the size it gives them."""
FAMILIES = ("deposit", "wealth")


def main() -> None:
    arguments = _arguments()
    document = yaml.safe_load((ROOT / "service/rules/default/attributes.yaml").read_text())
    table = parse_table(document)
    bank = synthetic(table, CUSTOMERS)
    with tempfile.TemporaryDirectory() as folder:
        print("training two models ...", file=sys.stderr)
        bundle = trained(Path(folder), table, bank)
        calls = contestants(table, bundle, bank, Path(folder))
        records = cycle(bank.head(2_000).to_dict("records"))
        wider = widened(Path(folder), table, bank)
        calls[f"score_one: and {OFFERS} offers, tickets, evidence"] = lambda: wider.score_one(next(records))
        times = measure(calls, arguments.rounds)
        batch = per_row(lambda: bundle.score_many(bank), CUSTOMERS, 3)
    report(times, batch, bundle, as_json=arguments.json)


def synthetic(table: AttributeTable, rows: int) -> pd.DataFrame:
    """Customers with every attribute, a tenth of each unknown; money has a long tail."""
    chance = np.random.default_rng(5)
    bank = pd.DataFrame({one.name: _column(one, chance, rows) for one in table.attributes}).astype(object)
    return bank.mask(pd.DataFrame(chance.random(bank.shape) < 0.1, columns=bank.columns), None)


def _column(one: Any, chance: np.random.Generator, rows: int) -> Any:
    if one.kind is Kind.MONEY:
        return np.round(np.exp(chance.normal(7, 3, rows)), 2)
    if one.kind is Kind.NUMBER:
        return chance.integers(one.low, min(one.high, one.low + 200) + 1, rows).astype(float)
    if one.kind is Kind.BOOLEAN:
        return chance.random(rows) < 0.5
    words = ["2024-02-29", "2025-06-30", "2026-01-01"] if one.kind is Kind.DATE else one.values or ["a", "b", "c"]
    return chance.choice(list(words), rows)


def trained(folder: Path, table: AttributeTable, bank: pd.DataFrame) -> Bundle:
    """Two families of one model each."""
    return written(folder, table, bank, dict.fromkeys(FAMILIES, (TREES, LEAVES)))


def widened(folder: Path, table: AttributeTable, bank: pd.DataFrame) -> Bundle:
    """The same families, and models of offers and tickets, evidence of twelve more offers, and six responses."""
    small = {f"offer:o{number}": (OFFER_TREES, OFFER_LEAVES) for number in range(OFFERS)}
    offers = {f"p{number}": {"family": "deposit", "chance": 0.01, "share": 0.1} for number in range(12)}
    channels = {f"c{number}": {"factors": [1.0, 1.1, 0.9, 1.0]} for number in range(6)}
    parts = {
        "evidence": {"offers": offers},
        "response": {"attribute": "age", "edges": [30, 60], "channels": channels},
    }
    tickets = {f"ticket:{family}": (150, 15) for family in FAMILIES}
    families = dict.fromkeys(FAMILIES, (TREES, LEAVES))
    return written(folder, table, bank, {**families, **small, **tickets}, parts)


def written(
    folder: Path,
    table: AttributeTable,
    bank: pd.DataFrame,
    sizes: dict[str, tuple[int, int]],
    parts: dict[str, Any] | None = None,
) -> Bundle:
    """A bundle of models by name, each of so many trees of so many leaves."""
    program = FeatureProgram(table)
    columns: dict[str, Any] = table.encode_frame(bank)
    program.derive_many(columns)
    names = [one.name for one in (*table.attributes, *table.features)]
    categories = program.categories(names, columns)
    matrix = program.matrix(names, categories, columns)
    families = {name: _family(matrix, names, categories, seed, size) for seed, (name, size) in enumerate(sizes.items())}
    words: dict[str, Any] = {"outcome": {}, "horizon_days": 92, "seed": 1, "sources": {}}
    version = write_bundle(folder, families, table.document, parts=parts, **words)
    return open_bundle(folder / version)


def _family(
    matrix: Any, names: list[str], categories: dict[str, list[str]], seed: int, size: tuple[int, int]
) -> TrainedFamily:
    trees, leaves = size
    chance = np.random.default_rng(seed)
    score = np.nan_to_num(np.log1p(np.abs(matrix)) @ chance.normal(0, 1, matrix.shape[1]))
    taken = score + chance.normal(0, 3, len(score)) > np.quantile(score, 0.9)
    settings = {"objective": "binary", "num_leaves": leaves, "verbosity": -1, "seed": seed, "num_threads": 1}
    rows = lightgbm.Dataset(matrix, taken, feature_name=names, categorical_feature=list(categories))
    model = lightgbm.train(settings, rows, trees).model_to_string()
    x = np.linspace(0, 1, 60).tolist()
    return TrainedFamily([model], names, (x, x), {"auc": 0.9, "calibration_error": 0.0}, 0.1, categories)


def contestants(
    table: AttributeTable, bundle: Bundle, bank: pd.DataFrame, folder: Path
) -> dict[str, Callable[[], object]]:
    """Each call takes the next customer, prepared up to its step."""
    records = bank.head(2_000).to_dict("records")
    encoded = [table.encode(record) for record in records]
    derived = [dict(columns) for columns in encoded]
    for columns in derived:
        bundle.program.derive_one(columns)
    (group,) = bundle.model_groups
    models = list(group.models.values())
    rows = [group.inputs.take_row(columns) for columns in derived]
    packed = [struct.pack(f"={len(row)}d", *row) for row in rows]
    floor = [lightgbm.Booster(model_file=folder / bundle.version / f"{family}.txt") for family in FAMILIES]
    arrays: Iterator[Any] = cycle([np.array([row]) for row in rows])
    turn: dict[str, Iterator[Any]] = {
        name: cycle(rows_of)
        for name, rows_of in {
            "record": records,
            "encoded": encoded,
            "derived": derived,
            "row": packed,
            "again": records,
        }.items()
    }
    return {
        "floor: Booster.predict of both models": lambda: _both(floor, next(arrays)),
        "encode": lambda: table.encode(next(turn["record"])),
        "features": lambda: bundle.program.derive_one(next(turn["encoded"])),
        "inputs": lambda: group.inputs.take_row(next(turn["derived"])),
        "both models, calibrated": lambda: _scored(models, next(turn["row"])),
        "score_one: all of it": lambda: bundle.score_one(next(turn["again"])),
    }


def _both(boosters: list[lightgbm.Booster], row: Any) -> list[Any]:
    return [booster.predict(row, num_threads=1) for booster in boosters]


def _scored(models: list[Any], row: bytes) -> list[float]:
    return [model.predict_one(row) for model in models]


def measure(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(_once(call, CALLS) / 1e3 / CALLS)
    return {name: median(figures) for name, figures in times.items()}


def per_row(call: Callable[[], object], rows: int, rounds: int) -> float:
    return median(_once(call, 1) / 1e3 / rows for _ in range(rounds))


def _once(call: Callable[[], object], times: int) -> float:
    start = process_time_ns()
    for _ in range(times):
        call()
    return process_time_ns() - start


def report(times: dict[str, float], batch: float, bundle: Bundle, *, as_json: bool) -> None:
    floor = next(iter(times.values()))
    times = {**times, "score_many: all of it, a customer": batch}
    if as_json:
        print(json.dumps({name: round(figure, 2) for name, figure in times.items()}))
        return
    program = bundle.program.table
    print(f"{len(program.attributes)} attributes, {len(program.features)} features")
    print(f"{TREES} trees x {LEAVES} leaves a model\n")
    print(f"{'step':40} {'CPU us':>8} {'x floor':>8}")
    for name, figure in times.items():
        print(f"{name:40} {figure:8.2f} {figure / floor:8.2f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
