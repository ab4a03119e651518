"""Lifetime value: margins on what a customer holds, as long as they stay, in today's money.

``value = sum over t = 1..T of margin_t * survival_t / (1 + d)**t`` (yuan), where
``survival_t = (1 - p)**(365.25 t / h)`` and p is the chance to lapse within h days. Margins are those of today's
holdings, at the end of each year. Growth, cross-selling and a change of p over time are left out; these assumptions are
shown together with the value.
``Lapse`` is p as training estimated it (``training.models.lapse``): a calibrated logistic curve over standardised
figures, from a bundle's manifest. Pure.
"""

from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from service.core.attributes import Array
from service.core.errors import BundleError, FourcastError
from service.core.expressions import compile_value
from service.rules.model.portrait import PortraitTerms
from service.scoring.standardize import Standard, are_known, fill_with_mean

YEAR_DAYS = 365.25


def lifetime_value(margins: Sequence[float], survivals: Sequence[float], discount_rate: float) -> float:
    """sum_t margin_t * survival_t / (1 + d)**t, t from 1.

    >>> lifetime_value([100.0, 100.0], [0.5, 0.25], 0.25)
    56.0
    """
    pairs = zip(margins, survivals, strict=True)
    return sum(
        margin * survival / (1.0 + discount_rate) ** year for year, (margin, survival) in enumerate(pairs, start=1)
    )


def survival(lapse: float, horizon_days: float, years: int) -> list[float]:
    """(1 - lapse)**(365.25 t / horizon_days) for t = 1..years: the chance to stay, at a constant hazard.

    >>> survival(0.5, 365.25, 3)
    [0.5, 0.25, 0.125]
    """
    return [(1.0 - lapse) ** (YEAR_DAYS * year / horizon_days) for year in range(1, years + 1)]


class LifetimeColumn:
    """``customer.lifetime_value_yuan`` of a decision: the portrait's figure, at the policy's chance to lapse.

    NaN where the margin of a holding is unknown. A bundle's own chance to lapse is the portrait's alone:
    it stands in no score, and a record would not replay by it.
    """

    NAME = "customer.lifetime_value_yuan"

    def __init__(self, terms: PortraitTerms, names: Collection[str]) -> None:
        """``names`` are those that the policy reads; where it is not among them, nothing is computed."""
        held = terms.holdings if self.NAME in names else ()
        self._runs = {many: [compile_value(one.margin_yuan, many) for one in held] for many in (False, True)}
        self._terms = terms.lifetime
        self._stays = survival(self._terms.lapse_per_year, YEAR_DAYS, self._terms.years)

    @classmethod
    def with_margins(cls, terms: PortraitTerms, names: frozenset[str]) -> frozenset[str]:
        """The names and, where the lifetime value is among them, all that it reads."""
        held = terms.holdings if cls.NAME in names else ()
        return names.union(*(one.margin_yuan.names for one in held))

    def add(self, columns: MutableMapping[str, Any], many: bool) -> None:
        """Add it to the columns of one customer (a float) or of many (n, 1, 1)."""
        runs = self._runs[many]
        if runs:
            margin = sum(run(columns) for run in runs) - self._terms.servicing_yuan
            columns[self.NAME] = lifetime_value([margin] * self._terms.years, self._stays, self._terms.discount_rate)


class Lapse:
    """P(the customer leaves within ``horizon_days``), as one bundle estimates it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Reads the manifest's ``lapse``.

        Raises: BundleError: when weights, horizon or calibration do not fit together.
        """
        self.standard = Standard.from_document(document)
        self.horizon_days = int(document["horizon_days"])
        self._intercept, self._weights = float(document["intercept"]), np.array(document["weights"], dtype=np.float64)
        self._x, self._y = (np.array(document["calibration"][axis], dtype=np.float64) for axis in "xy")
        if self._weights.shape != (len(self.standard.names),) or not np.isfinite(self._weights).all():
            raise BundleError(f"lapse needs one finite weight for each of {len(self.standard.names)} figures")
        if self.horizon_days < 1 or not _is_table(self._x, self._y):
            raise BundleError("lapse needs a horizon of at least a day and a calibration x, y that rises within 0 to 1")

    def predict_one(self, attributes: Mapping[str, object]) -> float | None:
        """The probability of one customer, 0 to 1; None where less than half of the figures are known."""
        z = self.standard.standardize_one(attributes)
        return float(self.predict_many(z)[0]) if are_known(z)[0] else None

    def predict_many(self, z: Array) -> Array:
        """The probabilities (n,) from standardised figures (n, f); an unknown figure counts as the mean."""
        return np.asarray(np.interp(logistic(self._intercept + fill_with_mean(z) @ self._weights), self._x, self._y))


def logistic(score: Array) -> Array:
    """1 / (1 + exp(-score)), without overflow."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(score, -500.0, 500.0))))


def faults(document: object) -> Iterator[str]:
    """The faults of a manifest's ``lapse``."""
    try:
        Lapse(document)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError, AttributeError, FourcastError) as error:
        yield f"lapse does not hold together: {type(error).__name__}: {str(error)[:200]}"


def _is_table(x: Array, y: Array) -> bool:
    shares = np.concatenate([x, y])
    within = len(x) == len(y) > 0 and bool(((shares >= 0.0) & (shares <= 1.0)).all())
    return within and bool((np.diff(x) > 0).all() and (np.diff(y) >= 0).all())
