"""How well the shipped training finds buyers among customers it has not seen, beside an untuned LightGBM, in one run.

    python benchmarks/models.py [--files ../shared/data] [--banks xiamen uci] [--repeats 3] [--json]

Each repeat holds out a random fifth of the customers, trains both contestants on the other four fifths and scores the
fifth. "untuned" is ``LGBMClassifier()`` as it comes, on the raw attributes; "fourcast" is the default training on
attributes and features. Printed: the mean over the repeats and the standard error of that mean (repeats share
customers, so it speaks of the splits, not of another bank).
"""

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.model_selection import ShuffleSplit

from training.data.bank import open_bank
from training.data.training_sample import Sample, read_sample
from training.evaluation.metrics import measure
from training.models.family import default_model

ROOT = Path(__file__).resolve().parents[1]
FILES = Path(os.environ.get("FOURCAST_SHARED_DATA", ROOT.parent / "shared" / "data"))
BANKS = {"xiamen": "xiamen-bank", "uci": "uci-bank-additional"}
SHOWN = ("auc", "lift_top_tenth", "average_precision", "calibration_error")
UNSEEN_SHARE = 0.2


def main() -> None:
    """Run and print."""
    arguments = _arguments()
    rows: list[dict[str, Any]] = []
    for bank in arguments.banks:
        for row in contest(bank, arguments.files / BANKS[bank], arguments.repeats):
            if not arguments.json:
                print("" if rows else _header(), _line(row), sep="" if rows else "\n", flush=True)
            rows.append(row)
    if arguments.json:
        print(json.dumps(rows, indent=1))


def contest(bank: str, files: Path, repeats: int) -> Iterator[dict[str, Any]]:
    """One row per family, contestant and group of customers."""
    described = open_bank(ROOT / "examples" / bank)
    sample, _ = read_sample(described, files)
    for family in described.families:
        runs = [_run(sample, family, repeat) for repeat in range(repeats)]
        for who in runs[0]:
            figures = [run[who] for run in runs]
            yield _row(bank, family, who, "everybody", figures)
            if "none_held" in figures[0]:
                yield _row(
                    bank, family, who, "held none", [one["none_held"] | {"seconds": one["seconds"]} for one in figures]
                )


def _run(sample: Sample, family: str, repeat: int) -> dict[str, dict[str, Any]]:
    taken, held = sample.outcomes.bought[family], sample.outcomes.held[family]
    seen, unseen = next(ShuffleSplit(1, test_size=UNSEEN_SHARE, random_state=100 + repeat).split(taken))
    raw = [place for place, name in enumerate(sample.names) if name in {one.name for one in sample.table.attributes}]
    texts = [sample.names.index(name) for name in sample.categories]

    def untuned() -> Any:
        model = lgb.LGBMClassifier(n_jobs=2, verbosity=-1)
        model.fit(sample.rows[seen][:, raw], taken[seen], categorical_feature=[raw.index(place) for place in texts])
        return model.predict_proba(sample.rows[unseen][:, raw])

    def fourcast() -> Any:
        model = default_model(family).set_params(random_state=repeat)
        part = None if held is None else held[seen]
        model.fit(sample.rows[seen], taken[seen], part, names=sample.names, categorical=list(sample.categories))
        return model.predict_proba(sample.rows[unseen])

    results = {}
    for who, contestant in (("untuned", untuned), ("fourcast", fourcast)):
        start = time.perf_counter()
        p = contestant()[:, 1]
        figures = measure(taken[unseen], p, None if held is None else held[unseen])
        results[who] = figures | {"seconds": time.perf_counter() - start}
    return results


def _row(bank: str, family: str, who: str, group: str, figures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {"bank": bank, "family": family, "model": who, "customers": group, "repeats": len(figures)}
    for name in (*SHOWN, "seconds"):
        values = np.array([one[name] for one in figures], float)
        spread = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else None
        row[name] = {"mean": float(values.mean()), "standard_error": None if spread is None else float(spread)}
    return row


def _header() -> str:
    return f"{'bank':8}{'family':9}{'customers':11}{'model':10}" + "".join(
        f"{name:>26}" for name in (*SHOWN, "seconds")
    )


def _line(row: Mapping[str, Any]) -> str:
    figures = "".join(f"{_figure(row[name]):>26}" for name in (*SHOWN, "seconds"))
    return f"{row['bank']:8}{row['family']:9}{row['customers']:11}{row['model']:10}{figures}"


def _figure(one: Mapping[str, float | None]) -> str:
    error = one["standard_error"]
    return f"{one['mean']:.4f}" + ("" if error is None else f" +- {error:.4f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=Path, default=FILES, help="folder of the public data sets")
    parser.add_argument("--banks", nargs="+", choices=list(BANKS), default=list(BANKS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
