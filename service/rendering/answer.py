"""The answer to a request: a decision in words, as the bytes that a caller receives. Pure.

What depends on the policy alone (names, messages, reasons) is encoded once per language and kept in the ``Phrasebook``
of the release; an answer only joins finished pieces. ``degraded`` is the last member, so that a cached answer can be
marked as degraded (``mark_degraded``) without parsing it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import orjson

from service.core.domain import Decision, Treatment
from service.rendering.readers.naming import HELD
from service.rendering.readers.topics import ASSESSMENT, PRIVATE, UNJUDGED, Topic, list_topics
from service.rendering.readers.words import CUSTOMER, WITHHELD
from service.rules.model.rules import FitRule, Rule
from service.rules.policy import Policy
from service.rules.statutory import CONFIRMATIONS, STATUTORY

TAIL_WHOLE = b',"degraded":[]}'


class Standing(StrEnum):
    """How a customer stands to what is withheld from them.

    SHUT: a law closes everything whatever they do. UNKNOWN: nothing personal was used. RENEWABLE: they have no valid
    risk assessment.
    """

    SHUT, UNKNOWN, RENEWABLE, KNOWN = "shut", "unknown", "renewable", "known"


SHUTTING = frozenset(gate.id for gate in STATUTORY if gate.everybody and gate.stage in HELD)
"""The laws that close every offer to a customer whatever they do: nothing is said of what would open one."""


class Phrasebook:
    """Every text of a policy, encoded once, by (language, ...). One per release and worker."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._rules: dict[str, Rule] = {rule.id: rule for rule in policy.rules}
        self._offers = {offer.id: offer for offer in policy.offers}
        self._topics = list_topics(policy)
        self._pieces: dict[tuple[str, ...], orjson.Fragment | None] = {}
        self.timezone: tzinfo = ZoneInfo(policy.contact.timezone)
        self.placements = {channel.id: channel.placements for channel in policy.channels}

    def offer(self, treatment: Treatment, language: str, variant: str | None = None) -> orjson.Fragment:
        """Name, family and message of one treatment, in the plain words or in those of a segment."""
        key = ("offer", treatment.offer, treatment.channel, language, variant or "")
        piece = self._pieces.get(key)
        if piece is None:
            piece = self._pieces[key] = self._offer(treatment.offer, treatment.channel, language, variant)
        return piece

    def reason(self, rule_id: str, language: str) -> orjson.Fragment | None:
        """Code and text of a fit rule that raised the offer; None for a rule that lowered it."""
        key = ("reason", rule_id, language)
        if key not in self._pieces:
            rule = self._rules.get(rule_id)
            speaks_for = isinstance(rule, FitRule) and rule.weight > 1
            self._pieces[key] = (
                fragment({"code": rule_id, "text": rule.reason[language]}) if rule and speaks_for else None
            )
        return self._pieces[key]

    def confirmation(self, confirmation_id: str, language: str) -> orjson.Fragment:
        """Code and text of what must be confirmed before a sale."""
        key = ("confirmation", confirmation_id, language)
        piece = self._pieces.get(key)
        if piece is None:
            row = next(one for one in CONFIRMATIONS if one.id == confirmation_id)
            piece = self._pieces[key] = fragment({"code": row.id, "text": row.text[language]})
        return piece

    def withheld(self, rule_id: str, count: int, language: str, standing: Standing) -> orjson.Fragment | None:
        """Code and text of a gate, how many offers it closes, and what would open them; null where that is not told.

        None for a gate of private products: to whom they are closed, they are not hinted at. What would open risk-rated
        products is told of none but the assessment, and of that only where it is ``RENEWABLE``: an assessment that is
        valid is not to be retaken, and no product is a reason to take one. Of a customer of whom nothing personal was
        used, a gate that asks for facts says no more than that.
        """
        key = ("withheld", rule_id, str(count), language, standing)
        if key not in self._pieces:
            self._pieces[key] = self._withheld(rule_id, count, language, standing)
        return self._pieces[key]

    def _withheld(self, rule_id: str, count: int, language: str, standing: Standing) -> orjson.Fragment | None:
        topic = self._topics[rule_id]
        if topic.about == PRIVATE:
            return None
        unjudged = standing is Standing.UNKNOWN and topic.judges
        text = WITHHELD[UNJUDGED][language] if unjudged else topic.reason[language]
        unlock = None if unjudged else self._unlock(rule_id, topic, language, standing)
        return fragment({"code": rule_id, "text": text, "unlock": unlock, "offers": count})

    def _unlock(self, rule_id: str, topic: Topic, language: str, standing: Standing) -> str | None:
        if standing is Standing.SHUT:
            return None
        if topic.about == ASSESSMENT and standing is Standing.RENEWABLE:
            return CUSTOMER["assessment"][language]
        rule = self._rules.get(rule_id)
        return None if topic.hushed or rule is None or rule.unlock is None else rule.unlock[language]

    def _offer(self, offer_id: str, channel: str, language: str, variant: str | None) -> orjson.Fragment:
        offer = self._offers[offer_id]
        message = self._policy.message(offer_id, channel, language, variant)
        return fragment(
            {
                "name": offer.name[language],
                "family": offer.family,
                "title": message.title,
                "body": message.body,
                "disclosures": list(message.disclosures),
                "link": message.link,
            }
        )


def fragment(value: object) -> orjson.Fragment:
    """``value`` encoded once, to be embedded in many answers."""
    return orjson.Fragment(orjson.dumps(value))


class Sign(Protocol):
    """Signs the token that an accept of a treatment must carry; valid until ``until`` (ms UTC), None: as usual."""

    def __call__(self, decision: Decision, treatment: Treatment, until: int | None = None) -> str:
        """The token."""


PLAIN: Mapping[str, str] = {}
"""No offer in a segment's words."""


def render(
    decision: Decision, phrases: Phrasebook, language: str, valid_until: int, sign: Sign | None = None,
    variants: Mapping[str, str] = PLAIN, external_key: str | None = None, renewable: bool = False,
) -> bytes:  # fmt: skip
    """The answer to one request as JSON bytes, without personal figures: words, ranks and reasons only.

    Each offer carries its decision, its end and its token (null where nothing was recorded). ``variants`` maps an offer
    to the segment's words that it is shown in. ``renewable``: the customer has no valid risk assessment.
    """
    standing = _standing(decision, renewable)
    until = iso(valid_until, phrases.timezone)
    withheld = (phrases.withheld(rule, count, language, standing) for rule, count in decision.withheld.items())
    body = orjson.dumps(
        {
            "customer_id": decision.customer_id or (None if external_key is None else ""),
            "external_key": external_key,
            "decision_id": decision.id or None,
            "language": language,
            "decided_at": iso(decision.at, phrases.timezone),
            "valid_until": until,
            "personalised": decision.personalised,
            "offers": [
                _offer(treatment, phrases, language, variants.get(treatment.offer))
                | {
                    "decision_id": decision.id or None,
                    "valid_until": until,
                    "token": None if sign is None else sign(decision, treatment),
                }
                for treatment in decision.treatments
            ],
            "withheld": [one for one in withheld if one is not None],
        }
    )
    return body[:-1] + encode_tail(decision.degraded)


def _standing(decision: Decision, renewable: bool) -> Standing:
    if SHUTTING & decision.withheld.keys():
        return Standing.SHUT
    if not decision.personalised:
        return Standing.UNKNOWN
    return Standing.RENEWABLE if renewable else Standing.KNOWN


def encode_tail(degraded: Sequence[str]) -> bytes:
    """The last member of every answer, ``degraded``."""
    return b',"degraded":' + orjson.dumps(list(degraded)) + b"}"


def mark_degraded(body: bytes, parts: Sequence[str]) -> bytes:
    """A cached answer, marked with the ``parts`` that are away; one that was degraded already stays as it is."""
    return body.removesuffix(TAIL_WHOLE) + encode_tail(parts) if body.endswith(TAIL_WHOLE) else body


@lru_cache(maxsize=4096)
def _second(second: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(second, tz=zone).isoformat()


def iso(instant: int, zone: tzinfo) -> str:
    """An instant (ms UTC) as ISO 8601 with the bank's offset, to the second."""
    return _second(instant // 1000, zone)


def _offer(treatment: Treatment, phrases: Phrasebook, language: str, variant: str | None) -> dict[str, object]:
    reasons = (phrases.reason(rule, language) for rule in treatment.reasons)
    confirmed = [phrases.confirmation(one, language) for one in treatment.confirmations]
    return {
        "rank": treatment.rank,
        "offer": treatment.offer,
        "channel": treatment.channel,
        "alternatives": treatment.alternatives,
        "reasons": [reason for reason in reasons if reason is not None],
        "text": phrases.offer(treatment, language, variant),
        **({"confirmations": confirmed} if confirmed else {}),
    }
