"""Offers: requested, answered from the cache or decided, and the events that follow.

request       the request for offers, and whether the policy has its channel, placement and trigger
answer_cache  answers cached in Redis: field, lifetime, generation
recommend     one customer's decision: scored, decided, recorded, rendered
offer_tokens  tokens that prove an offer was shown, which an accept must carry
event_claims  events checked against the bank's names and decisions
visitors      offers and events of people without a customer id
"""
