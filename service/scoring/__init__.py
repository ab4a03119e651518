"""Scoring: what the models and the past say of a customer, in numbers, and the order that follows. Pure but for
``models``.

Facts -> ``models`` (scores) -> ``propensity`` (which score speaks for an offer) -> ``value`` -> ``arbitration``.

    models          bundles of models: verified, opened, scoring one customer or many
    propensity      the propensity of each offer by the best score there is
    evidence        smoothed chances, shares and responses, learned without a model
    value           what an offer is worth if taken
    dominance       offers that another open one beats, closed by a gate
    arbitration     priority = propensity x value x fit x lever x response - contact cost - price, in yuan
    choice          which offer a customer takes who takes one: a nested logit over what is open to them
    elementary      exp, log and power of the same bits for one and many, on any machine
    standardize     raw facts of a customer as numbers around 0, for distances and weighted sums
    segments        the trained segment that a customer is nearest to
    lifetime        lifetime value, and the chance to lapse
    satisfaction    satisfaction by the four C and overall
    channel_record  the channels to a customer: consent, preference, contacts
    reference       the spread of a figure among the customers a bundle learned from
"""
