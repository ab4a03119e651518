"""Segment-like groups: every customer's place on a few axes that a marketer would ask about.

Bands of age and of all balances, and the words of ``segment`` and ``lifecycle_stage`` where the policy's table has
them. Pure; a simulation counts over what is returned here.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np

from service.domain import Attributes, Snapshot
from service.grid import Array
from service.rules.policy import Policy
from service.scoring.features import FeatureProgram

UNKNOWN = "unknown"
BANDS: Mapping[str, tuple[str, Sequence[float], Sequence[str]]] = {
    "age": ("age", (35.0, 50.0, 65.0), ("below 35", "35 to 49", "50 to 64", "65 and over")),
    "balances": (
        "total_yuan",
        (10_000.0, 50_000.0, 200_000.0, 1_000_000.0),
        ("below 10,000", "10,000 to 50,000", "50,000 to 200,000", "200,000 to 1 million", "1 million and over"),
    ),
}
"""Axis -> attribute or feature, lower bounds of the second band and up, names of the bands."""

WORDS: Mapping[str, str] = {"segment": "segment", "stage": "lifecycle_stage"}
"""Axis -> an attribute or feature whose words are the groups."""

Labels = Mapping[str, tuple[Array, tuple[str, ...]]]
"""Axis -> (n,) each customer's place among the names, and the names in order."""


def labels(policy: Policy, customers: Sequence[Snapshot]) -> Labels:
    """Every axis that the policy's table can place customers on."""
    bands = {axis: band for axis, band in BANDS.items() if policy.attributes.kind_of(band[0]) is not None}
    words = {axis: name for axis, name in WORDS.items() if policy.attributes.kind_of(name) is not None}
    program = FeatureProgram(policy.attributes.only([*(name for name, _, _ in bands.values()), *words.values()]))
    facts = [_facts(program, customer.attributes) for customer in customers]
    banded = {
        axis: _placed([_band(one[f"customer.{name}"], bounds, names) for one in facts], names)
        for axis, (name, bounds, names) in bands.items()
    }
    return banded | {axis: _worded([one[f"customer.{name}"] for one in facts]) for axis, name in words.items()}


def _facts(program: FeatureProgram, attributes: Attributes) -> dict[str, Any]:
    columns: dict[str, Any] = program.table.encode(attributes)
    program.one(columns)
    return columns


def _band(value: float, bounds: Sequence[float], names: Sequence[str]) -> str:
    return UNKNOWN if isnan(value) else names[bisect_right(bounds, value)]


def _worded(words: Sequence[str | None]) -> tuple[Array, tuple[str, ...]]:
    names = sorted({word for word in words if word is not None})
    return _placed([UNKNOWN if word is None else word for word in words], names)


def _placed(words: Sequence[str], names: Sequence[str]) -> tuple[Array, tuple[str, ...]]:
    whole = tuple(dict.fromkeys([*names, UNKNOWN]))
    order = {name: place for place, name in enumerate(whole)}
    return np.array([order[word] for word in words], dtype=np.intp), whole
