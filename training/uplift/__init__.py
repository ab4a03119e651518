"""Uplift: what an offer changes, for whom, where it is known who was treated and who was not.

A ranking may be used in arbitration only where ``study`` finds, on rows nobody learned from, that it gains more than
chance and more than propensity does. Where there is no effect to tell, it says so.

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
