"""Which offer a customer takes who takes one: a nested logit over the offers that are open to them (McFadden 1978).

Offers lie in kinds, kinds in families. E is an offer's attraction, E0 the same at the reference, on which the family's
propensity P was learned; S and S0 are their sums over the offers of a kind that are open to the customer:

    within a kind   share of the offer = E / S
    between kinds   w = W (S / S0) ** within        W: the score of the kind where every open kind has one, else S0
    the family      odds of P' = odds of P x (sum of w / sum of W) ** lambda
    the offer       P' x w / (sum of w) x E / S

which is logit P' = logit P + lambda (IV - IV0) with IV = log(sum of w). So a closed offer changes nothing, a twin
splits its kind and hardly moves the family, and an unchanged shelf leaves P as it is, to the bit. An offer with a
propensity of its own keeps it, times what the shelf did to its chance since the reference.

A column is a float for one customer and (n,) for many: the same operations in the same order give the same bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np

from service.scoring.elementary import power

Column = Any
"""A float or a bool of one customer, or (n,) of many."""


@dataclass(frozen=True, slots=True)
class Nest:
    """The offers of one kind, by their places on the axis of offers; ``kind`` is None where an offer states none."""

    kind: str | None
    offers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Nests:
    """The kinds of one family, and how strongly a kind and the family answer to what is on the shelf, 0 to 1 each."""

    family: str
    within: float
    lambda_: float
    kinds: tuple[Nest, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What stands on the shelf, by the place of each offer: attractions now and at the reference, and what is open.

    ``reference`` is 0 for an offer that was not there. ``gone``: kind -> the attractions at the reference of offers
    that are no longer on the shelf.
    """

    attraction: Sequence[Column]
    reference: Sequence[Column]
    opened: Sequence[Column]
    gone: Mapping[str | None, Column]


NOTHING_GONE: Mapping[str | None, Column] = {}


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind at work: S, S0, whether it is open and was open at the reference, W and w."""

    now: Column
    then: Column
    opened: Column
    known: Column
    size: Column
    weight: Column


class Choice:
    """One family's choice: what P becomes (``propensity``), and each offer's part of it."""

    def __init__(
        self, nests: Nests, propensity: Column, shelf: Shelf, kind_scores: Mapping[str, Column] | None = None
    ) -> None:
        """Weighs kinds against each other; ``propensity`` is P, 0 to 1."""
        self.nests, self._shelf, self._before = nests, shelf, propensity
        sums, scores = [_summed(nest, shelf) for nest in nests.kinds], kind_scores or {}
        spoken = _speak_for_all(nests, sums, scores)
        self._kinds = [
            _weighed(one, _size(nest.kind, one.then, scores, spoken), nests.within)
            for nest, one in zip(nests.kinds, sums, strict=True)
        ]
        self._total = _sum([kind.weight for kind in self._kinds])
        here = {nest.kind for nest in nests.kinds}
        gone = [
            _size(kind, size, scores, spoken) * (self._total > 0.0)
            for kind, size in shelf.gone.items()
            if kind not in here
        ]
        self._total_then = _sum([*(kind.size * kind.known for kind in self._kinds), *gone])
        compared = (self._total > 0.0) & (self._total_then > 0.0)
        moved = _where(compared, self._total, 1.0) / _where(compared, self._total_then, 1.0)
        self.propensity = by_odds(propensity, power(moved, nests.lambda_))

    def offers(self) -> dict[int, Column]:
        """Place -> the propensity of each offer of the family; 0 where it is closed."""
        found: dict[int, Column] = {}
        for nest, kind in zip(self.nests.kinds, self._kinds, strict=True):
            part = self._part(kind)
            for place in nest.offers:
                attraction, opened = self._shelf.attraction[place], self._shelf.opened[place]
                found[place] = part * (attraction * opened / kind.now)
        return found

    def change(self, place: int) -> Column:
        """The offer's propensity now, times of that at the reference; 1 where there is none to compare with."""
        kind = next(one for nest, one in zip(self.nests.kinds, self._kinds, strict=True) if place in nest.offers)
        then = self._shelf.reference[place] / kind.then * (kind.size / _at_least_some(self._total_then)) * self._before
        now = self._shelf.attraction[place] / kind.now * self._part(kind)
        known = (then > 0.0) & (kind.opened > 0)
        return _where(known, now, 1.0) / _where(known, then, 1.0)

    def _part(self, kind: _Kind) -> Column:
        """P' times the kind's share of the family."""
        return self.propensity * (kind.weight / _at_least_some(self._total))


def choose_one(
    nests: Nests, propensity: float, shelf: Shelf, kind_scores: Mapping[str, float] | None = None
) -> dict[int, float]:
    """``Choice(...).offers()`` of one customer and the open offers: the same operations, without what is closed."""
    scores, opened = kind_scores or {}, shelf.opened
    kinds = []
    for nest in nests.kinds:
        now = then = 0.0
        for place in nest.offers:
            if opened[place]:
                now, then = now + shelf.attraction[place], then + shelf.reference[place]
        if now > 0.0:
            then = then + shelf.gone[nest.kind] if nest.kind in shelf.gone else then
            kinds.append((nest, now, then if then > 0.0 else now, then > 0.0))
    spoken = bool(scores) and all(is_told(scores, nest.kind) for nest, *_ in kinds)
    total = total_then = 0.0
    weights = []
    for nest, now, then, known in kinds:
        size = scores[nest.kind or ""] if spoken else then
        weight = size * power(now / then, nests.within)
        total, total_then = total + weight, total_then + size * known
        weights.append(weight)
    if total > 0.0 and shelf.gone:
        here = {nest.kind for nest in nests.kinds}
        for kind, size in shelf.gone.items():
            total_then = total_then if kind in here else total_then + _size(kind, size, scores, spoken)
    moved = total / total_then if total > 0.0 and total_then > 0.0 else 1.0
    taken = by_odds(propensity, power(moved, nests.lambda_))
    found = {}
    for (nest, now, *_), weight in zip(kinds, weights, strict=True):
        part = taken * (weight / (total or 1.0))
        for place in nest.offers:
            if opened[place]:
                found[place] = part * (shelf.attraction[place] / now)
    return found


def is_told(scores: Mapping[str, float], kind: str | None) -> bool:
    """Whether a kind has a score."""
    return not isnan(scores.get(kind or "", nan))


def by_odds(propensity: Column, factor: Column) -> Column:
    """o / (1 + o) with o = factor x the odds of the propensity; a factor of 1 changes no bit.

    >>> by_odds(0.5, 3.0), by_odds(0.07, 1.0), by_odds(1.0, 0.1)
    (0.75, 0.07, 1.0)
    """
    raised = factor * propensity
    return raised / ((1.0 - propensity) + raised)


def _summed(nest: Nest, shelf: Shelf) -> _Kind:
    """S and S0; where nothing is open, or nothing was, 1 and the same as now, to divide by."""
    now: Column = 0.0
    then: Column = 0.0
    for place in nest.offers:
        opened = shelf.opened[place]
        now = now + shelf.attraction[place] * opened
        then = then + shelf.reference[place] * opened
    opened = (now > 0.0) * 1.0
    if nest.kind in shelf.gone:
        then = then + shelf.gone[nest.kind] * opened
    known = (then > 0.0) * 1.0
    safe = now + (1.0 - opened)
    return _Kind(safe, then + (1.0 - known) * safe, opened, known, 0.0, 0.0)


def _speak_for_all(nests: Nests, sums: Sequence[_Kind], scores: Mapping[str, Column]) -> Column:
    """Whether every open kind has a score."""
    if not scores:
        return False
    pairs = zip(nests.kinds, sums, strict=True)
    missing = _sum([one.opened * np.isnan(scores.get(nest.kind or "", nan)) for nest, one in pairs])
    return missing == 0.0


def _size(kind: str | None, attraction: Column, scores: Mapping[str, Column], spoken: Column) -> Column:
    """W of a kind: its score where all open kinds have one, else its attraction at the reference."""
    if spoken is False:
        return attraction
    score = scores.get(kind or "", nan)
    return _where(spoken, _where(np.isnan(score), 0.0, score), attraction)


def _weighed(kind: _Kind, size: Column, within: float) -> _Kind:
    """The kind with W and w; both are 0 where it is closed."""
    size = kind.opened * size
    weight = size * power(kind.now / kind.then, within)
    return _Kind(kind.now, kind.then, kind.opened, kind.known, size, weight)


def _sum(columns: Sequence[Column]) -> Column:
    whole: Column = 0.0
    for column in columns:
        whole = whole + column
    return whole


def _at_least_some(total: Column) -> Column:
    """The total, and 1 where it is 0, to divide by."""
    return total + (total == 0.0)


def _where(condition: Column, then: Column, else_: Column) -> Column:
    if isinstance(condition, np.ndarray):
        return np.where(condition, then, else_)
    return then if condition else else_
