"""Drift: how far customers of today lie from those a bundle learned from, per feature and score, with a verdict.

Order: the bundle's references and today's columns -> cells counted (``scoring.reference``) -> PSI over tenths, KS over
all cells -> a verdict by the policy's bounds, but only where there are enough customers and chance is ruled out. The
same for outcomes against propensities. Pure: command line, API and report give the same answer. scipy is imported
inside functions: importing it takes longer than everything else here, and a serving worker never measures drift.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from service.core.attributes import Array
from service.rules.model.monitoring import Monitoring
from service.scoring.reference import Document, count_cells

TENTHS = 10
FLOOR = 1e-4
"""The share that an empty cell counts as: PSI is undefined at zero."""
STEADY, WATCH, DRIFTED, TOO_FEW = "steady", "watch", "drifted", "too few customers"
WORST_FIRST = (DRIFTED, WATCH, STEADY, TOO_FEW)


@dataclass(frozen=True, slots=True)
class Shift:
    """One feature or score, then and now. ``psi_noise`` is the PSI that chance alone reaches; ``ks`` None for words.

    ``unknown_before`` and ``unknown_now`` are shares of the customers; ``verdict`` is one of steady, watch, drifted,
    too few customers.
    """

    name: str
    kind: str
    customers: int
    psi: float
    psi_noise: float
    ks: float | None
    ks_noise: float | None
    unknown_before: float
    unknown_now: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Calibrated:
    """One family's outcomes against its propensities: ``ratio`` = taken / expected, with its interval."""

    family: str
    customers: int
    taken: int
    expected: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Drift:
    """All that was compared, worst first within features and scores."""

    shifts: tuple[Shift, ...]
    calibration: tuple[Calibrated, ...] = ()

    @property
    def drifted(self) -> tuple[str, ...]:
        """The names of what drifted."""
        names = [shift.name for shift in self.shifts if shift.verdict == DRIFTED]
        return (*names, *(f"calibration of {one.family}" for one in self.calibration if one.verdict == DRIFTED))

    def document(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "drifted": list(self.drifted),
            "shifts": [asdict(shift) for shift in self.shifts],
            "calibration": [asdict(one) for one in self.calibration],
        }


def psi(before: Array, now: Array) -> float:
    """sum_i (now_i - before_i) * ln(now_i / before_i) over shares of the same cells; an empty cell counts as 1e-4.

    >>> round(psi(np.array([0.5, 0.5]), np.array([0.25, 0.75])), 4)
    0.2747
    """
    a, b = np.maximum(before, FLOOR), np.maximum(now, FLOOR)
    return float(((b - a) * np.log(b / a)).sum())


def ks(before: Array, now: Array) -> float:
    """max over cells of |F_before - F_now|, from shares of the same ordered cells.

    Exact where each cell is one value; else short of the exact distance by at most the largest cell's share.

    >>> ks(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    0.25
    """
    return float(np.abs(np.cumsum(before) - np.cumsum(now)).max(initial=0.0))


def tenths(shares: Array) -> Array:
    """For each cell the place of its tenth: neighbours joined until they hold a tenth of the reference, (cells,)."""
    places, place, held = np.empty(len(shares), dtype=np.int64), 0, 0.0
    for cell, share in enumerate(shares):
        places[cell], held = place, held + share
        if held >= 1.0 / TENTHS - 1e-9 and shares[cell + 1 :].sum() >= 0.5 / TENTHS:
            place, held = place + 1, 0.0
    return places


def measure_shift(name: str, kind: str, reference: Document, values: Array, bounds: Monitoring) -> Shift:
    """One column (n,) against its reference."""
    from scipy.special import chdtri

    counts = count_cells(reference, values).astype(np.float64)
    now, customers = counts / max(len(values), 1), len(values)
    before = np.append(np.array(reference["shares"], dtype=np.float64), float(reference["unknown"]))
    joined = tenths(before[:-1]) if "edges" in reference else np.arange(len(before) - 1)
    cells = np.append(joined, joined.max(initial=-1) + 1)
    index = psi(np.bincount(cells, before), np.bincount(cells, now))
    chance = 1.0 / max(customers, 1) + 1.0 / max(int(reference["customers"]), 1)
    noise = float(chance * chdtri(max(int(cells.max()), 1), 1.0 - bounds.certainty))
    distance, far = _distance(reference, before, counts, bounds)
    return Shift(
        name,
        kind,
        customers,
        round(index, 6),
        round(noise, 6),
        distance,
        far,
        round(float(before[-1]), 6),
        round(float(now[-1]), 6),
        _verdict(customers, (index, noise), (distance, far), bounds),
    )


def compare_calibration(family: str, propensities: Array, taken: Array, bounds: Monitoring) -> Calibrated:
    """taken / sum of propensities, with the interval of the sum of independent chances (normal, exact variance)."""
    from scipy.special import ndtri

    expected, count = float(propensities.sum()), int(taken.sum())
    if len(taken) < bounds.least_customers or expected <= 0.0:
        return Calibrated(family, len(taken), count, round(expected, 3), None, None, None, TOO_FEW)
    spread = float(ndtri(0.5 + bounds.certainty / 2.0) * np.sqrt((propensities * (1.0 - propensities)).sum()))
    low, high = (count - spread) / expected, (count + spread) / expected
    off = low > 1.0 + bounds.calibration_alert or high < 1.0 / (1.0 + bounds.calibration_alert)
    watch = not low <= 1.0 <= high
    verdict = DRIFTED if off else WATCH if watch else STEADY
    ratio, least, most = (round(one, 4) for one in (count / expected, max(low, 0.0), high))
    return Calibrated(family, len(taken), count, round(expected, 3), ratio, least, most, verdict)


def measure_drift(
    references: Mapping[str, Mapping[str, Document]],
    features: Mapping[str, Array],
    scores: Mapping[str, Array],
    bounds: Monitoring,
    calibration: tuple[Calibrated, ...] = (),
    growing: Collection[str] = (),
) -> Drift:
    """Every feature and score that has a reference against today's column of its name.

    ``growing`` features (``AttributeTable.growing``) are left out: they differ by nature.
    ``references``: ``{"features": {name: reference}, "scores": {family: reference}}`` as the manifest has it.
    """
    found = [
        measure_shift(name, kind, reference, np.ravel(columns[name]), bounds)
        for kind, columns in (("score", scores), ("feature", features))
        for name, reference in references[f"{kind}s"].items()
        if name in columns and not (kind == "feature" and name in growing)
    ]
    order = sorted(found, key=lambda one: (one.kind != "score", WORST_FIRST.index(one.verdict), -one.psi, one.name))
    return Drift(tuple(order), calibration)


def _distance(
    reference: Document, before: Array, counts: Array, bounds: Monitoring
) -> tuple[float | None, float | None]:
    """KS among the known values and what chance alone reaches; None for words and where nothing is known."""
    from scipy.special import kolmogi

    known, earlier = counts[:-1].sum(), before[:-1].sum()
    if "words" in reference or known == 0 or earlier == 0:
        return None, None
    customers = earlier * reference["customers"]
    far = kolmogi(1.0 - bounds.certainty) * np.sqrt(1.0 / known + 1.0 / customers)
    return round(ks(before[:-1] / earlier, counts[:-1] / known), 6), round(float(far), 6)


def _verdict(
    customers: int, index: tuple[float, float], distance: tuple[float | None, float | None], bounds: Monitoring
) -> str:
    if customers < bounds.least_customers:
        return TOO_FEW
    real_psi = index[0] if index[0] > index[1] else 0.0
    real_ks = distance[0] if distance[0] is not None and distance[0] > (distance[1] or 0.0) else 0.0
    if real_psi >= bounds.psi_alert or real_ks >= bounds.ks_alert:
        return DRIFTED
    return WATCH if real_psi >= bounds.psi_watch or real_ks >= bounds.ks_watch else STEADY
