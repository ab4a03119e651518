"""The gates of a lead, judged again: an offer by an adviser, at the next time at which calls are allowed."""

from service.core.clock import Clock
from service.core.domain import Event, EventKind, Snapshot
from service.core.errors import ContactRefused, InvalidInput, TranslatedProblem
from service.decision.contact_permission import find_next_open, find_zone
from service.engine.releases.active_release import ReleaseFollower
from service.rules.policy import Policy
from service.store.leads import Actor, LeadJudgement

GONE = "offer-not-in-policy"
"""Closes a lead whose offer the policy no longer has, or whose customer no longer exists."""
NOT_IN_POLICY = {"zh": "现行政策中已无此产品", "en": "The policy does not have this offer any more"}
MOVED = "customer-moved"
"""Closes a lead whose customer has moved to another branch."""
OURS = {MOVED: {"zh": "客户已转至其他网点", "en": "The customer has moved to another branch"}}
"""Reasons that close a lead and are no rule of the policy, in words."""


class Judging:
    """Judges leads by the active release."""

    def __init__(self, releases: ReleaseFollower, clock: Clock) -> None:
        self._releases, self._clock = releases, clock

    def judge(self, snapshot: Snapshot, offer: str) -> LeadJudgement:
        """The gates' verdict on an offer by an adviser, at the next time at which calls are allowed."""
        serving, now = self._releases.serving, self._clock()
        mine = serving.for_customer(snapshot)
        channel = adviser_channel(mine.policy)
        at = find_next_open(mine.policy, channel, now, find_zone(mine.policy, snapshot))
        contact = Event("", snapshot.customer_id, EventKind.CONTACT, at, offer, channel)
        known = offer in {one.id for one in mine.policy.offers}
        gate = mine.closed_gate(snapshot, contact) if known else GONE
        return LeadJudgement(gate, serving.release.id, serving.until(now))

    def refusal(self, gate: str, sentence: str, actor: Actor) -> ContactRefused:
        """The error for a closed gate, in the policy's words."""
        rules = OURS | {rule.id: rule.reason for rule in self._releases.serving.policy.rules}
        reason = rules.get(gate, NOT_IN_POLICY)[actor.language]
        return ContactRefused(sentence, [TranslatedProblem(gate, reason, actor.language)])


def adviser_channel(policy: Policy) -> str:
    """The outbound channel in which advisers speak with customers: the one with the term ``adviser``.

    Raises:
        InvalidInput: the policy has none.
    """
    for one in policy.channels:
        if one.direction == "outbound" and one.terms.get("adviser") is True:
            return one.id
    raise InvalidInput("The policy has no outbound channel of advisers: none states the term `adviser`.")
