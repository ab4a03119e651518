"""The road of one offer: asked for, answered from the cache or decided, shown, and what an event then claims of it.

answer_cache  under which field, for how long, and when none of them may be trusted
event_claims  what an event claims, held against what the bank has
offer_tokens  the proof that an offer was really shown to a customer, which an accept must bring
recommend     one customer's decision by what serves them
request       what a caller asks for
visitors      people of whom the bank knows nothing yet, on a device or without one
"""
