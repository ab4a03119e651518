"""Models of an installation: its bundles, listed and compared, and the inventory of every model in them.

model_catalogue  the bundles of an installation, listed and compared
model_inventory  every model with what the bank states of it, its review and its stop switch
"""
