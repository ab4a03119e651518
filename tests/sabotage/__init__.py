"""Sabotage: policies loosened on purpose, each refused by the check, and harmless were it served all the same.

``templates`` loosens a rule that guards a law, in ten ways, over every name that a rule may read. ``trial`` asks the
check for a witness in words, then serves the policy on every road before an oracle that knows the law and no policy.
``python -m tests.sabotage --policies 1000`` is the long run; its seed repeats it.
"""
