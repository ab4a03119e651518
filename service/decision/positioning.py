"""Positioning: which segment's words each offer of a decision is told in. Pure.

Of the policy's variants that speak of an offer, the first whose segment the customer is in; none, and the plain words
stand. Nothing here is kept in the record: the same snapshot, context, scores and policy give the same words again.
Plain words always for who is not personalised, and in arms without the method's fit (``arms``: neutral), whose offers
are to be as impersonal as their order.
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
    """Offer -> the variant in whose words it is told, of those shown (or of others); absent where it is plain."""
    arm_policy = compile_policy(policy).arm_policies.get(decision.arm)
    if arm_policy is None or arm_policy.neutral or not decision.personalised:
        return {}
    told = (one.offer for one in decision.treatments) if offers is None else offers
    return compile_variants(policy).choose(snapshot, context, scores, told)


class MessageVariants:
    """One policy's variants, ready to be asked."""

    def __init__(self, policy: Policy) -> None:
        """Compiles the segments that have words."""
        self._variants = [(variant.id, variant.segment, variant.offers) for variant in policy.variants.values()]
        self._segments = SegmentMembership(policy, {one.segment: one.when for one in policy.variants.values()})

    def choose(self, snapshot: Snapshot, context: Context, scores: Scores, offers: Iterable[str]) -> dict[str, str]:
        """Offer -> variant, for one customer; nothing for one of whom nothing may be read."""
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
    """The policy's variants made ready, once, as ``compile_policy`` keeps its policies."""
    return MessageVariants(policy)
