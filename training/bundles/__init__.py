"""Bundles on disk, named by their content, and what each keeps beside its models so that it can be judged later.

atomic_folder       folders on disk, whole or not at all
diagnostics         what a bundle keeps beside its models so that it can be judged later, by itself
memory              whom a bundle has learned from, and until when
portrait_parts      what a bundle knows besides propensities
registry            written whole or not at all, and named by their content
review              what a report of a bundle is made from, years later and without the bank's files
review_from_events  what a bundle learned from events keeps beside its models
"""
