"""Uplift in a bundle: served only where unseen rows show that it orders better than propensity, and never invented."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.core.domain import Context, Release, Snapshot
from service.core.errors import InvalidInput
from service.decision import decide
from service.rules.policy import DEFAULT, Policy, load
from service.scoring.models import Bundle, manifest, open_bundle
from tests.training.quick_model import QUICK
from training.report import document, page
from training.synthetic import write
from training.train import train
from training.uplift import RandomisedTrial, study
from training.uplift.bundle_part import estimate_chance, study_families
from training.uplift.curves import Ranking, curves

ROWS = 6_000
BUNDLES: dict[str, Path] = {}
OLD, YOUNG = {"age": 70}, {"age": 30}


def trial(change: Any, seed: int = 1, confounded: bool = False) -> RandomisedTrial:
    """Rows by age and balance: the rich buy anyway, ``change(age)`` is what an offer adds.

    ``confounded``: the rich are offered more often, as any serving by propensity does.
    """
    chance = np.random.default_rng(seed)
    age, rich = chance.uniform(20, 80, ROWS), chance.normal(0, 1, ROWS)
    offered = np.where(rich > 0, 0.8, 0.2) if confounded else np.full(ROWS, 0.5)
    treated = (chance.random(ROWS) < offered).astype(float)
    p = 0.05 + 0.4 * (rich > 0) + change(age) * treated
    taken = (chance.random(ROWS) < p).astype(float)
    return RandomisedTrial(np.column_stack([age, rich]), treated, taken, ("age", "demand_yuan"))


def for_the_old(age: np.ndarray) -> np.ndarray:
    return 0.25 * (age > 50)


def nothing(age: np.ndarray) -> np.ndarray:
    return np.zeros(len(age))


def test_an_effect_that_propensity_does_not_see_becomes_a_model_and_its_scale_is_right():
    one = trial(for_the_old)
    told, models = study_families({"deposit": one}, {}, 7)
    assert told["deposit"]["uplift"]["used"], told["deposit"]
    assert told["deposit"]["qini"]["low"] > 0 < told["deposit"]["beyond"]["low"]
    assert sum(models["uplift:deposit"].weights) == pytest.approx(0.0 if told["deposit"]["learner"][0] == "t" else 1.0)
    found = study(one)
    served = np.interp(found.model.predict(one.inputs), *found.line)
    assert served[one.inputs[:, 0] > 50].mean() == pytest.approx(0.25, abs=0.06)
    assert served[one.inputs[:, 0] <= 50].mean() == pytest.approx(0.0, abs=0.06)


@pytest.mark.parametrize("seed", range(4))
def test_where_nothing_works_no_model_is_made(seed: int):
    told, models = study_families({"deposit": trial(nothing, seed)}, {}, 7)
    assert models == {}
    assert told["deposit"]["uplift"]["used"] is False


@pytest.mark.parametrize("seed", range(4))
def test_who_was_chosen_because_they_buy_anyway_shows_no_effect(seed: int):
    """Without the chances the rich, offered more often, look as if the offer had made them buy."""
    one = trial(nothing, seed, confounded=True)
    naive, _ = study_families({"deposit": one}, {}, 7)
    assert naive["deposit"]["effect"]["low"] > 0.1
    told, models = study_families({"deposit": estimate_chance(one, np.zeros((ROWS, 1)), 7)}, {}, 7)
    assert told["deposit"]["effect"]["low"] < 0.02
    assert models == {}


def test_an_effect_among_the_chosen_is_found_by_their_chances():
    told, models = study_families(
        {"deposit": estimate_chance(trial(for_the_old, 3, True), np.zeros((ROWS, 1)), 7)}, {}, 7
    )
    assert told["deposit"]["learner"] == "dr-learner"
    assert told["deposit"]["effect"]["low"] < 0.125 < told["deposit"]["effect"]["high"]
    assert told["deposit"]["uplift"]["used"], told["deposit"]["uplift"]
    assert "uplift:deposit" in models


def test_rows_that_could_not_have_been_otherwise_are_left_out():
    one = trial(nothing)
    surely = replace(one, treated=np.where(one.inputs[:, 1] > 1.0, 1.0, one.treated))
    kept = estimate_chance(surely, np.zeros((ROWS, 1)), 7)
    assert 0.6 * ROWS < len(kept.treated) < 0.9 * ROWS
    assert (kept.inputs[:, 1] > 1.1).mean() < 0.02


def test_too_small_a_trial_is_not_studied_and_says_why():
    told, models = study_families({"deposit": trial(for_the_old).rows(np.arange(ROWS) < 300)}, {}, 7)
    assert models == {}
    assert "at least 200 needed" in told["deposit"]["uplift"]["why"]


def test_weighed_curves_are_those_of_rows_repeated_by_their_weight():
    chance = np.random.default_rng(2)
    score, treated, outcome = chance.random(40), np.arange(40) % 2 * 1.0, (chance.random(40) < 0.5) * 1.0
    weights = np.where(treated == 1, 2.0, 3.0)
    whole = np.repeat(np.arange(40), weights.astype(int))
    weighed = curves(Ranking.by(score), outcome, treated, weights)
    repeated = curves(Ranking.by(score[whole]), outcome[whole], treated[whole])
    assert weighed.auuc == pytest.approx(repeated.auuc)
    assert weighed.coefficient == pytest.approx(repeated.coefficient)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A synthetic bank that offered deposits by chance: it moved those above 45, and nobody else; wealth moved none."""
    bank, files = write(tmp_path_factory.mktemp("trial"), 5_000, seed=6, today=date(2026, 1, 31))
    outcomes, chance = pq.read_table(files / "outcomes.parquet"), np.random.default_rng(5)
    old = pq.read_table(files / "customers.parquet")["age"].to_numpy() > 45
    treated, asked = chance.random(5_000) < 0.5, chance.random(5_000) < 0.8
    moved = treated & old & (chance.random(5_000) < 0.4)
    bought = outcomes["bought_deposit"].to_numpy(zero_copy_only=False) | moved
    outcomes = outcomes.set_column(outcomes.column_names.index("bought_deposit"), "bought_deposit", pa.array(bought))
    outcomes = outcomes.append_column("treated_deposit", pa.array(treated, mask=~asked))
    outcomes = outcomes.append_column("treated_wealth", pa.array(chance.random(5_000) < 0.5))
    pq.write_table(outcomes, files / "outcomes.parquet")
    return bank, files


@pytest.fixture(scope="module")
def bundle(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    root = tmp_path_factory.mktemp("bundles")
    report = train(*files, artifacts=root, model=QUICK)
    assert report.uplift["deposit"].startswith("used: Qini coefficient")
    assert report.uplift["wealth"].startswith("not used: ")
    BUNDLES[report.version] = root / report.version
    return open_bundle(root / report.version)


def test_from_files_a_family_with_an_effect_has_uplift_and_one_without_has_none(bundle: Bundle):
    told = bundle.manifest["uplift"]
    assert told["deposit"]["uplift"]["used"], told["deposit"]
    assert told["deposit"]["learned"] + told["deposit"]["held_out"] == pytest.approx(4_000, abs=120)
    assert told["wealth"]["uplift"]["used"] is False
    assert set(bundle.manifest["uplifts"]) == {"deposit"}
    assert "uplift:wealth" not in bundle.score_one(OLD)
    assert bundle.score_one(OLD)["uplift:deposit"] > bundle.score_one(YOUNG)["uplift:deposit"] + 0.1


def test_the_report_draws_the_qini_curve_and_says_what_is_used(bundle: Bundle, files: tuple[Path, Path]):
    told = document(BUNDLES[bundle.version])
    html = page(told)
    assert "Orders offers in place of propensity: Qini coefficient" in html
    assert "Not used: " in html
    assert html.count("Qini 曲线") == 2


def test_the_served_uplift_is_the_weighed_sum_to_the_same_bits_for_one_and_many(bundle: Bundle):
    people = pd.DataFrame([OLD, YOUNG, {"age": None}, {"age": 45}])
    many = bundle.score_many(pa.Table.from_pandas(people, preserve_index=False))["uplift:deposit"]
    one = [bundle.score_one(row)["uplift:deposit"] for row in people.to_dict("records")]
    assert many.tolist() == one


def test_the_decision_orders_by_it_and_says_so(bundle: Bundle):
    policy: Policy = load(DEFAULT)
    certain = replace(policy.experiments, exploration_epsilon=0.0, holdout_share=0.0, tests=())
    policy = replace(policy, experiments=certain)
    facts = {"age": 70, "demand_yuan": 90_000.0, "mobile_app_active": True, "logins_30d": 8}
    scores = bundle.score_one(facts)
    snapshot, release = Snapshot("c", 1, facts, {}), Release(1, policy.hash, bundle.version)
    found = decide(policy, snapshot, Context(1_773_115_200_000), scores, release, "d")
    deposits = [one for one in found.treatments if one.uplift is not None]
    assert deposits
    assert all(one.uplift < one.propensity for one in deposits)


def test_a_bundle_with_faulty_weights_is_refused(bundle: Bundle):
    entry = bundle.manifest["uplifts"]["deposit"]
    broken = {**bundle.manifest, "uplifts": {"deposit": {**entry, "weights": [1.0] * (len(entry["files"]) + 1)}}}
    assert [str(one) for one in manifest._shape_faults(broken)] == [
        "uplifts.deposit: weights must be a list of one figure per file"
    ]


def test_a_treatment_that_is_neither_yes_nor_no_is_named(files: tuple[Path, Path], tmp_path: Path):
    bank = tmp_path / "bank"
    bank.mkdir()
    for path in files[0].iterdir():
        (bank / path.name).write_text(path.read_text())
    (bank / "outcomes.sql").write_text(
        "SELECT * REPLACE (2 * treated_wealth::int AS treated_wealth) FROM read_parquet(file('outcomes.parquet'))"
    )
    with pytest.raises(InvalidInput, match=r"customer 's\d+', treated_wealth: must be true or false"):
        train(bank, files[1], artifacts=tmp_path, model=QUICK)
