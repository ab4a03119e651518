"""Attributes that tell a trait without its name: a code whose values part the groups of a trait. Pure.

An attribute tells a group of a trait by how far its values lie apart inside and outside the group (the total variation
distance of the two distributions):

    apart = sum over values of |share among members - share among others| / 2

0 where the attribute says nothing, 1 where it says all; a code that is right of 95 % of both sexes lies 0.9 apart. It
is measured on the bank's own customers, so it is asked where they are: at the gate of an approval.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.analysis.fairness.group_rates import LEAST
from service.core.attributes import Attribute
from service.core.domain import Snapshot
from service.core.grid import Array
from service.rules.model.traits import tells_trait
from service.rules.policy import Policy

APART = 0.8
"""From this distance on an attribute counts as the trait: it is then right of nine in ten on either side."""
BINS = 10
"""So many parts of equal size an amount or a number is cut into."""
FEW = 20
"""Values of fewer customers are taken together: among so few, chance alone parts groups."""
UNKNOWN, RARE = "unknown", "rare"


@dataclass(frozen=True, slots=True)
class Proxy:
    """``attribute`` tells ``group`` of the trait ``axis``: its values lie ``apart``, among ``customers``."""

    attribute: str
    axis: str
    group: str
    apart: float
    customers: int

    def __str__(self) -> str:
        tells = f"{self.attribute} tells {self.axis}"
        return f"{tells}: its values lie {self.apart:.0%} apart for {self.group} on {self.customers:,} customers"


def find_proxies(policy: Policy, people: Sequence[Snapshot], groups: Mapping[str, Array]) -> tuple[Proxy, ...]:
    """The attributes of the policy that tell a trait and are not known as one, each by the group it tells best."""
    unmarked = [one for one in policy.attributes.attributes if not one.personal and not tells_trait(one)]
    found = (_strongest(one, people, groups) for one in unmarked)
    return tuple(one for one in found if one is not None)


def _strongest(attribute: Attribute, people: Sequence[Snapshot], groups: Mapping[str, Array]) -> Proxy | None:
    values = _binned([one.attributes.get(attribute.name) for one in people])
    if len(set(values)) < 2:
        return None
    told = [
        Proxy(attribute.name, axis, group, apart, size)
        for axis, words in groups.items()
        for group, apart, size in _each_group(values, words)
    ]
    best = max(told, key=lambda one: one.apart, default=None)
    return best if best is not None and best.apart >= APART else None


def _each_group(values: Array, words: Array) -> Iterator[tuple[str, float, int]]:
    """Each group of at least ``LEAST`` members and as many others: how far the values lie apart, and among how many."""
    known = np.array([word is not None for word in words])
    for group in sorted({str(word) for word in words[known]}):
        member = known & (words == group)
        if LEAST <= member.sum() <= known.sum() - LEAST:
            yield group, measure_distance(values[member], values[known & ~member]), int(known.sum())


def measure_distance(inside: Array, outside: Array) -> float:
    """The total variation distance of two samples of words, 0 to 1.

    >>> measure_distance(np.array(["a", "a", "b", "b"]), np.array(["b", "b", "b", "b"]))
    0.5
    """
    words = np.unique(np.concatenate([inside, outside]))
    shares = [np.array([(side == word).mean() for word in words]) for side in (inside, outside)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _binned(values: Sequence[object]) -> Array:
    """(n,) each customer's value as a word: numbers by tenths of the customers, rare words together."""
    if any(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        return _by_tenths(np.array([np.nan if one is None else float(str(one)) for one in values]))
    words = np.array([UNKNOWN if one is None else f"={one}" for one in values])
    names, places, counts = np.unique(words, return_inverse=True, return_counts=True)
    return np.where(counts < FEW, RARE, names)[places]


def _by_tenths(numbers: Array) -> Array:
    known = ~np.isnan(numbers)
    edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, BINS + 1)[1:-1]))
    tenths = np.searchsorted(edges, numbers, side="right").astype(str)
    return np.where(known, tenths, UNKNOWN)
