"""What the bank's marketers own: the policy as YAML, read, checked and compiled, and how its rules are applied. Pure.

``default/`` (YAML) -> ``loading`` -> ``model`` (nouns) -> ``policy`` -> ``rulebook`` and ``contact_gates`` at work. Not
here: what no policy may open (``analysis.policy_checks.conduct``), and the grid itself (``core.grid``).

    ahp            the analytic hierarchy process, and the SWOT hierarchy (A'WOT) built from it
    compliance     what a message may not say, and what it must
    contact_gates  may we contact them now, here
    expiry         until when an answer made now may be repeated, and how far back a decision must look
    formulas       every expression that a policy holds, wherever it stands, with the id of the rule
    history        what happened between a customer and the bank, as columns that rules read
    loading        how a policy's documents become checked values
    messages       templates into the words a customer sees
    model          the policy's nouns as frozen values
    policy         everything the bank's marketers own, as one immutable value named by the hash of its documents
    rulebook       which cells of the grid every gate leaves open, and what the fit rules make of the rest
    triggers       the triggers that a policy knows
    vocabulary     the names a rule may read besides the customer's attributes
"""
