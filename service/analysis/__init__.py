"""What a policy would change and what it did change: comparisons over many decisions. Pure; nothing here is on a
request's road.

Not here: what is scarce (``planning``), and reading the decisions that are compared (``engine``).

    diff                what a new policy says differently from an old one
    simulate            an old and a new policy side by side
    simulation_result   what a simulation found, as frozen values that print
    weight_sensitivity  how far each weight of the four C may move before first offers change
    groups              groups of customers that a marketer would ask about
    policy_checks       what every policy must hold before it may serve
    policy_value        what a policy that never served would have brought, from the decisions of one that did
    lift                what a part of the method brings
    drift               how far customers of today lie from those a bundle learned from, per feature and score
    model_gate          whether a challenger is fit to serve, with a line and its numbers for every comparison
"""
