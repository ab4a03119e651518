"""What every policy must hold before it may serve: it harms nobody, it proves itself, and its offers can be reached.
Pure.

``lint`` runs first and calls the others; ``engine.releases`` asks before anything is proposed.

    conduct       what no policy may open, held against a policy before it serves
    lint          what every policy must hold besides being readable
    reachability  is there anybody an offer can reach
"""
