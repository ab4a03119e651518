"""Tuning: a study that goes on, recipes that blend, and a bundle through the same gate."""

import json
import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from service.core.errors import InvalidInput
from service.scoring.models import open_bundle
from training.models.blend import blend, blend_score
from training.models.propensity import PropensityModel
from training.models.training_set import BoosterSpec
from training.synthetic import write
from training.tune import tune

QUICK = PropensityModel(rounds=30, patience=10, folds=3)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    return write(tmp_path_factory.mktemp("synthetic"), 3_000, seed=1, today=date(2026, 1, 31))


@pytest.fixture(scope="module")
def training_set():
    rows = np.zeros((6, 1))
    return PropensityModel(folds=2).training_set(
        rows, [0, 1, 0, 1, 0, 1], np.array([True, True, False, False, False, False])
    )


def test_the_blend_score_is_the_mean_of_both_aucs():
    taken, held = np.array([0, 1, 0, 1.0]), np.array([True, True, False, False])
    scores = np.array([0.4, 0.1, 0.2, 0.3])  # everybody: pairs (.4,.1) (.4,.3) wrong, (.2,.1) wrong, (.2,.3) right: 1/4
    assert blend_score(taken, scores, held) == pytest.approx((0.25 + 1.0) / 2)
    assert blend_score(taken, scores, np.ones(4, bool)) == pytest.approx(0.25)


def test_the_blend_takes_the_best_and_then_what_helps_and_leaves_what_does_not(training_set):
    first = np.array([0.1, 0.9, 0.2, 0.8, 0.85, 0.3])  # errs on the fifth
    second = np.array([0.1, 0.5, 0.2, 0.4, 0.1, 0.6])  # right where the first errs
    noise = np.array([0.9, 0.1, 0.9, 0.1, 0.9, 0.1])
    assert blend(training_set, [noise, first, second]) == [2]
    assert blend(training_set, [noise, first]) == [1]


def test_two_members_that_err_apart_are_blended(training_set):
    one = np.array([0.1, 0.9, 0.2, 0.8, 0.6, 0.5])
    other = np.array([0.1, 0.9, 0.6, 0.5, 0.2, 0.8])
    assert sorted(blend(training_set, [one, other])) == [0, 1]
    assert blend(training_set, [one, other], most=1) == [0]


def test_a_recipes_own_settings_stand_above_the_models():
    rows = np.random.default_rng(1).normal(size=(600, 2))
    taken = (rows[:, 0] > 0.8).astype(float)
    plain = PropensityModel(rounds=5, folds=2, members=((4, 1.0),), min_data_in_leaf=20)
    same = PropensityModel(rounds=5, folds=2, members=(BoosterSpec(4, 1.0, (("min_data_in_leaf", 20),)),))
    assert plain.fit(rows, taken).texts() == same.fit(rows, taken).texts()


def test_a_study_ends_in_a_bundle_and_goes_on_where_it_was_left(synthetic, tmp_path):
    study, told = tmp_path / "study.db", []
    report, recipes = tune(
        *synthetic,
        study=study,
        artifacts=tmp_path,
        most_trials=2,
        base=QUICK,
        progress=lambda done, of: told.append(done / of),
    )
    assert open_bundle(tmp_path / report.version).families == ("deposit", "wealth")
    assert report.gate.lines
    assert all(1 <= len(chosen) <= 2 for chosen in recipes.values())
    assert told[-1] == 1.0
    kept = {path.name for path in (tmp_path / "study.db.scores").glob("*.npy")}
    assert kept == {"deposit-0.npy", "deposit-1.npy", "wealth-0.npy", "wealth-1.npy"}
    tune(*synthetic, study=study, artifacts=tmp_path, most_trials=1, base=QUICK)
    assert (tmp_path / "study.db.scores" / "deposit-2.npy").is_file()


def test_a_study_of_other_files_is_refused(synthetic, tmp_path):
    scores = tmp_path / "study.db.scores"
    scores.mkdir()
    (scores / "files.sha256").write_text("other")
    with pytest.raises(InvalidInput, match="was begun on other files"):
        tune(*synthetic, study=tmp_path / "study.db", artifacts=tmp_path, most_trials=1)


def test_what_serves_never_imports_optuna_mlflow_or_dask():
    script = "import sys, json; import service.app, service.runtime.gunicorn; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    assert not {"optuna", "mlflow", "dask", "distributed", "training"} & set(loaded)
