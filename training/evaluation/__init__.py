"""How good models are, on customers they have not seen: ranking, calibration, fairness, leakage, drift, champion.

champion      a challenger beside the champion, on customers from whom neither has learned
curves        the curves of a report, from unseen scores
drift         a bundle against a bank's files of today
fairness      how often suitable customers of each group take what is offered
leakage       does an attribute know what no attribute could have known on the bank's day
metrics       how good propensities are, on customers the model has not seen
policy_value  policy value on any bank's log of decisions
"""
