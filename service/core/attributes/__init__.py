"""A customer's attributes: what a record may hold, and how it becomes columns of the grid.

Order: ``parsing`` reads a document (``attributes.yaml``, or the table that a bundle carries) into an
``AttributeTable``. The table ``check``s a record before it is stored and names every fault. It ``encode``s a stored
record for use; a value that ``check`` would refuse reads as unknown, so nothing stored can break a decision.

    parsing   the document of the table into an AttributeTable
    table     the table of attributes and features: checks a record, encodes it
    encoders  one encoder per kind: a raw value in, the grid's float or text out
    records   one customer's record into columns, on the live path
    frames    pandas and Arrow tables into columns, without importing either library
    features  derived features, compiled once, computed for one customer or for many
"""

from service.core.attributes.encoders import Encoded
from service.core.attributes.parsing import parse_table
from service.core.attributes.table import CUSTOMER, Attribute, AttributeTable, Feature
from service.core.grid import Array

__all__ = ["CUSTOMER", "Array", "Attribute", "AttributeTable", "Encoded", "Feature", "parse_table"]
