"""Bundles on disk, named by the hash of their content, and what each stores beside its models to be judged by later.

portrait_parts      segments and lapse of a bundle's manifest
diagnostics         reference distributions, the bank and the leakage findings of a bundle
review              review.json of a bundle trained from files: curves and fairness for the report
review_from_events  review.json and reference of a bundle trained from events
learned_from        the filter (Bloom 1970) of the customers that a bundle has learned from
registry            writes a bundle, reads its parts, verifies its hashes
atomic_folder       writes a folder whole or not at all
champion            the serving bundle beside a new one, on customers that neither has learned from
drift               a bundle against the bank's files of today
"""
