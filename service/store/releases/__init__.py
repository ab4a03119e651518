"""Releases: policies, bundles and what serves; who proposed, signed, approved and withdrew; champion and challenger.

releases            policies, bundles and the releases that serve them
policy_names        names of offers, channels and survey questions in every policy that serves or served
proposals           policies proposed by their author and approved by somebody else; rolled back, withdrawn
signatures          signatures of compliance under policies with red changes
withdrawals         policies that never serve again
rollbacks           earlier releases, found and restored
challengers         trials of another policy or bundle on a share of the customers
fairness_overrides  groups that are excused for a time: why, by whom, until when
mandates            who signs for compliance at a terminal, and who may act for whom
model_stops         models that score nobody until they are started again
persons             names of persons, compared as people read them
person_names        other names of a person: one pair of eyes under all of them
notes               why somebody did it
"""
