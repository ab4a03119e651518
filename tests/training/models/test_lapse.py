"""Who leaves: an estimator like any other, whose chances are met by customers it has not seen."""

import numpy as np
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from service.scoring.lifetime import logistic
from training.evaluation.metrics import auc, calibration_error
from training.models.lapse import LapseModel


@parametrize_with_checks([LapseModel()])
def test_it_is_an_estimator_like_any_other(estimator, check):
    check(estimator)


def leavers(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Figures, who left, and the true chance: a curve that is no logistic one."""
    chance = np.random.default_rng(seed)
    z = chance.normal(0, 1, (count, 3))
    truth = 0.02 + 0.5 * logistic(1.5 * z[:, 0] - 0.5 * z[:, 1] - 2.0)
    return z, (chance.random(count) < truth).astype(float), truth


def test_chances_are_met_by_unseen_customers_though_the_curve_is_another():
    z, left, _ = leavers(20_000, 1)
    fitted = LapseModel().fit(z, left)
    assert calibration_error(left, fitted.oof_scores_) < 0.01
    fresh, gone, chances = leavers(20_000, 2)
    said = fitted.predict_proba(fresh)[:, 1]
    assert calibration_error(chances, said) < 0.01
    assert auc(gone, said) > auc(gone, chances) - 0.01


def test_the_same_seed_gives_the_same_model():
    z, left, _ = leavers(1_000, 3)
    one, again = LapseModel(random_state=5).fit(z, left), clone(LapseModel(random_state=5)).fit(z, left)
    assert one.calibration_ == again.calibration_
    assert one.regression_.coef_.tolist() == again.regression_.coef_.tolist()
