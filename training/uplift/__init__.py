"""Uplift: what an offer changes, for whom, where it is known who was treated and who was not.

A ranking may be used in arbitration only where ``study`` finds, on rows nobody learned from, that it gains more than
chance and more than propensity does. Where there is no effect to tell, it says so.

    bundle_part       a bundle's uplift by family
    curves            what a ranking by uplift gains on held-out rows
    from_events       uplift from the service's own experience
    learners          t-, X- and DR-learner on LightGBM
    randomised_trial  the files of a trial
    study             from a trial to a finding
"""

from training.uplift.learners import DRLearner, TLearner, XLearner
from training.uplift.randomised_trial import Trial, read_trial
from training.uplift.study import Study, study

__all__ = ["DRLearner", "Study", "TLearner", "Trial", "XLearner", "read_trial", "study"]
