"""First exposures, for uplift from events: each customer's first seen decision, what it showed and what was taken.

Uplift of a family needs untreated customers: those who were shown other families' offers only. So the unit is not an
offer with its window (``observations``) but a customer with their first seen decision: the families it showed, and the
families of which they took an offer within its window, shown or not. Later decisions are no part of it, since they
follow from the first. The holdout is included: it was served by another rule, which makes the comparison possible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.rules.policy import Policy
from training.arrays import Floats


@dataclass(frozen=True, slots=True)
class FirstExposure:
    """A customer's first seen decision: the families ``shown``, and the families ``took`` within the window."""

    exposure: Any
    shown: frozenset[str]
    took: frozenset[str]

    @property
    def circumstances(self) -> Mapping[str, Any]:
        """The context in which it was decided."""
        found: Mapping[str, Any] = self.exposure.context
        return found


def first_exposure_of(
    dated: Iterable[tuple[int, Any]], takes: Sequence[tuple[int, str | None]], window_ms: int, until: int
) -> FirstExposure | None:
    """The first of a customer's exposures, each dated by when it was seen; None where none was, or its window is not
    over.

    ``takes``: time (ms UTC) and family of each offer accepted or bought.
    """
    ordered = sorted(dated, key=lambda pair: pair[0])
    if not ordered or ordered[0][0] + window_ms > until:
        return None
    at, first = ordered[0]
    shown = {one.family for _, one in ordered if one.decision["id"] == first.decision["id"]}
    took = {family for moment, family in takes if family is not None and at <= moment < at + window_ms}
    return FirstExposure(first, frozenset(shown), frozenset(took))


def circumstances_of(first_exposures: Sequence[FirstExposure]) -> Floats:
    """(n, 4): channel, placement and trigger as codes, and the hour (UTC), on which a decision depends beside
    attributes."""
    columns = [
        _codes([one.circumstances.get(name) for one in first_exposures]) for name in ("channel", "placement", "trigger")
    ]
    hours = [float(one.circumstances["now"] // 3_600_000 % 24) for one in first_exposures]
    return np.column_stack([*columns, np.array(hours)]) if first_exposures else np.empty((0, 4))


def flags(first_exposures: Sequence[FirstExposure], family: str) -> tuple[Floats, Floats]:
    """(n,) whether each customer was shown an offer of the family, and whether they took one."""
    shown = np.array([family in one.shown for one in first_exposures], dtype=np.float64)
    return shown, np.array([family in one.took for one in first_exposures], dtype=np.float64)


def families_of(first_exposures: Sequence[FirstExposure], policy: Policy) -> list[str]:
    """The families that some customers were shown and some were not."""
    return [family for family in policy.families if len({family in one.shown for one in first_exposures}) > 1]


def _codes(words: Sequence[object]) -> Floats:
    places = {word: float(place) for place, word in enumerate(sorted({str(one) for one in words}))}
    return np.array([places[str(one)] for one in words], dtype=np.float64)
