"""One customer's record into columns, on the live path. Cost grows with the number of values, so each takes one branch.

JSON has few kinds of value, and a value's kind decides which attributes it can fit: a float a number, true or false a
boolean, text a word or a date. So each kind has its own small table, and no value meets a test that it cannot pass.
Other values (whole numbers, NumPy's scalars, lists) go to the attribute's own encoder, which judges any value.
"""

from collections.abc import Mapping
from typing import Any

from service.core.attributes.encoders import Encoded, Encoder
from service.core.expressions import Kind

FIGURES = (Kind.NUMBER, Kind.MONEY)
WORDS = (Kind.TEXT, Kind.DATE)


class RecordEncoder:
    """``record -> {"customer.age": 41.0, ...}``: for each value what the encoder's ``encode_one`` gives."""

    def __init__(self, encoders: Mapping[str, tuple[Kind, Encoder]]) -> None:
        self._blank: dict[str, Encoded] = {_column(name): one.unknown for name, (_, one) in encoders.items()}
        self._figures = {
            name: (_column(name), *one.bounds) for name, (kind, one) in encoders.items() if kind in FIGURES
        }
        self._words = {name: (_column(name), one.judge) for name, (kind, one) in encoders.items() if kind in WORDS}
        self._truths = {name: _column(name) for name, (kind, _) in encoders.items() if kind is Kind.BOOLEAN}
        self._all = {name: (_column(name), one.encode_one) for name, (_, one) in encoders.items()}

    def __call__(self, record: Mapping[str, Any]) -> dict[str, Encoded]:
        """Every raw name, NaN or None where unknown; names without an attribute are skipped."""
        columns = self._blank.copy()
        figures, words, truths = self._figures, self._words, self._truths
        for name, value in record.items():
            kind = value.__class__
            if kind is float:
                if name in figures:
                    column, low, high = figures[name]
                    if low <= value <= high:
                        columns[column] = value
            elif kind is str:
                if name in words:
                    column, judge = words[name]
                    columns[column] = judge(value)
            elif kind is bool:
                if name in truths:
                    columns[truths[name]] = 1.0 if value else 0.0
            elif value is not None and name in self._all:
                column, one = self._all[name]
                columns[column] = one(value)
        return columns


def _column(name: str) -> str:
    return f"customer.{name}"
