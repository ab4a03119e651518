"""Which offers and kinds come first for each buyer, and how far down the first that was bought stands.

The customer sees offers: five of one kind before the right one are five misses. Simpler answers name kinds. So hits
count offers, and ranks and losses count kinds: a kind stands where its best offer stands.
"""

from dataclasses import dataclass

import numpy as np

from training.arrays import Flags, Floats

NOWHERE = np.inf
"""The position of what is not ranked at all."""
SMALLEST = 1e-6
"""Shares are clipped to this, so that one surprise does not outweigh all else."""


@dataclass(frozen=True)
class Ranking:
    """Of b buyers: the position (1 is first) of the first offer, and of the first kind, that was bought.

    ``NOWHERE`` where none is ranked. ``first`` is the index of the first offer; -1 where nothing is ranked.
    """

    offer: Floats
    kind: Floats
    first: Floats


def rank(order: Floats, members: Flags, bought: Flags) -> Ranking:
    """Rank offers by ``order`` (b, m), highest first, ties as listed; minus infinity is not ranked.

    ``members`` is (m, kinds), ``bought`` (b, kinds). Offers of no kind that anybody bought are one kind more.
    """
    kinds = np.column_stack([members, ~members.any(axis=1)])
    by_kind = np.column_stack([order[:, of].max(axis=1, initial=-np.inf) for of in kinds.T])
    right = np.column_stack([bought, np.zeros(len(bought), dtype=bool)])
    offers = bought.astype(np.int64) @ members.T.astype(np.int64) > 0
    first = np.where(np.isfinite(order).any(axis=1), np.argmax(order, axis=1), -1)
    return Ranking(position(order, offers), position(by_kind, right), first)


def position(order: Floats, right: Flags) -> Floats:
    """(b,) the position of the first right one among those ranked by ``order`` (b, things).

    >>> position(np.array([[1.0, 3.0, 2.0], [1.0, -np.inf, 2.0]]), np.array([[True, False, False]] * 2)).tolist()
    [3.0, 2.0]
    """
    ranked = np.argsort(-order, axis=1, kind="stable")
    hits = np.take_along_axis(right & np.isfinite(order), ranked, axis=1)
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1.0, NOWHERE)


def kind_loss(chances: Floats, open_kinds: Flags, bought: Flags) -> Floats:
    """(b,) the mean of -ln(share of a bought kind among the open ones) over a buyer's purchases that were open.

    NaN for buyers without such a purchase, and for those with one open kind only: there is nothing to choose.
    ``chances`` is (b, kinds) in any unit.
    """
    open_chances = np.where(open_kinds, chances, 0.0)
    shares = np.clip(open_chances / np.maximum(open_chances.sum(axis=1, keepdims=True), SMALLEST**2), SMALLEST, 1.0)
    counted = bought & open_kinds & (open_kinds.sum(axis=1, keepdims=True) > 1)
    purchases = counted.sum(axis=1)
    total = np.where(counted, -np.log(shares), 0.0).sum(axis=1)
    found: Floats = np.divide(total, purchases, out=np.full(len(total), np.nan), where=purchases > 0)
    return found
