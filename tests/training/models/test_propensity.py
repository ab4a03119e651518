import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from training.models.propensity import PropensityModel

SMALL = {"rounds": 30, "patience": 10, "folds": 3, "members": ((20, 1.0),), "threads": 1, "min_data_in_leaf": 20}


@parametrize_with_checks([PropensityModel(rounds=5, folds=2, members=((4, 1.0),))])
def test_it_is_an_estimator_like_any_other(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(5).normal(size=(1500, 4))


@pytest.fixture(scope="module")
def taken(rows):
    p = 1 / (1 + np.exp(2 - 1.5 * rows[:, 0]))
    return (np.random.default_rng(6).random(len(rows)) < p).astype(float)


@pytest.fixture(scope="module")
def fitted(rows, taken):
    return PropensityModel(**SMALL).fit(rows, taken)


def test_probabilities_sum_to_one_and_predict_follows_them(fitted, rows):
    p = fitted.predict_proba(rows)
    assert p.shape == (1500, 2)
    assert p.sum(axis=1) == pytest.approx(np.ones(1500))
    assert (fitted.predict(rows) == (p[:, 1] >= 0.5)).all()


def test_a_clone_has_the_parameters_and_none_of_the_learning(fitted):
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "boosters_")


def test_same_seed_and_rows_give_the_same_bytes(fitted, rows, taken):
    again = clone(fitted).fit(rows, taken)
    assert again.texts() == fitted.texts()
    assert again.calibration_ == fitted.calibration_


def test_another_seed_gives_another_model(fitted, rows, taken):
    assert clone(fitted).set_params(random_state=8).fit(rows, taken).texts() != fitted.texts()


def test_the_number_of_threads_does_not_change_a_score(fitted, rows, taken):
    two = clone(fitted).set_params(threads=2).fit(rows, taken)
    assert (two.predict_proba(rows) == fitted.predict_proba(rows)).all()


def test_unseen_scores_do_not_know_the_outcome(rows):
    noise = (np.random.default_rng(9).random(len(rows)) < 0.3).astype(float)
    model = PropensityModel(**SMALL).fit(rows, noise)
    seen, unseen = (np.corrcoef(p, noise)[0, 1] for p in (model.predict_proba(rows)[:, 1], model.oof_scores_))
    assert seen > 0.1
    assert abs(unseen) < 0.08


def test_too_few_of_one_outcome_is_said_with_the_number(rows):
    few = np.zeros(len(rows))
    few[:2] = 1
    with pytest.raises(ValueError, match=r"at least 3 customers .* got 2"):
        PropensityModel(**SMALL).fit(rows, few)


def test_one_outcome_or_three_are_refused(rows):
    for outcomes, found in ((np.full(len(rows), 2.0), "1 class"), (np.arange(len(rows)) % 3, "3 classes")):
        with pytest.raises(ValueError, match=f"two classes are needed, got {found}"):
            PropensityModel(**SMALL).fit(rows, outcomes)


def test_outcomes_may_be_words_and_the_greater_one_took(fitted, rows, taken):
    words = clone(fitted).fit(rows, np.where(taken > 0, "yes", "no"))
    assert words.texts() == fitted.texts()
    assert words.predict(rows).tolist() == np.where(fitted.predict(rows) > 0, "yes", "no").tolist()
