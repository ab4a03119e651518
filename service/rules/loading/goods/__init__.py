"""What the bank sells and where: the documents that offers and channels are read from.

catalogue  catalogue.yaml and channels.yaml: offers, families, channels, and the schema they open
terms      the terms of an offer or a channel, stated values, and their columns
kinds      kinds.yaml: the product kinds
"""
