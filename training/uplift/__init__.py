"""Uplift: what an offer changes, for whom, where it is known who was treated and who was not.

    learners     T-, X- and DR-learner on LightGBM, by scikit-learn's conventions: fit(X, y, treatment), predict
    curves       Qini curve, Qini coefficient and AUUC on held-out rows, with bootstrap intervals
    trial        the files of a trial: features, treatment, outcome, and what was left out
    study        learn, choose a learner on the learning rows, measure once on the held-out rows, and say what is found

A ranking may be used in arbitration only where ``study`` finds, on rows nobody learned from, that it gains more than
chance and more than propensity does. Where there is no effect to tell, it says so.
"""

from training.uplift.learners import DRLearner, TLearner, XLearner
from training.uplift.randomised_trial import Trial, read_trial
from training.uplift.study import Study, study

__all__ = ["DRLearner", "Study", "TLearner", "Trial", "XLearner", "read_trial", "study"]
