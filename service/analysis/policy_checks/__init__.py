"""What every policy must hold before it may serve: it harms nobody, proves itself, and reaches customers. Pure.

``lint`` runs first and calls ``reachability``; ``engine.releases`` runs both before anything is proposed.

    lint              what every policy must hold besides being readable
    reachability      whether an offer can reach anybody
    conduct           what no policy may open: suitability, consent, and the messages
    product_kinds     every offer against its kind, every kind against the law
    channel_facts     what a channel is, whatever a policy calls it
    fair_terms        no personal trait decides between offers of one kind on different terms
    proposal          what a proposal must hold besides conduct
    calendar_horizon  how far ahead holidays and working days are known, for the rules that need them
    market_age        how old the market's rates are, for the expressions that read them
    proof             that the gates of a policy imply the law, or a customer for whom they do not
    stated            what a policy states of itself, as far as the law reads it
    benchmark         a benchmark told the same everywhere, and read by no rule
    tone              texts in one language each, in words that people use
    words             no text that can reach a person promises anything; ``conduct`` calls it
"""
