"""Derived features of an attribute table: compiled once, computed for one customer or for many.

Order: ``AttributeTable.encode`` or ``AttributeTable.encode_frame`` -> ``FeatureProgram.derive_one`` or ``derive_many``
(adds the derived columns; each may read those before it) -> ``Inputs`` (the numbers of one model in its order, words as
codes). Training and serving run this same program. A bundle carries its table as a document, so its features keep their
meaning when the policy's table changes. What the models make of the numbers is in ``scoring.models``.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from service.core.attributes import Array, AttributeTable, Encoded, parse_table
from service.core.expressions import Kind, compile_value

NAN = float("nan")


class FeatureProgram:
    """The features of a table, compiled; ``table`` is the table they were compiled from.

    ``outside`` are the rates of the market that they read. Models never see them: where the columns hold none, as in
    training and in a bundle, they are unknown.
    """

    def __init__(self, table: AttributeTable) -> None:
        self.table = table
        self._one = [(f"customer.{one.name}", compile_value(one.expression, many=False)) for one in table.features]
        self._many = [(f"customer.{one.name}", compile_value(one.expression, many=True)) for one in table.features]
        read = frozenset().union(*(one.expression.names for one in table.features))
        self.outside = tuple(sorted(name for name in read if not name.startswith("customer.")))

    @classmethod
    def from_document(cls, document: object, names: Iterable[str] | None = None) -> "FeatureProgram":
        """The program of a table's document; with ``names``, only what these attributes and features need.

        Raises:
            PolicyError: the document is no table of attributes.
        """
        table = parse_table(document)
        return cls(table if names is None else table.only(names))

    def derive_one(self, columns: MutableMapping[str, Encoded]) -> None:
        """Add the derived columns of one customer in place, as plain scalars."""
        self._add_unknown(columns)
        for name, step in self._one:
            columns[name] = step(columns)

    def derive_many(self, columns: MutableMapping[str, Any]) -> None:
        """Add the derived columns of n customers in place, each (n, 1, 1) or (1, 1, 1) where it is the same for all."""
        self._add_unknown(columns)
        for name, step in self._many:
            columns[name] = step(columns)

    def _add_unknown(self, columns: MutableMapping[str, Any]) -> None:
        for name in self.outside:
            columns.setdefault(name, NAN)

    def matrix(
        self, names: Sequence[str], categories: Mapping[str, Sequence[str]], columns: Mapping[str, Any]
    ) -> Array:
        """The named attributes and features as (n, len(names)) floats; see ``Inputs``."""
        return Inputs(names, categories).take_matrix(columns)

    def categories(self, names: Iterable[str], columns: Mapping[str, Any]) -> dict[str, list[str]]:
        """The distinct words in each text column among ``names``, sorted: the codes that a model is trained with."""
        texts = [name for name in names if self.table.kind_of(name) is Kind.TEXT]
        return {name: sorted({word for word in columns[f"customer.{name}"].flat if word is not None}) for name in texts}


class Inputs:
    """What one model reads: bare names in its order. A word becomes its position in its list; other words are NaN."""

    def __init__(self, names: Sequence[str], categories: Mapping[str, Sequence[str]]) -> None:
        self.names = tuple(names)
        self._columns = [f"customer.{name}" for name in names]
        self._take = itemgetter(*self._columns, *self._columns[:1])  # one more, so that a single name gives a tuple too
        codes = {name: {word: float(code) for code, word in enumerate(words)} for name, words in categories.items()}
        self._texts = [(place, codes[name]) for place, name in enumerate(names) if name in codes]

    def take_row(self, columns: Mapping[str, Any]) -> list[float]:
        """One customer's numbers, in order."""
        row = list(self._take(columns))
        for place, codes in self._texts:
            row[place] = codes.get(row[place], NAN)
        row.pop()
        return row

    def take_matrix(self, columns: Mapping[str, Any], rows: slice = slice(None)) -> Array:
        """The numbers of n customers, or of a slice of them, as a C-ordered matrix (n, f)."""
        size = max((np.size(columns[name]) for name in self._columns), default=0)
        texts = dict(self._texts)
        matrix = np.empty((len(range(*rows.indices(size))), len(self.names)))
        for place, name in enumerate(self._columns):
            column = np.broadcast_to(np.ravel(columns[name]), size)[rows]
            matrix[:, place] = _coded(column, texts[place]) if place in texts else column
        return matrix


def _coded(column: Array, codes: Mapping[str, float]) -> Array:
    return np.fromiter((codes.get(word, NAN) for word in column), np.float64, len(column))
