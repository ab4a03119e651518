"""Resources of those who answer for what serves: policies and releases, models, drift, experiments.

drift        GET /v1/models/drift: how far the customers served lately lie from those the serving bundle learned
experiments  GET /v1/experiments: what each standing test, strategy and challenger brings, with intervals
models       /v1/models and /v1/challenger: which bundles there are, two of them compared
policies     /v1/policies and /v1/releases: propose, compare, simulate, approve, roll back, with two pairs of eyes
"""
