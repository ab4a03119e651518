"""What a customer's record may hold, and how it enters a grid: the table of raw attributes and derived features.

Order: a document (``attributes.yaml``, or the table a bundle carries) -> ``parse_table`` -> ``AttributeTable``. The
table then ``check``s a record on its way in, naming every fault, and ``encode``s it for use, where what ``check`` would
refuse reads as unknown; so nothing that ever reached a store can break a decision. ``reading`` reads the document,
``table`` holds it, ``encoders`` judges single values, ``records`` and ``frames`` take whole ones. Deriving the
features is the part of ``core.attributes.features``.
"""

from service.core.attributes.encoders import Array, Encoded
from service.core.attributes.parsing import parse_table
from service.core.attributes.table import CUSTOMER, Attribute, AttributeTable, Feature

__all__ = ["CUSTOMER", "Array", "Attribute", "AttributeTable", "Encoded", "Feature", "parse_table"]
