"""What the leakage canary finds: in honest banks, and where a column that knows the future is mapped as an attribute.

``python -m benchmarks.leakage [--data FOLDER]`` prints, for each bank and question, the attribute that closes most of
what all others leave unknown. Banks whose files are absent are left out, and said so.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np

from service.analysis.model_gate import MOST_CLOSED
from training.bundles.diagnostics import leakage_of
from training.bundles.portrait_parts import columns_of
from training.data.bank import open_bank
from training.data.training_sample import read_sample
from training.synthetic import write

ROOT = Path(__file__).resolve().parents[1]
DURATION = "    duration AS logins_30d,\n"
LABEL = "    y.label + 1 AS campaign_contacts,\n"
LABELS = "LEFT JOIN read_csv(file('y_Q3_3.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS y USING (cust_no)\n"


def with_duration(sql: str) -> str:
    """The UCI mapping with the duration of the call, known only after it."""
    return sql.replace("SELECT\n", "SELECT\n" + DURATION, 1)


def with_label(sql: str) -> str:
    """The Xiamen mapping with the contest's label, which looks a quarter ahead."""
    return sql.replace("    aum.X3 ", LABEL + "    aum.X3 ", 1).rstrip() + "\n" + LABELS


def mapped(name: str, folder: Path, change: Callable[[str], str]) -> Path:
    """A copy of an example bank whose customers.sql is changed."""
    bank = folder / name
    shutil.copytree(ROOT / "examples" / name, bank)
    customers = bank / "customers.sql"
    customers.write_text(change(customers.read_text(encoding="utf-8")), encoding="utf-8")
    return bank


def banks(data: Path, folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Name, folder and files of every bank that can be read here."""
    yield ("synthetic", *write(folder / "synthetic", 30_000, 1, date(2026, 1, 31)))
    for name, files, leak, change in (
        ("uci", data / "uci-bank-additional", "duration", with_duration),
        ("xiamen", data / "xiamen-bank", "y_Q3_3", with_label),
    ):
        if not files.is_dir():
            print(f"{name}: {files} is absent")
            continue
        yield name, ROOT / "examples" / name, files
        yield f"{name} with {leak}", mapped(name, folder / leak, change), files


def main() -> None:
    arguments = argparse.ArgumentParser(description="What the leakage canary finds")
    arguments.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="The public data sets.")
    data = arguments.parse_args().data
    print(f"suspect above {MOST_CLOSED}\n{'bank':<22}{'family':<9}{'question':<28}{'closes':>7}  attribute")
    with tempfile.TemporaryDirectory() as folder:
        for name, bank, files in banks(data, Path(folder)):
            sample, customers = read_sample(open_bank(bank), files)
            columns = columns_of(customers, sample.table)
            found = leakage_of(sample, len(customers), columns, [], seed=7)
            for family, leakage in found.items():
                for question in dict.fromkeys(one["question"] for one in leakage["findings"]):
                    asked = [one for one in leakage["findings"] if one["question"] == question]
                    worst = asked[int(np.argmax([one["closes"] for one in asked]))]
                    said = f"{', '.join(worst['attributes'])}{'  SUSPECT' if worst['suspect'] else ''}"
                    print(f"{name:<22}{family:<9}{question:<28}{worst['closes']:>7.3f}  {said}", flush=True)


if __name__ == "__main__":
    main()
