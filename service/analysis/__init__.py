"""What a policy would change and what it did: comparisons over many decisions. Pure; outside the path of a request.

Not here: what is scarce (``planning``), and reading the decisions that are compared (``engine``).

    policy_checks       what every policy must hold before it may serve
    diff                what a new policy says differently from an old one
    message_changes     which messages customers would read otherwise, filled in as they are sent
    red_marks           the changes that somebody of compliance must sign
    simulate            an old and a new policy side by side
    simulation_result   the result of a simulation, as frozen values that print
    groups              groups of customers that a marketer would ask about
    fairness            who is offered something, by sex, age band and region
    weight_sensitivity  how far each weight of the four C may move before first offers change
    policy_value        what a policy that never served would have brought, from the decisions of one that did
    lift                what a part of the method brings
    rule_effects        what a fit rule changes of the odds, beside what its weight claims
    drift               how far customers of today lie from those a bundle learned from
    model_gate          whether a challenger is fit to serve, with the numbers of every comparison
"""
