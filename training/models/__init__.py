"""What is fitted: propensities by family and offer, tickets, segments, lapse, and how they are calibrated and blended.

blend         which members together rank best
booster       a member of a propensity model
calibration   an isotonic fit on unseen customers, exported as a table of points
dask_cluster  the same training and scoring on a Dask cluster
family        one family's model from a bank's sample
lapse         the chance that a customer lapses within the horizon, for the survival behind lifetime value
offer_models  models of a bank's own trials
propensity    members of boosted trees, measured and calibrated on customers they have not seen
segments      groups of customers who are alike in balances, activity and the age of their relationship
standardize   which figures a bank's files really hold, and the mean and deviation of each on its scale
ticket        how much a customer brings who buys
training_set  what one booster is taught
"""
