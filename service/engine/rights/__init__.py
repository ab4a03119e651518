"""Rights of a customer: what they permit, what they are called.

preferences  consents of a customer, by the purposes of the active policy
labels       labels that decide for a customer: read, dropped, taken back
"""
