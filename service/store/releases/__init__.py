"""What serves: policies, bundles and releases; proposals with two pairs of eyes; champion and challenger.

challengers   a release that lets another policy or bundle serve a share of its customers
policy_names  names of offers, channels and survey questions in every policy that serves or served
proposals     release with two pairs of eyes
releases      policies, bundles and the releases that serve them
"""
