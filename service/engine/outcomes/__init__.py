"""What came of decisions: reports that are read, and change nothing.

experiments   experiment reports: the lift of every standing test and strategy
rule_effects  the effect of every fit rule on the stored decisions, beside what its weight claims
"""
