"""Dominated offers: ``a beats b`` where a pays no less for no longer and no more, and is strictly better in one term.

``b`` is then closed wherever ``a`` is open to the same customer in the same channel: nobody should be offered the worse
of two alike. A family of catalogue.yaml states by which terms its offers are compared (``dominated_by``); one that
states none compares nothing. Never compared is an offer of a stated risk: its rate or benchmark is no promise, and
asset-management products are not ordered by it. An offer that takes less money than another (``maximum_yuan``) never
beats it. Pure.
"""

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np

from service.core.domain import Scalar
from service.core.grid import Array
from service.rules.contact_gates import GateMask
from service.rules.model.rules import DOMINATED, Dominance, Offer
from service.rules.policy import Policy
from service.rules.rulebook import open_cells


def beaten_offers(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Each offer that another beats on its terms alone, with those that beat it; in the policy's order."""
    found = {loser.id: tuple(one.id for one in policy.offers if _beats(policy, one, loser)) for loser in policy.offers}
    return {loser: winners for loser, winners in found.items() if winners}


class DominanceGate:
    """The gate of dominated offers of one policy; ``ids`` is its id, and empty where no family states it."""

    def __init__(self, policy: Policy) -> None:
        place = {offer.id: number for number, offer in enumerate(policy.offers)}
        self.ids = [DOMINATED.id] if policy.compares_offers else []
        self._beaten = [
            (place[loser], [place[one] for one in winners]) for loser, winners in beaten_offers(policy).items()
        ]

    def add_mask(self, gate_masks: Sequence[GateMask], shape: tuple[int, ...]) -> list[GateMask]:
        """The masks of all other gates, and the mask of this one; ``shape`` of the cells, (n, m, k)."""
        return [*gate_masks, self._mask(gate_masks, shape)] if self.ids else list(gate_masks)

    def renew_mask(self, gate_masks: Sequence[GateMask], shape: tuple[int, ...]) -> list[GateMask]:
        """The masks with that of this gate, the last, found anew: other gates have opened since."""
        return self.add_mask(gate_masks[:-1], shape) if self.ids else list(gate_masks)

    def _mask(self, gate_masks: Sequence[GateMask], shape: tuple[int, ...]) -> GateMask:
        if not self._beaten:
            return True
        customers, offers, channels = np.broadcast_shapes(shape, *(np.shape(mask) for mask in gate_masks))
        cells = open_cells(gate_masks, (customers, offers, channels))
        mask: Array = np.ones_like(cells)
        for loser, winners in self._beaten:
            mask[:, loser] = ~cells[:, winners].any(axis=1)
        return mask


def _beats(policy: Policy, one: Offer, other: Offer) -> bool:
    """Whether ``one`` is at least as good as ``other`` in every term, and better in one."""
    rule = policy.families[one.family].dominance if one.family in policy.families else None
    if rule is None or one is other or one.family != other.family or not (_comparable(one) and _comparable(other)):
        return False
    if any(one.terms.get(term) != other.terms.get(term) for term in rule.same):
        return False
    gains = [mine - theirs for mine, theirs in zip(_better(one, rule), _better(other, rule), strict=True)]
    takes_as_much = _number(one.terms, "maximum_yuan", inf) >= _number(other.terms, "maximum_yuan", inf)
    return takes_as_much and all(gain >= 0.0 for gain in gains) and any(gain > 0.0 for gain in gains)


def _comparable(offer: Offer) -> bool:
    return offer.terms.get("risk") is None


def _better(offer: Offer, rule: Dominance) -> list[float]:
    """What counts for an offer, more is better; a term that should be more and is not stated is NaN: never compared."""
    more = [_number(offer.terms, term, float("nan")) for term in rule.more]
    return [*more, *(-_number(offer.terms, term, 0.0) for term in rule.less)]


def _number(terms: Mapping[str, Scalar], name: str, unstated: float) -> float:
    found = terms.get(name)
    return unstated if found is None or isinstance(found, str) else float(found)
