"""Variables: what a formula reads, and the values that stand for all values of it. Pure.

A column of numbers is cut at the constants it is compared with. Each cut and each open piece between two cuts gets one
value, for every condition is constant there; and unknown gets one where the column may be unknown. A date is read as
days from ``context.today``. What is not cut is free: true, false or unknown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, inf

from service.analysis.policy_checks.proof.truth import Atom, Value
from service.analysis.policy_checks.stated import RANGES
from service.core.attributes import AttributeTable
from service.core.context import DAY_NAMES
from service.core.expressions import Kind
from service.core.expressions.tree import Name
from service.rules.history.columns import COUNTS
from service.rules.model.market import HIGHEST, LOWEST, PREFIX

OTHER = "\u2026"
"""Any word that no condition names."""
LARGEST = 1.7976931348623157e308
DAYS = 120_000.0
"""No two days of 1900 to 2200 lie further apart."""
YEAR_DAYS = "context.year_days"
"""How many days ago ``context.year_ago`` is: 365, or 366 with a 29 February between."""
FAR_DAYS = 1e12
"""Nor does a feature move a date further: each of its shifts is a century at most."""
_FEW = 1e7
_ALWAYS_KNOWN = frozenset({*(one.name for one in DAY_NAMES), *COUNTS, "consent.personal", YEAR_DAYS})
_RANGES: Mapping[str, tuple[float, float]] = {
    "context.hour": (0.0, 23.0),
    "context.weekday": (1.0, 7.0),
    **dict.fromkeys(COUNTS, (0.0, LARGEST)),
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: numbers from ``low`` to ``high`` (``whole``: whole ones only), words, or a truth value.

    ``blurred`` is a sum, whose figures rounding may miss. ``ahead`` is a date that speaks of the future: of other dates
    the past is tried first.
    """

    name: str
    kind: Kind
    low: float = -LARGEST
    high: float = LARGEST
    whole: bool = False
    nullable: bool = True
    words: tuple[str, ...] | None = None
    blurred: bool = False
    ahead: bool = False

    def values(self, atoms: Iterable[Atom]) -> list[Value]:
        """One value for all those between which none of the conditions tells; the plainest first, unknown last."""
        unknown: list[Value] = [None] if self.nullable else []
        if self.kind is Kind.BOOLEAN:
            return [1.0, 0.0, *unknown]
        cuts = {cut for atom in atoms for cut in atom.cuts.get(self.name, ())}
        if self.kind is Kind.TEXT:
            return [*self._words(sorted(str(cut) for cut in cuts)), *unknown]
        return [*self._numbers(sorted(cut for cut in cuts if isinstance(cut, float))), *unknown]

    def _words(self, named: list[str]) -> list[str]:
        if self.words is None:
            return [*named, OTHER]
        return [*(one for one in self.words if one in named), *[one for one in self.words if one not in named][:1]]

    def _numbers(self, cuts: Sequence[float]) -> list[float]:
        points = [cut for cut in cuts if self.low <= cut <= self.high and (not self.whole or cut == floor(cut))]
        pieces = list(self._pieces(cuts))
        if self.blurred:
            return [*pieces[:1], *reversed(pieces[1:]), *points]
        if self.kind is Kind.DATE:
            return sorted([*points, *pieces], key=lambda days: (days != 0.0 and (days > 0.0) != self.ahead, abs(days)))
        return [*points, *pieces]

    def _pieces(self, cuts: Sequence[float]) -> Iterator[float]:
        """A number of each open piece between two cuts."""
        edges = [-inf, *(cut for cut in cuts if self.low <= cut <= self.high), inf]
        for below, above in pairwise(edges):
            found = self._between(max(below, self.low), max(below, self.low) > below, min(above, self.high), above)
            if found is not None:
                yield found

    def _between(self, low: float, with_low: bool, high: float, above: float) -> float | None:
        """A number of an open piece, whole where there is one; its ends count where no cut is there."""
        with_high, found = high < above, plain_between(low, high)
        tried: tuple[float, ...] = (found, low, high)
        if found != floor(found) and floor(low) == low:
            tried = (low, found, high)
        if self.whole:
            tried = (float(floor(found)), float(ceil(found)), float(ceil(low)), float(floor(high)))
            tried += (tried[2] + 1.0, tried[3] - 1.0)
        return next((number for number in tried if _inside(number, low, with_low, high, with_high)), None)


def _inside(number: float, low: float, with_low: bool, high: float, with_high: bool) -> bool:
    above = number >= low if with_low else number > low
    return above and (number <= high if with_high else number < high)


def plain_between(low: float, high: float) -> float:
    """A plain number between two: near the smaller in size where they lie far apart, whole where one is between.

    >>> plain_between(18.0, 65.0), plain_between(3.0, 4.0), plain_between(50_000.0, 1e12)
    (41.0, 3.5, 100000.0)
    """
    if high - low > _FEW:
        if low >= 0.0:
            return low + max(1.0, low)
        return high - max(1.0, -high) if high <= 0.0 else 0.0
    middle = low + (high - low) / 2.0
    whole = float(floor(middle))
    return whole if low < whole < high else middle


class Vocabulary:
    """The variables of one policy, found as its conditions are read; ``columns`` are the names with their kinds."""

    def __init__(self, table: AttributeTable, names: Mapping[str, Name]) -> None:
        self._raw = {f"customer.{one.name}": one for one in table.attributes}
        self._names = names
        self._found: dict[str, Variable] = {}

    def __getitem__(self, name: str) -> Variable:
        return self._found[name]

    def column(self, name: str, own: str | None = None) -> Variable:
        """The variable of a column; ``own`` is its name where it is read apart from the column of other rules."""
        key = own or name
        if key not in self._found:
            self._found[key] = self._made(name, key)
        return self._found[key]

    def kind(self, name: str) -> Kind:
        """The kind of a column."""
        return self._names[name].kind

    def add(self, variable: Variable) -> str:
        """The name of a variable that is no column."""
        self._found.setdefault(variable.name, variable)
        return variable.name

    def range(self, name: str) -> tuple[float, float]:
        """The smallest and the largest number that a column may hold; of what the law reads, at least the law's own."""
        low, high = self.stated(name)
        if name not in RANGES:
            return low, high
        least, most = RANGES[name]
        return (least, most) if name not in self._raw else (min(low, least), max(high, most))

    def is_narrowed(self, name: str) -> bool:
        """Whether the table's range of a column leaves out what the law reads."""
        return name in self._raw and self.range(name) != self.stated(name)

    def stated(self, name: str) -> tuple[float, float]:
        """The smallest and the largest number by the table alone."""
        raw, (low, high) = self._raw.get(name), _RANGES.get(name, (-LARGEST, LARGEST))
        if raw is None:
            return (LOWEST, HIGHEST) if name.startswith(PREFIX) else (low, high)
        return (low if raw.low is None else raw.low), (high if raw.high is None else raw.high)

    def _made(self, name: str, key: str) -> Variable:
        known, nullable = self._names[name], name not in _ALWAYS_KNOWN
        if known.kind is Kind.DATE:
            far = DAYS if name in self._raw or name.startswith("context.") else FAR_DAYS
            ahead = name in self._raw and self._raw[name].ahead
            return Variable(key, Kind.DATE, -far, far, whole=True, nullable=nullable, ahead=ahead)
        if known.kind in (Kind.NUMBER, Kind.MONEY):
            low, high = self.range(name)
            whole = name in COUNTS or name in ("context.hour", "context.weekday")
            return Variable(key, known.kind, low, high, whole, nullable)
        return Variable(key, known.kind, nullable=nullable, words=known.values)
