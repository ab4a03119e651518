"""A propensity model that trains in a second."""

from training.models.propensity import PropensityModel

QUICK = PropensityModel(rounds=60, patience=20, folds=3, members=((20, 1.0),), learning_rate=0.1)
