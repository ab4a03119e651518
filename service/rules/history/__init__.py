"""A customer's past as columns that rules read, and how much of the past must be read. Pure.

event_counts     how many events, or the days since the newest, per customer, offer, family or channel in a window
columns          history.*: the columns of a customer's past, for one customer and for many
lookback         how many events of a trail a policy's rules can tell apart
required_events  which of a customer's events a policy's rules can tell apart: those are read and recorded
"""
