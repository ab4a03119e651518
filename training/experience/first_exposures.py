"""What an offer changes, from experience: each customer's first seen decision, what it showed and what came of it.

A trial of a family needs the untreated: customers who were shown other families' offers only. So the unit is not an
offer with its window (``observations``) but a customer with their first seen decision: the families it showed, and
those of which they took an offer within the window that it opened, shown or not. What later decisions showed is no part
of it: it follows from the first. The holdout counts here as everybody does, since it was served by another rule, which
is what makes it worth asking.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.rules.policy import Policy
from training.arrays import Floats


@dataclass(frozen=True, slots=True)
class FirstExposure:
    """A customer's first seen decision: the ``shown`` families, and of which they ``took`` one within the window."""

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
    """The first of a customer's showings, each with when it was seen; None where none was, or its window is not over.

    ``takes``: when an offer of which family was accepted or bought.
    """
    ordered = sorted(dated, key=lambda pair: pair[0])
    if not ordered or ordered[0][0] + window_ms > until:
        return None
    at, first = ordered[0]
    shown = {one.family for _, one in ordered if one.decision["id"] == first.decision["id"]}
    took = {family for moment, family in takes if family is not None and at <= moment < at + window_ms}
    return FirstExposure(first, frozenset(shown), frozenset(took))


def circumstances_of(first_exposures: Sequence[FirstExposure]) -> Floats:
    """(n, 4): channel, placement and trigger as codes, and the hour: what a decision depends on beside attributes."""
    columns = [
        _codes([one.circumstances.get(name) for one in first_exposures]) for name in ("channel", "placement", "trigger")
    ]
    hours = [float(one.circumstances["now"] // 3_600_000 % 24) for one in first_exposures]
    return np.column_stack([*columns, np.array(hours)]) if first_exposures else np.empty((0, 4))


def flags(first_exposures: Sequence[FirstExposure], family: str) -> tuple[Floats, Floats]:
    """(n,) whether each was shown an offer of the family, and whether they took one."""
    shown = np.array([family in one.shown for one in first_exposures], dtype=np.float64)
    return shown, np.array([family in one.took for one in first_exposures], dtype=np.float64)


def families_of(first_exposures: Sequence[FirstExposure], policy: Policy) -> list[str]:
    """The families that some were shown and some were not."""
    return [family for family in policy.families if len({family in one.shown for one in first_exposures}) > 1]


def _codes(words: Sequence[object]) -> Floats:
    places = {word: float(place) for place, word in enumerate(sorted({str(one) for one in words}))}
    return np.array([places[str(one)] for one in words], dtype=np.float64)
