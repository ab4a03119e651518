"""What the service has lived through, made ready to learn from: each offer shown, and what came of it.

export           a row per trial, the treatment as it was decided, what came of it, and the facts of its time
first_exposures  what an offer changes, from experience
observations     what was shown and what came of it
smoothing        the evidence and the response of a bundle's manifest, smoothed
"""
