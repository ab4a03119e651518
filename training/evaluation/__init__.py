"""How good models are, on customers they have not seen: ranking, calibration, fairness, leakage, drift, champion.

metrics         AUC, Brier score, lift, calibration error
curves          the curves of a report, from out-of-fold scores
fairness        selection rates of each group of suitable customers
leakage         the canary: attributes that know the outcome
against_served  propensities compared with those by which customers were served
policy_value    policy value of a log of decisions
"""
