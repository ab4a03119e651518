"""Propensity: which score speaks for each offer, laid on the grid.

``scores`` is one flat mapping of names to figures. A bundle returns it, and a decision's record stores it:

    <family>            P(the customer takes an offer of the family), by the family's model
    offer:<id>          P(the customer takes the offer), by a model of its own
    kind:<product>      P(the customer buys that kind of product), by the kind's model; what outcomes call it
    uplift:<family>     P(takes one of the family | shown) - P(the same | not shown), where the gate lets it order
    share:<id>          P(the offer is taken, of those who take one of its family), from evidence
    evidence:<id>       P(the offer is taken) by anybody it is shown to: the prior, smoothed into evidence
    ticket:<family>     yuan that a customer brings who takes an offer of the family
    response:<channel>  the channel's relative power to reach the customer
    segment:<id>        1 where the customer is in this trained segment (read by ``decision.segment_and_stage``)

The propensity of an offer comes from its own model, else from the family's model times the offer's share, else from
evidence, else from the policy's prior; ``source`` says from which. A missing name, None and NaN all mean no score. One
customer and many get the same bits.

An offer's uplift is the uplift of its family times the offer's share of the family's takers: P(offer) / P(family)
where the offer has a model of its own, else the share. It replaces the propensity in the priority, at 0 or more: a
customer who would rather buy unasked brings nothing by being asked, whatever the value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan, nan
from typing import Any, TypeGuard

import numpy as np

from service.core.grid import Array, GridIndex, by_customer, by_offer
from service.rules.policy import Policy

Scores = Mapping[str, float | None]
"""Scores of one customer by name; None where there is none."""

MODEL, FAMILY_MODEL, EVIDENCE, PRIOR = "model", "family model", "evidence", "prior"
"""Where a propensity comes from."""

OFFER, SHARE, EVIDENCE_OF, TICKET, RESPONSE = "offer:", "share:", "evidence:", "ticket:", "response:"
UPLIFT, SEGMENT, KIND = "uplift:", "segment:", "kind:"
"""The prefixes of names in the scores."""


@dataclass(frozen=True, slots=True)
class ResolvedScores:
    """``propensity`` (n, m, 1); ``tickets`` by family and ``responses`` by the channel's index, where there are any.

    Both are plain floats for one customer, and (n, 1, 1) with NaN for none for many. ``uplift`` is (n, m, 1) with NaN
    for none; None where no score is an uplift.
    """

    propensity: Array
    tickets: Mapping[str, Any] = field(default_factory=dict)
    responses: Mapping[int, Any] = field(default_factory=dict)
    uplift: Array | None = None


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of the scores of one offer, and its figures where there are none."""

    own: str
    family: str
    uplift: str
    share: str
    evidence: str
    prior: float
    usual_share: float


class ScoreResolver:
    """Resolves scores for the offers, families and channels of one policy."""

    def __init__(self, policy: Policy, places: GridIndex) -> None:
        self._offers = [
            _Names(
                own=OFFER + offer.id,
                family=offer.family,
                uplift=UPLIFT + offer.family,
                share=SHARE + offer.id,
                evidence=EVIDENCE_OF + offer.id,
                prior=policy.families[offer.family].prior,
                usual_share=offer.share,
            )
            for offer in policy.offers
        ]
        self._priors = by_offer([one.prior * one.usual_share for one in self._offers])
        self._families = places.families
        self._shares = list(zip(places.family_of, [one.usual_share for one in self._offers], strict=True))
        self._single = frozenset(name for one in self._offers for name in (one.own, one.share, one.evidence))
        self._tickets = [(family, TICKET + family) for family in places.families]
        self._uplifts = frozenset(UPLIFT + family for family in places.families)
        self._responses = [(place, RESPONSE + channel) for place, channel in enumerate(places.channels)]

    def resolve_one(self, scores: Scores) -> ResolvedScores:
        """The resolved scores of one customer."""
        if not scores:
            return ResolvedScores(self._priors)
        tickets = {family: said for family, name in self._tickets if is_present(said := scores.get(name))}
        responses = {place: said for place, name in self._responses if is_present(said := scores.get(name))}
        return ResolvedScores(by_offer(self._propensities_one(scores)), tickets, responses, self._uplift_one(scores))

    def _propensities_one(self, scores: Scores) -> list[float]:
        """The propensity of each offer; by a shorter way where only families have scores."""
        said = [scores.get(family) for family in self._families]
        if self._single.isdisjoint(scores) and all(map(is_present, said)):
            return [share * said[family] for family, share in self._shares]  # type: ignore[operator]
        return [_propensity_one(names, scores)[0] for names in self._offers]

    def resolve_many(self, scores: Mapping[str, Array], customers: int) -> ResolvedScores:
        """The resolved scores of n customers, from columns (n,)."""
        return ResolvedScores(
            _stacked([_propensity_many(names, scores) for names in self._offers], customers),
            {family: by_customer(scores[name]) for family, name in self._tickets if name in scores},
            {place: by_customer(scores[name]) for place, name in self._responses if name in scores},
            self._uplift_many(scores, customers),
        )

    def source(self, scores: Scores, offer: int) -> str:
        """Where the propensity of the offer at that index comes from: model, family model, evidence or prior."""
        return _propensity_one(self._offers[offer], scores)[1]

    def _uplift_one(self, scores: Scores) -> Array | None:
        if self._uplifts.isdisjoint(scores):
            return None
        return by_offer([_offer_uplift_one(names, scores) for names in self._offers])

    def _uplift_many(self, scores: Mapping[str, Array], customers: int) -> Array | None:
        if self._uplifts.isdisjoint(scores):
            return None
        return _stacked([_offer_uplift_many(names, scores) for names in self._offers], customers)


def is_present(score: float | None) -> TypeGuard[float]:
    """True where there is a score."""
    return score is not None and not isnan(score)


def is_propensity(name: str) -> bool:
    """True of the names of families, offers and kinds; not of tickets, responses and evidence."""
    return ":" not in name or name.startswith((OFFER, KIND))


def _propensity_one(names: _Names, scores: Scores) -> tuple[float, str]:
    own = scores.get(names.own)
    if is_present(own):
        return own, MODEL
    family = scores.get(names.family)
    if is_present(family):
        share = scores.get(names.share)
        return family * (share if is_present(share) else names.usual_share), FAMILY_MODEL
    evidence = scores.get(names.evidence)
    return (evidence, EVIDENCE) if is_present(evidence) else (names.prior * names.usual_share, PRIOR)


def _propensity_many(names: _Names, scores: Mapping[str, Array]) -> Any:
    found: Any = _over(scores.get(names.evidence), names.prior * names.usual_share)
    if names.family in scores:
        found = _over(scores[names.family] * _over(scores.get(names.share), names.usual_share), found)
    return _over(scores.get(names.own), found)


def _offer_uplift_one(names: _Names, scores: Scores) -> float:
    uplift = scores.get(names.uplift)
    if not is_present(uplift):
        return nan
    own, family, share = scores.get(names.own), scores.get(names.family), scores.get(names.share)
    if is_present(own) and is_present(family) and family > 0.0:
        return uplift * min(own / family, 1.0)
    return uplift * (share if is_present(share) else names.usual_share)


def _offer_uplift_many(names: _Names, scores: Mapping[str, Array]) -> Any:
    if names.uplift not in scores:
        return nan
    share = _over(scores.get(names.share), names.usual_share)
    if names.own in scores and names.family in scores:
        own, family = scores[names.own], scores[names.family]
        divided = np.divide(own, family, out=np.full(np.shape(own), nan), where=family > 0.0)
        share = _over(np.minimum(divided, 1.0), share)
    return scores[names.uplift] * share


def _stacked(columns: Sequence[Any], customers: int) -> Array:
    """(n, m, 1) of one column per offer."""
    return np.stack([np.broadcast_to(one, customers) for one in columns], axis=1)[:, :, np.newaxis]


def _over(said: Array | None, else_: Any) -> Any:
    """The scores, and something else where there is none."""
    return else_ if said is None else np.where(np.isnan(said), else_, said)
