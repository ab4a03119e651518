"""What every policy must hold before it may serve: it harms nobody, proves itself, and reaches customers. Pure.

``lint`` runs first and calls ``reachability``; ``engine.releases`` runs both before anything is proposed.

    lint              what every policy must hold besides being readable
    reachability      whether an offer can reach anybody
    conduct           what no policy may open: suitability, consent, and the messages
    calendar_horizon  how far ahead holidays and working days are known, for the rules that need them
"""
