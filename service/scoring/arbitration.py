"""``priority = propensity x value x fit x lever x response - contact cost - price``, in yuan, and who comes first.

Where a bundle carries an uplift that its gate lets order, the uplift is the first factor (``effect``). Here: the
arithmetic over the grid, the best channel of each offer, the order, and the probability with which an offer was shown.
Factors are multiplied in the order written, the offers' own first, so that one customer and many give the same bits. A
treatment is a candidate where it is allowed and its priority is above zero; ties go to the policy's order.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from service.core.errors import InvalidInput
from service.core.grid import Array, GridIndex, by_offer

AXES = ("offer", "family", "channel")


def priorities(
    propensity: Array, value: Array, lever: Array, fit: Array | float, response: Array | float, cost: Array
) -> Array:
    """Priority in yuan, (n, m, k); NaN where the value is unknown.

    >>> one = np.ones((1, 1, 1))
    >>> float(priorities(0.1 * one, 1000 * one, one, 1.2, 0.5, 3 * one)[0, 0, 0])
    57.0
    """
    found: Array = propensity * value * lever * fit * response - cost
    return found


def effect(propensity: Array, uplift: Array | None) -> Array:
    """The first factor of the priority: the uplift, 0 at least, where it is known; else the propensity; (n, m, 1).

    >>> effect(np.array([0.3, 0.3, 0.3]), np.array([0.1, -0.2, np.nan])).tolist()
    [0.1, 0.0, 0.3]
    """
    if uplift is None:
        return propensity
    return np.where(np.isnan(uplift), propensity, np.maximum(uplift, 0.0))


Ordering = Callable[[Array, Array, Array, Array | float, Array | float, Array], Array]
"""From the factors of ``priorities`` to what offers are ordered by; NaN where the value is unknown."""


def by_propensity(
    propensity: Array, value: Array, lever: Array, fit: Array | float, response: Array | float, cost: Array
) -> Array:
    """The propensity alone, whatever an offer brings or costs.

    >>> one = np.ones((1, 1, 1))
    >>> float(by_propensity(0.1 * one, 1000 * one, one, 1.2, 0.5, 300 * one)[0, 0, 0])
    0.1
    """
    return np.broadcast_to(np.where(np.isnan(value), np.nan, propensity), _whole(propensity, value, cost))


def as_listed(
    propensity: Array, value: Array, lever: Array, fit: Array | float, response: Array | float, cost: Array
) -> Array:
    """1 everywhere: all offers tie, and the policy's order decides."""
    return np.broadcast_to(np.where(np.isnan(value), np.nan, 1.0), _whole(propensity, value, cost))


def _whole(*factors: Array) -> tuple[int, ...]:
    return np.broadcast_shapes(*(factor.shape for factor in factors))


def priority_of(
    propensity: Array,
    uplift: Array | None,
    value: Array,
    lever: Array,
    fit: Array | float,
    response: Array | float,
    cost: Array,
    ordering: Ordering = priorities,
) -> Array:
    """``ordering`` of ``effect`` and the other factors, at most 0 where the uplift is not above 0; (n, m, k).

    So no cost below 0 pushes an offer that brings nothing.
    """
    found = ordering(effect(propensity, uplift), value, lever, fit, response, cost)
    return found if uplift is None else np.where(uplift <= 0.0, np.minimum(found, 0.0), found)


def prices(by_name: Mapping[str, float], places: GridIndex) -> Array:
    """The shadow price of every cell in yuan, (1, m, k): what its offer, its family and its channel each cost.

    Keys are ``offer:<id>``, ``family:<id>``, ``channel:<id>``; an id that the policy does not have prices nothing.

    Raises: InvalidInput: when a key begins with another word.
    """
    unknown = sorted(key for key in by_name if key.partition(":")[0] not in AXES)
    if unknown:
        raise InvalidInput(f"a price must be named offer:, family: or channel:<id>, got {', '.join(unknown)}")
    family = [places.families[place] for place in places.family_of]
    offers = by_offer(_named("offer", places.offers, by_name)) + by_offer(_named("family", family, by_name))
    found: Array = offers + np.array(_named("channel", places.channels, by_name))
    return found


def _named(axis: str, names: Sequence[str], by_name: Mapping[str, float]) -> list[float]:
    return [float(by_name.get(f"{axis}:{name}", 0.0)) for name in names]


def candidates(priority: Array, allowed: Array) -> Array:
    """Priority where a treatment may be offered (allowed, above zero), minus infinity elsewhere; (n, m, k)."""
    found: Array = np.where(allowed & (priority > 0.0), priority, -np.inf)
    return found


def ranking(best: Sequence[float]) -> list[int]:
    """The offers whose best priority is finite, highest first; ties in the policy's order.

    >>> ranking([1.0, float("-inf"), 3.0, 1.0])
    [2, 0, 3]
    """
    found = [place for place, priority in enumerate(best) if priority > 0.0]
    found.sort(key=best.__getitem__, reverse=True)  # stable also in reverse
    return found


def ranking_many(best: Array, limit: int) -> Array:
    """The first ``limit`` places of each row of (n, m) as (n, limit), -1 where there are fewer; as ``ranking``."""
    order = np.argsort(-best, axis=1, kind="stable")[:, :limit]
    kept = np.where(np.take_along_axis(best, order, axis=1) > 0.0, order, -1)
    return np.pad(kept, ((0, 0), (0, limit - kept.shape[1])), constant_values=-1)


def selection_probability(first: bool, limit: int, offers: int, epsilon: float) -> float:
    """P(the offer is among those shown | customer, context, policy)

    = (1 - epsilon) [it is among the ``limit`` highest priorities] + epsilon min(limit, offers) / offers,

    because with probability epsilon the shown offers are the head of a uniform permutation of all ``offers`` that may
    be offered. It is a property of the offer, the same whether or not this decision explored.

    >>> selection_probability(True, 3, 12, 0.02)
    0.985
    >>> selection_probability(False, 3, 12, 0.02)
    0.005
    """
    return (1.0 - epsilon) * first + epsilon * min(limit, offers) / offers
