"""Fairness: how often suitable customers of each group take an offer, and how often the model would choose them.

Groups are those that the bank's files hold (sex, age band, region). Suitable means: at least one offer of the family
passes every eligibility and suitability gate of the shipped policy on the bank's day. A group's ratio is its rate over
that of the best group, with the interval of a ratio of two shares (Katz 1978); an alert is a whole interval below the
bound of monitoring.yaml. It is a signal to look, not a verdict: groups differ in means and in need.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from service.analysis.fairness.group_rates import compare_rates, find_personal_groups
from service.core.grid import start_of
from service.decision.compiled import compile_policy
from service.rules.policy import Policy
from service.rules.rulebook import open_cells
from training.arrays import Flags, Floats

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
    names = ("sex", "region", "age")
    known = {name: column for name in names if (column := columns.get(f"customer.{name}")) is not None}
    return find_personal_groups({name: np.ravel(column)[rows] for name, column in known.items()})


def _rows(words: Any, hits: Floats, may: Flags, bound: float) -> list[dict[str, Any]]:
    return [row.document() for row in compare_rates(words, hits, may, bound)]
