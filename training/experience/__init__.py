"""The service's decisions and events as observations: each offer shown, and whether it was taken.

observations     exposures of offers, each with its outcome
export           observations as a table, for data scientists
first_exposures  first exposures of customers, for uplift
smoothing        evidence and response of a bundle's manifest, smoothed counts
"""
