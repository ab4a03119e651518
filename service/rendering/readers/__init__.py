"""Explanations for the people whom a decision is about: the customer, and the adviser who speaks with them. Pure.

The analyst's explanation (``rendering.explanation``) holds everything. These two hold what its reader may know: no
margin, no score, no priority, no product that the customer may not hold, no result that a test would have to have.

    naming      the offers that may be named to the customer and the adviser; the law's gates count, whatever the policy
    topics      what a gate is about, by what it reads, so that no rule's id is named here
    sources     what was known of the customer, from where, and which of it was used
    assessment  whether a risk assessment may be spoken of
    next_contact  when a customer may be contacted again, where the hour or the day closed it
    conduct     the rules of conduct that advisers confirm, with their grounds
    words       every sentence of both explanations, in Chinese and English, and the grounds in Chinese
    customer    the customer's explanation
    adviser     the adviser's explanation, and what of it a lead shows
"""
