"""Positioning: the message variant in whose words each offer of a decision is written. Pure.

Of the policy's variants of an offer, the first whose segment the customer is in; without one the plain words are used.
Nothing of it is stored in the record: the same snapshot, context, scores and policy give the same words again.
Customers without personalisation, and arms without the method's fit (``arms``: neutral), always get plain words, so
that their offers are as impersonal as their order.
"""

from collections.abc import Iterable
from functools import lru_cache

from service.core.domain import Context, Decision, Snapshot
from service.decision.compiled import compile_policy
from service.decision.segment_membership import SegmentMembership
from service.rules.policy import Policy
from service.scoring.propensity import Scores


def choose_variants(
    policy: Policy,
    decision: Decision,
    snapshot: Snapshot,
    context: Context,
    scores: Scores,
    offers: Iterable[str] | None = None,
) -> dict[str, str]:
    """Offer -> its variant, of the offers shown or of ``offers``; absent where the words are plain."""
    arm_policy = compile_policy(policy).arm_policies.get(decision.arm)
    if arm_policy is None or arm_policy.neutral or not decision.personalised:
        return {}
    told = (one.offer for one in decision.treatments) if offers is None else offers
    return compile_variants(policy).choose(snapshot, context, scores, told)


class MessageVariants:
    """One policy's variants, compiled."""

    def __init__(self, policy: Policy) -> None:
        """Compiles the segments that have words."""
        self._variants = [(variant.id, variant.segment, variant.offers) for variant in policy.variants.values()]
        self._segments = SegmentMembership(policy, {one.segment: one.when for one in policy.variants.values()})

    def choose(self, snapshot: Snapshot, context: Context, scores: Scores, offers: Iterable[str]) -> dict[str, str]:
        """Offer -> variant of one customer; none where the customer may not be read."""
        speaking = {offer: mine for offer in offers if (mine := self._speaking_of(offer))}
        if not speaking:
            return {}
        told, _ = self._segments.evaluate(snapshot, context, scores)
        found = {offer: [one for one, segment in mine if told[segment]] for offer, mine in speaking.items()}
        return {offer: mine[0] for offer, mine in found.items() if mine}

    def _speaking_of(self, offer: str) -> list[tuple[str, str]]:
        return [(one, segment) for one, segment, offers in self._variants if offer in offers]


@lru_cache(maxsize=16)
def compile_variants(policy: Policy) -> MessageVariants:
    """The policy's variants, compiled; cached as ``compile_policy`` caches policies."""
    return MessageVariants(policy)
