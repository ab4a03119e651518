"""The policy's nouns as frozen values: what the YAML documents become once they are checked.

rules       offers, channels, strategies, rules, experiments and messages
calendar    holidays and worked weekend days: the yearly notices, and the days fixed by law
contact     the contact policy: consents, quiet hours, caps and cool-offs
labels      what a customer is called and decided by, and which names they dropped
traits      personal traits, and the grounds on which a rule may tell customers apart by one
market      rates that others pay, as outside data that ages
kinds       product kinds, and what the law demands of each
targeting   segments: to which customers a strategy speaks
portrait    the terms of a customer's portrait
monitoring  the bounds within which serving models are steady
"""
