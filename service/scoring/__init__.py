"""Scoring: what the models and the past say of a customer, in numbers, and the order that follows. Pure but for
``models``.

Facts -> ``models`` (propensities) -> ``propensity`` (which score speaks for an offer) -> ``value`` -> ``arbitration``.

    arbitration     priority = propensity x value x fit x lever x response - contact cost - price, in yuan
    channel_record  the channels to a customer: consent, preference, contacts
    evidence        what showing offers has taught without a model
    lifetime        what a customer is worth over the years
    models          the serving side of models
    propensity      what the models say, laid on the grid
    reference       how a figure was spread among the customers a bundle learned from
    satisfaction    how satisfied a customer is, by the four C and on the whole
    segments        which of the groups that training found a customer is nearest to
    standardize     raw facts of a customer as numbers around 0 that distances and weighted sums can use
    value           what an offer is worth if taken
"""
