"""What is explained: a decision with everything it was made from, and the policy's names in one language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.core.domain import Context, Decision, Release, Snapshot, Text
from service.decision import Scores
from service.rendering.readers.topics import STRUCTURAL
from service.rendering.wording import Wording
from service.rules.model.rules import Rule
from service.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Subject:
    """A decision with everything it was made from."""

    policy: Policy
    decision: Decision
    snapshot: Snapshot
    context: Context
    scores: Scores
    release: Release


class Names:
    """The policy's names of its rules, offers, channels and segments, in the language of ``say``."""

    def __init__(self, policy: Policy, say: Wording) -> None:
        self.say, self.language = say, say.language
        self.rules: Mapping[str, Rule] = {rule.id: rule for rule in policy.rules}
        self._offers = {offer.id: offer for offer in policy.offers}
        self._channels = {channel.id: channel.name for channel in policy.channels}
        self._segments = {segment: target.name for segment, target in policy.targets.items()}

    def in_language(self, text: Text) -> str:
        """A text of the policy in the language."""
        return text[self.language]

    def reason(self, gate: str) -> str:
        """Why a gate closes."""
        rule = self.rules.get(gate)
        return self.in_language(rule.reason if rule else STRUCTURAL[gate])

    def offer(self, offer: str) -> str:
        """An offer's name."""
        return self.in_language(self._offers[offer].name)

    def seller(self, offer: str) -> dict[str, Any] | None:
        """As what the bank sells a product, its issuer's name and both ratings; None without ``sold_as``."""
        sold = self._offers[offer]
        stated = {key: sold.terms.get(key) for key in ("sold_as", "issuer_risk", "bank_risk")}
        issuer = None if sold.issuer is None else self.in_language(sold.issuer)
        return {**stated, "name": issuer} if stated["sold_as"] is not None else None

    def channel(self, channel: str) -> str:
        """A channel's name."""
        return self.in_language(self._channels[channel])

    def segment(self, segment: str) -> str:
        """A declared segment's name."""
        return self.in_language(self._segments[segment])
