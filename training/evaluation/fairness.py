"""Fairness: how often suitable customers of each group take an offer, and how often the model would choose them.

Groups are those that the bank's files hold (sex, age band, region). Suitable means: at least one offer of the family
passes every eligibility and suitability gate of the shipped policy on the bank's day. A group's ratio is its rate over
that of the best group, with the interval of a ratio of two shares (Katz 1978); an alert is a whole interval below the
bound of monitoring.yaml. It is a signal to look, not a verdict: groups differ in means and in need.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
from scipy.stats import norm

from service.core.grid import start_of
from service.decision.compiled import compile_policy
from service.rules.policy import Policy
from service.rules.rulebook import open_cells
from training.arrays import Flags, Floats
from training.evaluation.curves import LEVEL, wilson

AGE_BANDS = ((0, 25), (25, 35), (35, 45), (45, 55), (55, 65), (65, 200))
LEAST = 100
"""A smaller group is left out: its interval would be too wide, and its members could be recognised."""
CHOSEN = 0.2
"""The best-scored share of the suitable that counts as chosen by the model."""
SUITABLE_STAGES = ("eligibility", "suitability")


def suitable(policy: Policy, columns: Mapping[str, Any], day: date) -> dict[str, Flags]:
    """``{family: (n,)}``: customers with at least one offer that passes eligibility and suitability.

    ``columns``: every attribute of n customers, (n, 1, 1) each, as the policy's table encodes them.
    """
    ready = compile_policy(policy)
    size = max(np.size(column) for column in columns.values())
    known = ready.columns.of_facts(columns, size, start_of(day, policy.contact.timezone))
    gates = [gate for gate in ready.array_rules.rulebook.gates if gate.stage in SUITABLE_STAGES]
    shape = (size, len(policy.offers), len(policy.channels))
    cells = np.asarray(open_cells((gate.passes(known) for gate in gates), shape).any(axis=2))
    families = np.array([offer.family for offer in policy.offers])
    return {family: np.asarray(cells[:, families == family].any(axis=1)) for family in policy.families}


def fairness_of(groups: Mapping[str, Any], taken: Floats, scores: Floats, may: Flags, bound: float) -> dict[str, Any]:
    """Rates and ratios of every group among the suitable; ``groups``: axis -> (n,) of words, None where unknown."""
    chosen = np.zeros(len(taken))
    best = np.argsort(np.where(may, -scores, np.inf), kind="stable")[: round(CHOSEN * may.sum())]
    chosen[best] = 1.0
    axes = {
        axis: {"accepted": _rows(words, taken, may, bound), "chosen": _rows(words, chosen, may, bound)}
        for axis, words in groups.items()
    }
    alerts = [
        f"{axis} {row['group']}: {what}"
        for axis, tables in axes.items()
        for what, rows in tables.items()
        for row in rows
        if row["alert"]
    ]
    return {"suitable": int(may.sum()), "bound": bound, "axes": axes, "alerts": alerts}


def groups_of(columns: Mapping[str, Any], rows: Any) -> dict[str, Any]:
    """Axis -> (n,) of words, of those axes with at least two groups in the files."""
    found = {}
    for axis in ("sex", "region"):
        words = columns.get(f"customer.{axis}")
        if words is not None:
            found[axis] = np.ravel(words)[rows]
    age = columns.get("customer.age")
    if age is not None:
        found["age"] = _bands(np.ravel(age)[rows])
    return {axis: words for axis, words in found.items() if len({word for word in words if word is not None}) > 1}


def _bands(age: Floats) -> Any:
    words = np.full(len(age), None, dtype=object)
    for low, high in AGE_BANDS:
        name = f"under {high}" if low == 0 else f"{low} and over" if high == 200 else f"{low} to {high - 1}"
        words[(age >= low) & (age < high)] = name
    return words


def _rows(words: Any, hits: Floats, may: Flags, bound: float) -> list[dict[str, Any]]:
    """One row per group of at least a hundred suitable customers; ratios to the group of the highest rate."""
    members = {str(word): may & (words == word) for word in sorted({one for one in words if one is not None})}
    counts = [(name, float(hits[rows].sum()), int(rows.sum())) for name, rows in members.items() if rows.sum() >= LEAST]
    if len(counts) < 2:
        return []
    top = max(counts, key=lambda one: one[1] / one[2])
    return [_row(*one, *top[1:], bound=bound) if one is not top else _top(*one) for one in _in_order(counts)]


def _in_order(counts: list[tuple[str, float, int]]) -> Iterator[tuple[str, float, int]]:
    """Age bands from the youngest, all else by name."""
    yield from sorted(counts, key=lambda one: (not one[0].startswith("under"), one[0]))


def _top(name: str, hits: float, size: int) -> dict[str, Any]:
    """The group all others are compared with: its ratio is 1 by definition and has no interval."""
    low, high = wilson(hits, size)
    rates = {"group": name, "customers": size, "rate": round(hits / size, 6), "low": low, "high": high}
    return {**rates, "ratio": 1.0, "ratio_low": None, "ratio_high": None, "alert": False}


def _row(name: str, hits: float, size: int, top_hits: float, top_size: int, *, bound: float) -> dict[str, Any]:
    low, high = wilson(hits, size)
    row: dict[str, Any] = {"group": name, "customers": size, "rate": round(hits / size, 6), "low": low, "high": high}
    if hits == 0 or top_hits == 0:
        return {**row, "ratio": 0.0 if top_hits else None, "ratio_low": None, "ratio_high": None, "alert": False}
    ratio = (hits / size) / (top_hits / top_size)
    spread = float(norm.ppf(0.5 + LEVEL / 2)) * np.sqrt(1 / hits - 1 / size + 1 / top_hits - 1 / top_size)
    least, most = (round(float(ratio * np.exp(side * spread)), 6) for side in (-1, 1))
    return {**row, "ratio": round(ratio, 6), "ratio_low": least, "ratio_high": most, "alert": most < bound}
