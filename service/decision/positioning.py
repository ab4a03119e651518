"""Positioning: which segment's words each offer of a decision is told in. Pure.

Of the policy's variants that speak of an offer, the first whose segment the customer is in; none, and the plain words
stand. Nothing here is kept in the record: the same snapshot, context, scores and policy give the same words again.
Plain words always for who is not personalised, and in arms without the method's fit (``arms``: neutral), whose offers
are to be as impersonal as their order. Only what the segments read is worked out, a small part of a decision.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from service.decision.program import prepared
from service.decision.standing import Standing, with_stages
from service.decision.subject import is_personal
from service.domain import Context, Decision, Snapshot
from service.expressions import fold, truth
from service.grid import context_columns
from service.rules.history import History
from service.rules.policy import Policy
from service.rules.tally import seen
from service.scoring.features import FeatureProgram
from service.scoring.hearing import Scores


def positioned(
    policy: Policy,
    decision: Decision,
    snapshot: Snapshot,
    context: Context,
    scores: Scores,
    offers: Iterable[str] | None = None,
) -> dict[str, str]:
    """Offer -> the variant in whose words it is told, of those shown (or of others); absent where it is plain."""
    way = prepared(policy).ways.get(decision.arm)
    if way is None or way.neutral or not decision.personalised:
        return {}
    told = (one.offer for one in decision.treatments) if offers is None else offers
    return positioning(policy).of(snapshot, context, scores, told)


class Positioning:
    """One policy's variants, ready to be asked."""

    def __init__(self, policy: Policy) -> None:
        """Compiles the segments that have words, once each, and what they read."""
        self._ready = prepared(policy)
        self._variants = [(variant.id, variant.segment, variant.offers) for variant in policy.variants.values()]
        whens = {variant.segment: variant.when for variant in policy.variants.values()}
        self._holds = {name: truth(fold(when, policy.static_columns), many=False) for name, when in whens.items()}
        names = with_stages(policy, frozenset().union(*(when.names for when in whens.values())))
        used = [name.removeprefix("customer.") for name in names if name.startswith("customer.")]
        self._features = FeatureProgram(policy.attributes.only(used))
        self._history, self._standing = History(self._ready.places, names), Standing(policy, names)

    def of(self, snapshot: Snapshot, context: Context, scores: Scores, offers: Iterable[str]) -> dict[str, str]:
        """Offer -> variant, for one customer; nothing for one of whom nothing may be read."""
        speaking = {offer: mine for offer in offers if (mine := self._speaking_of(offer))}
        if not speaking or not is_personal(snapshot.attributes, snapshot.consents):
            return {}
        columns = self._columns(snapshot, context, scores)
        told = {name: bool(holds(columns)) for name, holds in self._holds.items()}
        found = {offer: [one for one, segment in mine if told[segment]] for offer, mine in speaking.items()}
        return {offer: mine[0] for offer, mine in found.items() if mine}

    def _speaking_of(self, offer: str) -> list[tuple[str, str]]:
        return [(one, segment) for one, segment, offers in self._variants if offer in offers]

    def _columns(self, snapshot: Snapshot, context: Context, scores: Scores) -> dict[str, Any]:
        """What the segments may read of the customer and the day."""
        moment = self._ready.moment(context.now)
        columns: dict[str, Any] = dict(self._features.table.encode(snapshot.attributes))
        self._features.one(columns)
        columns.update(context_columns(context, moment, self._ready.holidays))
        columns.update(self._history.consent_one(snapshot.consents))
        columns.update(self._history.one(seen(snapshot.events, self._ready.places, context.now)))
        self._standing.one(columns, scores)
        return columns


@lru_cache(maxsize=16)
def positioning(policy: Policy) -> Positioning:
    """The policy's variants made ready, once, as ``prepared`` keeps its policies."""
    return Positioning(policy)
