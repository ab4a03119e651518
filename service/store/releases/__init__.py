"""Releases: policies, bundles and what serves; proposals with two pairs of eyes; champion and challenger.

releases      policies, bundles and the releases that serve them
policy_names  names of offers, channels and survey questions in every policy that serves or served
proposals     policies proposed by their author and approved by somebody else
challengers   trials of another policy or bundle on a share of the customers
"""
