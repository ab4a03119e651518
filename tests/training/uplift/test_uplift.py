"""Uplift: curves by hand, learners against a known truth, and findings that say no more than the rows show."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from service.cli.main import main
from tests.shared import shared
from training.data.bank_tables import Customers, default_table
from training.synthetic import make
from training.uplift import DRLearner, RandomisedTrial, TLearner, XLearner, read_trial, study
from training.uplift.curves import Ranking, bootstrap, curves
from training.uplift.trial_study import chosen, effect

LEARNERS = [TLearner, XLearner, DRLearner]


def array(values):
    return np.array(values, dtype=np.float64)


def test_curves_by_hand():
    outcome, treated = array([1, 0, 1, 0]), array([1, 0, 0, 1])
    found = curves(Ranking.by(array([4, 3, 2, 1])), outcome, treated)
    assert found.share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.qini.tolist() == [0, 1 / 2, 1 / 2, (1 - 1 * 1 / 2) / 2, (1 - 1) / 2]
    assert found.gain.tolist() == [0, 0.25, 0.5, 0.75 * (1 - 0.5), 0]
    assert found.coefficient == pytest.approx(0.25 * (0.5 + 0.5 + 0.25))
    assert found.auuc == pytest.approx(0.25 * (0.25 + 0.5 + 0.375))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=4, max_size=30))
def test_rows_of_equal_score_gain_nothing_from_their_order(rows):
    treated, outcome = array(rows).T
    found = curves(Ranking.by(np.zeros(len(rows))), outcome, treated)
    assert found.coefficient == pytest.approx(0.0)


@given(st.integers(0, 1000))
def test_a_bootstrap_draw_counts_as_its_own_rows_would(seed):
    rng = np.random.default_rng(seed)
    score, outcome, treated = rng.integers(0, 5, 30), rng.random(30), (rng.random(30) < 0.5).astype(float)
    drawn = rng.integers(0, 30, 30)
    counted = curves(Ranking.by(score), outcome, treated, np.bincount(drawn, minlength=30).astype(float))
    alone = curves(Ranking.by(score[drawn]), outcome[drawn], treated[drawn])
    assert counted.coefficient == pytest.approx(alone.coefficient)
    assert counted.auuc == pytest.approx(alone.auuc)


def randomised(rows, change, seed=1):
    """A trial whose outcome rises by ``change(x)`` for the treated."""
    rng = np.random.default_rng(seed)
    inputs, treated = rng.normal(size=(rows, 4)), (rng.random(rows) < 0.5).astype(float)
    chance = 0.1 + 0.4 * (inputs[:, 1] > 0) + change(inputs) * treated
    return RandomisedTrial(inputs, treated, (rng.random(rows) < chance).astype(float), ("a", "b", "c", "d"), ())


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_learner_follows_scikit_learn_and_finds_who_is_helped(kind):
    trial = randomised(6_000, lambda x: 0.25 * (x[:, 0] > 0))
    learner = clone(kind(rounds=40, random_state=3))
    assert learner.get_params()["rounds"] == 40
    found = learner.fit(trial.inputs, trial.outcome, trial.treated).predict(trial.inputs)
    helped = trial.inputs[:, 0] > 0
    assert found[helped].mean() == pytest.approx(0.25, abs=0.06)
    assert found[~helped].mean() == pytest.approx(0.0, abs=0.06)
    again = clone(learner).fit(trial.inputs, trial.outcome, trial.treated).predict(trial.inputs)
    np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_learner_refuses_what_is_no_trial(kind):
    inputs = np.zeros((20, 2))
    for outcome, treatment in [
        (np.zeros(19), np.zeros(20)),
        (np.full(20, np.nan), np.arange(20) % 2),
        (np.zeros(20), np.arange(20) % 3),
        (np.zeros(20), np.zeros(20)),
    ]:
        with pytest.raises(ValueError, match=r"must be|must hold"):
            kind().fit(inputs, outcome, treatment)


@pytest.fixture(scope="module")
def bank():
    """The synthetic bank's own trial of wealth offers: half are shown one, and the true effect is known."""
    made = make(12_000, seed=5)
    rng = np.random.default_rng(8)
    treated = (rng.random(12_000) < 0.5).astype(float)
    truth = made.truth["uplift_wealth"].to_numpy()
    outcome = (rng.random(12_000) < made.truth["wealth"].to_numpy() + truth * treated).astype(float)
    frame = Customers(made.customers).table.to_pandas()
    names = [one.name for one in default_table().attributes if one.name in frame and frame[one.name].dtype == float]
    return RandomisedTrial(frame[names].to_numpy(float), treated, outcome, tuple(names), ()), truth


def test_uplift_ranks_the_synthetic_bank_by_its_true_effects(bank):
    trial, truth = bank
    learn, held = np.arange(12_000) < 8_000, np.arange(12_000) >= 8_000
    found = XLearner().fit(trial.inputs[learn], trial.outcome[learn], trial.treated[learn]).predict(trial.inputs[held])
    assert np.corrcoef(found, truth[held])[0, 1] > 0.4
    assert found.mean() == pytest.approx(truth[held].mean(), abs=0.02)
    best = truth[held][np.argsort(-found)[:400]].mean()
    assert best > 2 * truth[held].mean()


def test_an_effect_is_found_and_may_be_used_where_it_is_not_what_propensity_says():
    found = study(randomised(8_000, lambda x: 0.3 * (x[:, 0] > 0)))
    assert found.verdict == "an effect, and for whom it is larger"
    assert found.document()["uplift"]["used"] is True
    assert found.effect.low < 0.15 < found.effect.high


def test_an_equal_effect_for_all_is_one_on_average_only():
    found = study(randomised(4_000, lambda x: 0.1, seed=4))
    assert found.effect.low > 0
    assert found.document()["uplift"]["used"] is False


def test_where_nothing_works_nothing_is_claimed():
    found = study(randomised(4_000, lambda x: 0.0))
    assert found.verdict == "no effect that can be told"
    assert found.document()["uplift"]["used"] is False
    assert "no gain that can be told" in found.why


def test_intervals_of_nothing_hold_zero_about_95_times_in_100():
    held = []
    for seed in range(120):
        trial = randomised(300, lambda x: 0.0, seed)
        ranking = Ranking.by(trial.inputs[:, 1])

        def measure(counts, trial=trial, ranking=ranking):
            return array([curves(ranking, trial.outcome, trial.treated, counts).coefficient])

        (qini,) = bootstrap(measure, 300, draws=100)
        held.append(qini.low <= 0 <= qini.high)
    assert 0.90 <= np.mean(held) <= 0.99


def told(*words):
    result = CliRunner().invoke(main, ["uplift", *map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_insurance_mailing_has_no_effect_that_can_be_told():
    folder = shared("uplift-insurance-mailing")
    found = told("--files", folder / "train.csv.gz", "--valid", folder / "valid.csv.gz", "--treatment", "TREATMENT",
                 "--outcome", "PURCHASE")  # fmt: skip
    assert found["left_out"] == ["UNIQUE_ID"]
    assert found["verdict"].startswith("no effect that can be told")
    assert found["effect"]["value"] == pytest.approx(-0.0046, abs=1e-4)
    assert found["uplift"]["used"] is False


def test_the_starbucks_promotion_has_an_effect_and_is_aimed_better_than_the_reference():
    """`fourcast uplift` also chooses among the learners, and takes the DR-learner."""
    folder = shared("uplift-starbucks")
    learn, valid = read_trial(folder / "training.csv.gz", "Promotion", "purchase", folder / "test.csv.gz")
    score = DRLearner().fit(learn.inputs, learn.outcome, learn.treated).predict(valid.inputs)
    average = effect(valid.outcome, valid.treated)
    assert average.value == pytest.approx(0.0096, abs=1e-4)
    assert average.low > 0
    aimed = chosen(valid, score, value=10, cost=0.15)
    assert aimed["irr"] > 0.0188
    assert aimed["nir"] > 189.45


def test_faults_of_a_trial_are_told_by_row_and_column(tmp_path):
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5], "t": ["yes", "maybe", "no"], "y": [1, 0, np.inf]})
    frame.to_csv(tmp_path / "trial.csv", index=False)
    words = ["uplift", "--files", str(tmp_path / "trial.csv"), "--treatment", "t", "--outcome"]
    result = CliRunner().invoke(main, [*words, "y"])
    assert result.exit_code == 2
    assert "row 2, column t: must be yes or no, 1 or 0, got 'maybe'" in result.stderr
    assert "row 3, column y: must be a finite number, or yes or no, got 'inf'" in result.stderr
    missing = CliRunner().invoke(main, [*words, "z"])
    assert "column z: is missing; the file has x, t, y" in missing.stderr
