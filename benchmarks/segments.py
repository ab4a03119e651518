"""How far apart a bank's segments stand and how well lapse is foreseen: the portrait's estimates on real customers.

    python -m benchmarks.segments [--bank examples/xiamen] [--files ../shared/data/xiamen-bank] [--json]

Silhouette (-1 wrong, 0 no border, 1 far apart) of every k on a sample of 4,000; each segment's share and typical
figures; the lapse estimate on customers it has not seen, by tenths of risk: foreseen against happened.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from service.scoring.lifetime import Lapse
from training.bundles.portrait_parts import columns_of, portrait_parts
from training.data.bank import open_bank
from training.data.bank_tables import default_table, read_customers, read_lapses
from training.models.segments import silhouette_of

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    arguments = _arguments()
    found = measured(arguments.bank, arguments.files, arguments.seed)
    print(json.dumps(found, ensure_ascii=False, indent=1) if arguments.json else in_words(found))


def measured(where: Path, files: Path, seed: int = 7) -> dict[str, Any]:
    """Both parts with their figures, and the seconds it took."""
    bank, table = open_bank(where), default_table()
    customers = read_customers(bank, files, table)
    lapses = read_lapses(bank, files, customers)
    start = time.process_time()
    parts = portrait_parts(customers, lapses, table, bank.horizon_days, seed)
    seconds = time.process_time() - start
    found: dict[str, Any] = {"customers": len(customers), "cpu_seconds": round(seconds, 1), **parts}
    if lapses is not None and "lapse" in parts:
        lapse = Lapse(parts["lapse"])
        p = lapse.predict_many(lapse.standard.standardize_many(columns_of(customers, table)))[lapses.rows]
        found["tenths"] = [
            [round(float(p[rows].mean()), 4), round(float(lapses.lapsed[rows].mean()), 4)]
            for rows in np.array_split(np.argsort(p, kind="stable"), 10)
        ]
    return found


def in_words(found: dict[str, Any]) -> str:
    lines = [f"{found['customers']:,} customers, {found['cpu_seconds']} s CPU", ""]
    if "segments" in found:
        lines += _segments(found["segments"])
    if "lapse" in found:
        lines += _lapse(found["lapse"], found["tenths"])
    return "\n".join(lines)


def _segments(document: dict[str, Any]) -> list[str]:
    tried = ", ".join(f"{size}: {figure:.3f}" for size, figure in document["silhouettes"].items())
    lines = [f"silhouette {silhouette_of(document):.3f} with {len(document['segments'])} segments ({tried})", ""]
    for one in document["segments"]:
        figures = ", ".join(f"{name} {figure:,.0f}" for name, figure in one["profile"].items() if figure is not None)
        lines.append(f"{one['share']:6.1%}  {one['id']}  {one['name']['en']} | {one['name']['zh']}\n        {figures}")
    return [*lines, ""]


def _lapse(document: dict[str, Any], tenths: list[list[float]]) -> list[str]:
    said = document["metrics"]
    return [
        f"lapse within {document['horizon_days']} days: {said['taken']:,} of {said['customers']:,}"
        f" ({said['base_rate']:.2%}); unseen: AUC {said['auc']:.4f} +- {said['auc_standard_error']:.4f},"
        f" calibration error {said['calibration_error']:.4f}, lift of the top tenth {said['lift_top_tenth']:.2f}",
        "foreseen / happened by tenth of risk: " + ", ".join(f"{p:.1%}/{y:.1%}" for p, y in tenths),
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=Path, default=ROOT / "examples" / "xiamen")
    parser.add_argument("--files", type=Path, default=ROOT.parent / "shared" / "data" / "xiamen-bank")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
