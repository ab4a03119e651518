"""What happened between a customer and the bank, as columns that rules read: counts, days since, how far back. Pure.

columns          history.*: what happened between a customer and the bank, as columns that rules read
event_counts     how many, or how many days since, per customer, offer, family or channel in a rolling window
lookback         how many events of a trail a policy's rules can tell apart
required_events  which of a customer's events a policy's rules can tell apart
"""
