"""Uplift: what an offer changes, and for which customers, where treated and untreated are known.

A ranking may be used in arbitration only where ``study`` finds, on held-out rows, that it gains more than chance and
more than propensity does.

    randomised_trial  the files of a trial
    learners          T-, X- and DR-learner on LightGBM
    curves            Qini and uplift curves of a ranking on held-out rows
    trial_study       from a trial to a finding
    bundle_part       uplift of a bundle by family, from files or from events
"""

from training.uplift.learners import DRLearner, TLearner, XLearner
from training.uplift.randomised_trial import RandomisedTrial, read_trial
from training.uplift.trial_study import Study, study

__all__ = ["DRLearner", "RandomisedTrial", "Study", "TLearner", "XLearner", "read_trial", "study"]
