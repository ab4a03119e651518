"""How good models are, out of fold: ranking, calibration, fairness, leakage, policy value.

Not here: drift and the champion (``training.bundles``).

metrics         AUC, Brier score, lift, calibration error
curves          the curves of a report, from out-of-fold scores
fairness        selection rates of each group of suitable customers
leakage         the canary: attributes that know the outcome
kind_choice     which kind a buyer buys: log loss and hits, beside past shares and an untuned LightGBM
against_served  propensities compared with those by which customers were served
policy_value    policy value of a log of decisions
"""
