"""Rates by group beside the best-served group, with intervals: how often each group takes, or is shown, an offer. Pure.

A group's ratio is its rate over that of the group with the highest rate, with the interval of a ratio of two shares
(Katz 1978). A group with no hit at all has no such interval: its upper bound is that of its own rate (Wilson 1927) over
the lower bound of the best. An alert is a whole interval below the bound. It is a signal to look, not a verdict.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from service.core.grid import Array

DEVIATE = 1.959963984540054
"""Standard deviations of a 95 % interval."""
LEAST = 100
"""A smaller group is left out: its interval would be too wide, and its members could be recognised."""
DIGITS = 6
AGE_BANDS = ((0, 25), (25, 35), (35, 45), (45, 55), (55, 65), (65, 200))
"""From, and up to but not including, years."""
WORDS = ("sex", "region")
"""The attributes whose words are groups."""


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One group: its rate among ``customers``, and the ratio to the best-served group, each with its 95 % interval.

    The best-served group has the ratio 1 and no interval of it. ``ratio`` is None where no group has a hit.
    """

    group: str
    customers: int
    rate: float
    low: float
    high: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    alert: bool

    def document(self) -> dict[str, Any]:
        """The row as plain JSON values."""
        return asdict(self)


def wilson(hits: float, size: int) -> tuple[float, float]:
    """The Wilson interval of a share at 95 %.

    >>> wilson(5, 10)
    (0.236593, 0.763407)
    """
    z = DEVIATE
    share, denominator = hits / size, 1 + z**2 / size
    middle = (share + z**2 / (2 * size)) / denominator
    reach = z * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2)) / denominator
    return _rounded(middle - reach), _rounded(middle + reach)


def compare_rates(words: Array, hits: Array, may: Array, bound: float) -> list[GroupRate]:
    """One row per group with at least ``LEAST`` members among those who ``may``; none where there are fewer than two.

    ``words``: (n,) each customer's group, None where unknown. ``hits``: (n,) 0 or 1. ``may``: (n,) who counts.
    """
    members = {str(word): may & (words == word) for word in sorted({one for one in words if one is not None})}
    counts = [(name, float(hits[rows].sum()), int(rows.sum())) for name, rows in members.items() if rows.sum() >= LEAST]
    if len(counts) < 2:
        return []
    best = max(counts, key=lambda one: one[1] / one[2])
    return [_best(*one) if one is best else _row(*one, *best[1:], bound=bound) for one in _in_order(counts)]


def find_personal_groups(columns: Mapping[str, Any]) -> dict[str, Array]:
    """Axis -> (n,) of words for sex, region and age band; ``columns``: the raw attributes, None or NaN where unknown.

    An axis on which fewer than two groups are known is left out.
    """
    found = {axis: columns[axis] for axis in WORDS if columns.get(axis) is not None}
    if columns.get("age") is not None:
        found["age"] = band_ages(columns["age"])
    return {axis: words for axis, words in found.items() if len({word for word in words if word is not None}) > 1}


def band_ages(age: Array) -> Array:
    """(n,) the age band of each customer; None where the age is unknown."""
    words = np.full(len(age), None, dtype=object)
    for low, high in AGE_BANDS:
        name = f"under {high}" if low == 0 else f"{low} and over" if high == 200 else f"{low} to {high - 1}"
        words[(age >= low) & (age < high)] = name
    return words


def _in_order(counts: Sequence[tuple[str, float, int]]) -> Iterator[tuple[str, float, int]]:
    """Age bands from the youngest, all else by name."""
    yield from sorted(counts, key=lambda one: (not one[0].startswith("under"), one[0]))


def _best(name: str, hits: float, size: int) -> GroupRate:
    return GroupRate(name, size, round(hits / size, DIGITS), *wilson(hits, size), 1.0, None, None, alert=False)


def _row(name: str, hits: float, size: int, best_hits: float, best_size: int, *, bound: float) -> GroupRate:
    share = (name, size, round(hits / size, DIGITS), *wilson(hits, size))
    if best_hits == 0:
        return GroupRate(*share, None, None, None, alert=False)
    least, most = _interval(hits, size, best_hits, best_size)
    ratio = _rounded((hits / size) / (best_hits / best_size))
    return GroupRate(*share, ratio, least, most, alert=most < bound)


def _interval(hits: float, size: int, best_hits: float, best_size: int) -> tuple[float, float]:
    if hits == 0:
        return 0.0, _rounded(wilson(0, size)[1] / max(wilson(best_hits, best_size)[0], 1 / best_size))
    ratio = (hits / size) / (best_hits / best_size)
    spread = DEVIATE * np.sqrt(1 / hits - 1 / size + 1 / best_hits - 1 / best_size)
    return _rounded(ratio * np.exp(-spread)), _rounded(ratio * np.exp(spread))


def _rounded(value: float) -> float:
    return round(float(value), DIGITS)
