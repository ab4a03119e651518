"""Resources of what serves: policies and releases, models, drift, experiments.

policies      /v1/policies, /v1/policy-jobs and /v1/releases: propose, compare, simulate, approve, restore
inventory     /v1/models/inventory: every model with what the bank states of it, and its stop switch
models        /v1/models and /v1/challenger: bundles of models, compared, promoted, put on trial
drift         GET /v1/models/drift: how far customers and scores of today differ from the training data
fairness      GET /v1/fairness: what was shown lately, by group
experiments   GET /v1/experiments: the lift of each standing test, strategy and challenger, with intervals
rule_effects  GET /v1/rules/effects: what each fit rule changes, beside what its weight claims
words         POST /v1/words/check: texts judged by conduct rules before they become part of a policy
"""
