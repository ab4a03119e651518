"""The catalogue that every table shares, and the type of a name."""

from sqlalchemy import MetaData, Text

METADATA = MetaData()
NAME = Text(collation="C")
"""Ids and codes: compared byte by byte, whatever the server's language."""
