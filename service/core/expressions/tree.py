"""The nouns of the expression language: kinds, names, nodes, and the expression that holds them.

A ``Node`` is one typed operation. ``reading`` and ``checking`` make the tree, ``bounds`` marks where it could overflow,
``scalars`` and ``arrays`` evaluate it, ``sql`` writes it. The tree is immutable and carries everything they need: kind,
axes, and whether the policy alone decides it. None of them looks at a schema again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

NO_AXES: frozenset[str] = frozenset()
CUSTOMER: frozenset[str] = frozenset({"customer"})

Columns = Mapping[str, Any]
"""Qualified name -> its column: a plain scalar, or an array of shape (n|1, m|1, k|1)."""

Run = Callable[[Columns], Any]
"""A compiled tree: columns in, scalar or array out."""

NAN = float("nan")

OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""The comparison that holds where this one is known to be false."""
MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The same comparison with its sides exchanged."""
LOGIC = frozenset({"and", "or", "not", "in", "between", "is null", *OPPOSITE})
"""The operations whose result is true, false or unknown."""


class Kind(StrEnum):
    """The kind of a value. Stored as floats: numbers, money, dates (days since 1970-01-01) and booleans (1.0, 0.0)."""

    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    TEXT = "text"
    DATE = "date"


@dataclass(frozen=True)
class Name:
    """What an expression may read: its kind, the grid axes over which it varies, its words, and if the policy fixes it.

    ``exact`` money is compared as it is, not in whole fen: so were decisions made before records had form 5.
    """

    kind: Kind
    axes: frozenset[str] = NO_AXES
    values: tuple[str, ...] | None = None
    static: bool = False
    exact: bool = False


Schema = Mapping[str, Name]


@dataclass(frozen=True, slots=True)
class Range:
    """Powers of ten that enclose ``|x|`` where x is not 0, and ``grain``, of which x is a whole multiple."""

    high: float
    low: float
    grain: float


@dataclass(frozen=True, slots=True)
class Node:
    """One operation and what is known of its result.

    ``kind`` is None only while checking (an untyped NULL, or something already reported). ``value`` holds a constant
    (scalar or array), a name, the digits of a round, or the members of an ``in``. ``bare`` marks a number made of
    literals only, which may be compared with money. ``exact`` money needs no rounding to the fen: literals, and the
    policy's terms. A customer's amount may be a sum of binary fractions.
    """

    op: str
    kind: Kind | None
    args: tuple["Node", ...] = ()
    value: Any = None
    axes: frozenset[str] = NO_AXES
    static: bool = True
    bare: bool = False
    exact: bool = True
    range: Range = Range(0.0, 0.0, -16.0)

    def walk(self) -> Iterator["Node"]:
        """This node and all below it, parents first."""
        yield self
        for arg in self.args:
            yield from arg.walk()


def axes_of(nodes: tuple[Node, ...]) -> frozenset[str]:
    """All axes over which any of ``nodes`` varies."""
    return frozenset().union(*(node.axes for node in nodes))


def retype(node: Node, kind: Kind) -> Node:
    """``node`` with every untyped NULL below it as NULL of ``kind``."""
    if node.kind is not None:
        return node
    if node.op == "const":
        return replace(node, kind=kind, value=null(kind))
    return replace(node, kind=kind, args=tuple(retype(arg, kind) for arg in node.args))


def is_missing(found: object) -> bool:
    """Whether a value is NULL: None, or a NaN, which alone differs from itself."""
    return found is None or found != found  # noqa: PLR0124


def null(kind: Kind | None) -> float | None:
    """NULL of this kind in a column: None for text, NaN for all else."""
    return None if kind is Kind.TEXT else NAN


@dataclass(frozen=True)
class Expression:
    """A checked expression, equal to another of the same text.

    ``tree`` is what was written. ``program`` is what runs: the same tree, or the folded one, which may hold arrays.
    """

    text: str
    tree: Node = field(compare=False, repr=False)
    program: Node = field(compare=False, repr=False)

    @property
    def kind(self) -> Kind:
        """The kind of the result."""
        assert self.tree.kind is not None
        return self.tree.kind

    @property
    def axes(self) -> frozenset[str]:
        """The grid axes over which the result varies; an evaluated result may be smaller and broadcasts."""
        return self.tree.axes

    @property
    def names(self) -> frozenset[str]:
        """Every qualified name the expression reads."""
        return frozenset(node.value for node in self.tree.walk() if node.op == "name")

    @property
    def static(self) -> bool:
        """Whether the policy alone decides the result."""
        return self.tree.static
