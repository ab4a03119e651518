"""Groups that a marketer would ask about: who is in which, on a few axes.

``age`` and ``balances`` in bands; ``segment``, those that the policy declares, where a customer may be in several;
``found segment``, the one that training found; ``stage``, that of the portrait. Pure; a simulation counts over what is
returned here.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np

from service.core.attributes.features import FeatureProgram
from service.core.domain import Attributes, Context, Snapshot
from service.core.grid import Array
from service.decision.segment_membership import SegmentMembership
from service.rules.policy import Policy
from service.scoring.propensity import Scores

UNKNOWN, NONE = "unknown", "none of them"
BANDS: Mapping[str, tuple[str, Sequence[float], Sequence[str]]] = {
    "age": ("age", (35.0, 50.0, 65.0), ("below 35", "35 to 49", "50 to 64", "65 and over")),
    "balances": (
        "total_yuan",
        (10_000.0, 50_000.0, 200_000.0, 1_000_000.0),
        ("below 10,000", "10,000 to 50,000", "50,000 to 200,000", "200,000 to 1 million", "1 million and over"),
    ),
}
"""Axis -> attribute or feature, lower bounds of the second band and up, names of the bands."""

PLACED_BY: Mapping[str, str] = {"found segment": "customer.segment", "stage": "customer.stage"}
"""Axis -> the column that places a customer."""

Groups = Mapping[str, Mapping[str, Array]]
"""Axis -> name -> (n,) who is in it."""


def find_groups(policy: Policy, customers: Sequence[Snapshot], context: Context, scores: Mapping[str, Array]) -> Groups:
    """Every axis that the policy can place customers on."""
    return {**_banded(policy, customers), **_placed(policy, customers, context, scores)}


def _banded(policy: Policy, customers: Sequence[Snapshot]) -> Groups:
    bands = {axis: band for axis, band in BANDS.items() if policy.attributes.kind_of(band[0]) is not None}
    program = FeatureProgram(policy.attributes.only([name for name, _, _ in bands.values()]))
    facts = [_facts(program, customer.attributes) for customer in customers]
    return {
        axis: _parted([_band(one[f"customer.{name}"], bounds, names) for one in facts], names)
        for axis, (name, bounds, names) in bands.items()
    }


def _placed(policy: Policy, customers: Sequence[Snapshot], context: Context, scores: Mapping[str, Array]) -> Groups:
    """By declared segment, by the segment that training found, by stage."""
    membership = SegmentMembership(policy, {name: target.when for name, target in policy.targets.items()}, placed=True)
    found = [membership.evaluate(one, context, _spoken(scores, row)) for row, one in enumerate(customers)]
    standing = {axis: [columns[name] or UNKNOWN for _, columns in found] for axis, name in PLACED_BY.items()}
    placed = {axis: _parted(words, sorted({*words} - {UNKNOWN})) for axis, words in standing.items()}
    return {"segment": _several([told for told, _ in found], policy.targets), **placed}


def _several(told: Sequence[Mapping[str, bool]], names: Iterable[str]) -> dict[str, Array]:
    """Who is in each of the segments, and who in none."""
    members = {name: np.array([one[name] for one in told], dtype=bool) for name in names}
    return {**members, NONE: np.array([not any(one.values()) for one in told], dtype=bool)} if members else {}


def _spoken(scores: Mapping[str, Array], row: int) -> Scores:
    """What was said of one customer."""
    return {name: said for name, column in scores.items() if not isnan(said := float(column[row]))}


def _facts(program: FeatureProgram, attributes: Attributes) -> dict[str, Any]:
    columns: dict[str, Any] = program.table.encode(attributes)
    program.derive_one(columns)
    return columns


def _band(value: float, bounds: Sequence[float], names: Sequence[str]) -> str:
    """The band of a figure in whole fen, as rules compare sums of yuan."""
    return UNKNOWN if isnan(value) else names[bisect_right(bounds, round(value, 2))]


def _parted(words: Sequence[str], names: Sequence[str]) -> dict[str, Array]:
    """Each name's customers; everybody is in one."""
    return {name: np.array([word == name for word in words], dtype=bool) for name in (*names, UNKNOWN)}
