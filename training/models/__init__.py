"""What is fitted: propensities by family and offer, tickets, segments, lapse, and how they are calibrated and blended.

training_set  what trains one booster: its specification, and the rows with their columns
booster       one member of a propensity model, cross-fitted
dask_cluster  the same training and scoring on a Dask cluster
calibration   isotonic calibration of out-of-fold scores, exported as a table of points
blend         the members whose mean ranks best
propensity    a family's propensity model: members, calibration, out-of-fold scores
trained       what training hands over to a bundle
family        one family's model from a bank's sample
kinds         one model of each kind of product that the outcomes tell apart
offer_models  models of families and offers from the service's own observations
ticket        yuan that a buyer brings
standardize   the figures that tell customers apart, with mean and deviation on their scale
segments      groups of customers alike in balances, activity and age of the relationship
lapse         the chance that a customer lapses within the horizon, for lifetime value
"""
