"""What a customer's record may hold, and how it enters a grid: the table of raw attributes and derived features.

Order: a document (``attributes.yaml``, or the table a bundle carries) -> ``parse_table`` -> ``AttributeTable``. The
table then ``check``s a record on its way in, naming every fault, and ``encode``s it for use, where what ``check`` would
refuse reads as unknown; so nothing that ever reached a store can break a decision. ``parsing`` reads the document,
``table`` holds it, ``encoders`` judges single values, ``records`` and ``frames`` take whole ones. Deriving the
features is the part of ``core.attributes.features``.

    encoders  a raw value in, the figure or word a grid holds out
    features  the features of an attribute table, compiled once, run on one customer or on many
    frames    pandas and Arrow tables, read by what both offer, so neither library is imported here
    parsing   the document of the table into the table
    records   one customer's record into columns, on the live road
    table     what each attribute may be, whether a record fits, and the record as columns of a grid
"""

from service.core.attributes.encoders import Encoded
from service.core.attributes.parsing import parse_table
from service.core.attributes.table import CUSTOMER, Attribute, AttributeTable, Feature
from service.core.grid import Array

__all__ = ["CUSTOMER", "Array", "Attribute", "AttributeTable", "Encoded", "Feature", "parse_table"]
