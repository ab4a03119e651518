"""A schema with every kind on every axis, and random grids over it with NULLs and awkward values."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from service.core.expressions import Kind, Name

N, M, K = 5, 3, 2
CITIES = ("xm", "fz", "qz")
AXES = {
    "customer": frozenset({"customer"}),
    "offer": frozenset({"offer"}),
    "channel": frozenset({"channel"}),
    "history": frozenset({"customer", "offer"}),
    "contact": frozenset({"customer", "channel"}),
    "context": frozenset(),
    "policy": frozenset(),
}
STATIC = {"offer", "channel", "policy"}
SCHEMA = {
    f"{owner}.{kind.value}{number}": Name(
        kind, axes, CITIES if kind is Kind.TEXT and number == 2 else None, static=owner in STATIC
    )
    for owner, axes in AXES.items()
    for kind in Kind
    for number in (1, 2)
}
AWKWARD = (0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 0.005, 1.005, 0.285, 1e15, -1e15, 1e-15, 3.0, 100.0, 0.1, 0.3, 36525.5)
PLAIN = (0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 0.25, 3.0, 100.0, 1000.0)
WORDS = ("xm", "fz", "qz", "", "it's", "厦门", "back\\slash", "XM")
DAYS = (0.0, -1.0, 19_000.0, 19_723.0, 19_724.0, -25_567.0, 47_846.0)
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Grid:
    """One random grid: its columns as arrays (n|1, m|1, k|1)."""

    columns: Mapping[str, Any]

    def one(self, row: int) -> dict[str, Any]:
        """The columns of one customer: plain scalars wherever no offer and no channel is involved."""
        return {name: _one(SCHEMA[name].axes, column, row) for name, column in self.columns.items()}

    def cells(self, name: str) -> list[Any]:
        """The column as SQL sees it, one value a cell, None for NULL."""
        spread = np.broadcast_to(self.columns[name], (N, M, K)).ravel().tolist()
        return [outside(SCHEMA[name].kind, found) for found in spread]


def _one(axes: frozenset[str], column: Any, row: int) -> Any:
    if axes <= {"customer"}:
        return column.ravel().tolist()[row if axes else 0]
    return column[row : row + 1] if "customer" in axes else column


def outside(kind: Kind, found: Any) -> Any:
    """What we hold as SQL would say it."""
    if found is None or found != found:
        return None
    if kind is Kind.DATE:
        return EPOCH + timedelta(days=int(found))
    return bool(found) if kind is Kind.BOOLEAN else found


def grid(chance: random.Random, plain: bool = False) -> Grid:
    """A random grid; ``plain`` keeps numbers small enough for DuckDB to need no guards."""
    return Grid({name: _column(chance, known, plain) for name, known in SCHEMA.items()})


def _column(chance: random.Random, known: Name, plain: bool) -> Any:
    shape = tuple(size if axis in known.axes else 1 for axis, size in (("customer", N), ("offer", M), ("channel", K)))
    share = chance.choice((0.0, 0.0, 0.1, 0.2, 0.5))
    cells = [None if chance.random() < share else _cell(chance, known, plain) for _ in range(int(np.prod(shape)))]
    if known.kind is Kind.TEXT:
        column = np.empty(len(cells), dtype=object)
        column[:] = cells
        return column.reshape(shape)
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64).reshape(shape)


def _cell(chance: random.Random, known: Name, plain: bool) -> Any:
    if known.kind is Kind.TEXT:
        return chance.choice(known.values or WORDS)
    if known.kind is Kind.BOOLEAN:
        return float(chance.random() < 0.5)
    if known.kind is Kind.DATE:
        return chance.choice(DAYS) if chance.random() < 0.5 else float(chance.randint(-30_000, 50_000))
    if plain:
        return chance.choice(PLAIN) if chance.random() < 0.5 else chance.randint(-4_000, 4_000) / 4
    return (
        chance.choice(AWKWARD)
        if chance.random() < 0.5
        else round(chance.uniform(-10, 10) * 10 ** chance.randint(0, 6), 2)
    )
