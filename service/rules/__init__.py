"""What the bank's marketers own: the policy as YAML, read, checked and compiled, and how its rules are applied. Pure.

In order: ``default/`` (YAML) -> ``loading`` -> ``model`` (values) -> ``policy`` -> ``rulebook`` and ``contact_gates``.
Elsewhere: what no policy may open (``analysis.policy_checks.conduct``), and the grid itself (``core.grid``).

    loading        a policy's documents into checked values
    model          the policy's nouns as frozen values
    vocabulary     the names a rule may read besides the customer's attributes, one row a name
    policy         the whole policy as one immutable value, named by the hash of its documents
    messages       message templates filled in: the words that a customer sees
    compliance     what a message may not say, and what it must
    ahp            weights from judgments: the analytic hierarchy process, and the SWOT hierarchy (A'WOT)
    rulebook       gates and fit rules, compiled: which cells of the grid are open, and their fit
    contact_gates  consent, quiet hours, caps and cool-offs, compiled: may we contact them now, here
    history        a customer's past as columns that rules read, and how much of it is read
    statutory      what the law demands whatever a policy says, one row a law
    expiry         until when an answer may be repeated, and how far back a decision looks
    formulas       every expression of a policy, with the id of the rule, offer or channel it belongs to
    triggers       the triggers that a policy knows
"""
