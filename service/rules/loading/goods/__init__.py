"""What the bank sells and where, and what others pay: the documents that offers and channels are read from.

catalogue  catalogue.yaml and channels.yaml: offers, families, channels, and the schema they open
terms      the terms of an offer or a channel, stated values, and their columns
kinds      kinds.yaml: the product kinds
market     market.yaml: the rates that others pay
market_table   rows of a data supplier into market.yaml, and market.yaml written out
"""
