"""CPU time of ``PropensityModel.fit`` beside bare ``lgb.train`` that grows the very same trees, in one run.

    python -m benchmarks.training_time [--customers 20000] [--repeats 3] [--json]

A member's cross-validation is part of what ``fit`` states that it does: a booster per fold, as many rounds as early
stopping let it run. The floor is ``lgb.train`` for each of these boosters and for the one on all customers, each on a
``Dataset`` of its own, and nothing else: no watching of losses, no out-of-fold scores, no calibration. Interleaved; the
median ratio of the repeats. Aim: at most 1.3.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import lightgbm as lgb

from training.data.bank import open_bank
from training.data.training_sample import read_sample
from training.models.booster import BoosterTrainer
from training.models.family import default_model, training_set_of
from training.models.propensity import PropensityModel
from training.models.training_set import BoosterSpec, TrainingSet
from training.synthetic import write


def main() -> None:
    """Run and print."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--customers", type=int, default=20_000)
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--json", action="store_true")
    words = asked.parse_args()
    rows = measured(words.customers, words.repeats)
    if words.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'family':10}{'fit, s':>10}{'floor, s':>10}{'ratio':>8}   CPU seconds, medians of {words.repeats}")
    for row in rows:
        print(f"{row['family']:10}{row['fit']:>10.2f}{row['floor']:>10.2f}{row['ratio']:>8.3f}")


def measured(customers: int, repeats: int) -> list[dict[str, Any]]:
    """A row per family of a synthetic bank."""
    with tempfile.TemporaryDirectory() as folder:
        described, files = write(Path(folder), customers, seed=7, today=date(2026, 1, 31))
        bank = open_bank(described)
        sample, _ = read_sample(bank, files)
    return [_row(family, training_set_of(sample, family), repeats) for family in bank.families]


def _row(family: str, training_set: TrainingSet, repeats: int) -> dict[str, Any]:
    times: list[tuple[float, float]] = []
    for _ in range(repeats):
        model = default_model(family)
        times.append((_cpu(_fit, model, training_set), _cpu(_bare, model, training_set)))
    fits, floors = zip(*times, strict=True)
    ratio = statistics.median(fit / floor for fit, floor in times)
    return {"family": family, "fit": statistics.median(fits), "floor": statistics.median(floors), "ratio": ratio}


def _fit(model: PropensityModel, training_set: TrainingSet) -> None:
    model.fit(
        training_set.rows, training_set.taken, training_set.held, training_set.names, list(training_set.categorical)
    )


def _bare(model: PropensityModel, training_set: TrainingSet) -> None:
    """The boosters of the fitted model and of its folds, by ``lgb.train`` alone."""
    trainer = model.trainer()
    for number, (spec, rounds) in enumerate(zip(model.members, model.rounds_, strict=True)):
        best = round(rounds * (model.folds - 1) / model.folds)
        looked_at = min(best + model.patience, model.rounds)
        for seen, _ in trainer.split(training_set, number):
            _train(trainer, BoosterSpec(*spec), number, training_set.part(seen), looked_at)
        _train(trainer, BoosterSpec(*spec), number, training_set, rounds)


def _train(trainer: BoosterTrainer, spec: BoosterSpec, number: int, training_set: TrainingSet, rounds: int) -> None:
    lgb.train(trainer.settings(number, spec), training_set.to_dataset(spec.new_buyer_weight), rounds)


def _cpu(
    task: Callable[[PropensityModel, TrainingSet], None], model: PropensityModel, training_set: TrainingSet
) -> float:
    begun = time.process_time()
    task(model, training_set)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
