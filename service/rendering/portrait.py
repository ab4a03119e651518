"""A customer's portrait in Chinese or English, as plain values: names from the policy, sentences from here. Pure.

What is unknown is null. ``missing`` lists, for each such part, the facts it needs.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from service.core.domain import Event, Scalar, Text
from service.decision.portrait import Lifetime, Portrait
from service.rendering.answer import iso
from service.rules.model.portrait import Tag
from service.rules.policy import Policy
from service.scoring.channel_record import ChannelRecord
from service.scoring.satisfaction import Satisfaction
from service.scoring.segments import Segment

WITHDRAWN: Text = {
    "zh": "客户已关闭个性化推荐：不推断分群、阶段、需求、标签和终身价值。",
    "en": "The customer has switched personalisation off: "
    "no segment, stage, needs, tags or lifetime value is inferred.",
}
SERVICE_FIRST: Text = {"zh": "客户不满意：先服务，后销售。", "en": "The customer is unhappy: service before sales."}
ASSUMPTIONS: Mapping[str, Sequence[str]] = {
    "zh": (
        "保持目前持有不变，每年毛利{margin:,.2f}元（已扣服务成本）",
        "{days:.0f}天内流失概率{lapse:.1%}（来源：{source}），此后按相同速度流失",
        "折现率每年{rate:.1%}，计算{years}年",
        "不含新业务与增长",
    ),
    "en": (
        "Holdings stay as they are today: {margin:,.2f} yuan of margin a year, servicing deducted",
        "{lapse:.1%} chance to leave within {days:.0f} days (source: {source}), at the same pace ever after",
        "Discounted at {rate:.1%} a year over {years} years",
        "No new business, no growth",
    ),
}


def describe_portrait(portrait: Portrait, policy: Policy, language: str) -> dict[str, Any]:
    """The portrait as plain JSON values; names and sentences in ``zh`` or ``en``."""
    terms, zone = policy.portrait, ZoneInfo(policy.contact.timezone)
    stages = {one.id: one.name for one in terms.stages}
    lifetime = portrait.lifetime
    return {
        "customer_id": portrait.customer_id,
        "at": iso(portrait.at, zone),
        "language": language,
        "policy": policy.hash,
        "personalised": portrait.personalised,
        "note": None if portrait.personalised else WITHDRAWN[language],
        "who": [_named(one.attribute, one.name, portrait.who[one.attribute], language) for one in terms.who],
        "segment": None if portrait.segment is None else _segment(portrait.segment, language),
        "stage": None if portrait.stage is None else _word(portrait.stage, stages[portrait.stage], language),
        "lifetime": None if lifetime is None else _lifetime(lifetime, language),
        "satisfaction": _satisfaction(portrait.satisfaction, policy, language),
        "needs": _tags(portrait.needs, terms.needs, language),
        "propensity": None if portrait.propensity is None else dict(portrait.propensity),
        "holdings": [
            {"id": one.id, "family": one.family, "name": one.name[language], "yuan": portrait.holdings[one.id]}
            for one in terms.holdings
        ],
        "channels": [_reach(one, policy, language, zone) for one in portrait.channels],
        "contact_history": {
            "counts_90d": dict(portrait.counts),
            "recent": [_event(event, zone) for event in portrait.recent],
        },
        "tags": _tags(portrait.tags, terms.tags, language),
        "dropped_labels": list(portrait.dropped),
        "missing": [{"part": part, "facts": list(facts)} for part, facts in portrait.missing.items()],
    }


def _named(name: str, words: Text, value: Scalar, language: str) -> dict[str, Any]:
    return {"attribute": name, "name": words[language], "value": value}


def _word(name: str, words: Text, language: str) -> dict[str, str]:
    return {"id": name, "name": words[language]}


def _segment(segment: Segment, language: str) -> dict[str, Any]:
    return {
        **_word(segment.id, segment.name, language),
        "description": segment.description[language],
        "share": segment.share,
        "typical": dict(segment.profile),
    }


def _lifetime(found: Lifetime, language: str) -> dict[str, Any]:
    figures = {
        "margin": found.margin_yuan,
        "lapse": found.lapse,
        "days": found.lapse_days,
        "source": found.source,
        "rate": found.discount_rate,
        "years": len(found.survivals),
    }
    return {
        "value_yuan": round(found.value_yuan, 2),
        "margin_yuan": round(found.margin_yuan, 2),
        "years": len(found.survivals),
        "survival": [round(share, 6) for share in found.survivals],
        "discount_rate": found.discount_rate,
        "lapse": {"probability": round(found.lapse, 6), "days": found.lapse_days, "source": found.source},
        "assumptions": [sentence.format(**figures) for sentence in ASSUMPTIONS[language]],
    }


def _satisfaction(found: Satisfaction, policy: Policy, language: str) -> dict[str, Any]:
    asked = {one.id: one.text for one in policy.portrait.satisfaction.questions}
    first = found.mend_first
    return {
        "overall": _rounded(found.overall),
        "concerns": {concern: _rounded(index) for concern, index in found.concerns.items()},
        "unhappy": found.unhappy,
        "advice": SERVICE_FIRST[language] if found.unhappy else None,
        "mend_first": None if first is None else {"id": first, "text": asked[first][language]},
        "answers": found.answers,
    }


def _rounded(index: float | None) -> float | None:
    return None if index is None else round(index, 1)


def _tags(ids: Sequence[str] | None, terms: Sequence[Tag], language: str) -> list[dict[str, str]] | None:
    if ids is None:
        return None
    return [{"id": one.id, "text": one.text[language]} for one in terms if one.id in ids]


def _reach(found: ChannelRecord, policy: Policy, language: str, zone: ZoneInfo) -> dict[str, Any]:
    channel = next(one for one in policy.channels if one.id == found.channel)
    return {
        **_word(channel.id, channel.name, language),
        "direction": channel.direction,
        "consent": found.consent,
        "consent_needed": found.consent_needed,
        "preferred": found.preferred,
        "contacts_30d": found.contacts,
        "last_contact_at": None if found.last_at is None else iso(found.last_at, zone),
    }


def _event(event: Event, zone: ZoneInfo) -> dict[str, Any]:
    facts = {"kind": event.kind, "offer": event.offer, "channel": event.channel, "amount_yuan": event.amount_yuan}
    return {"at": iso(event.at, zone), **facts, "score": event.score, "question": event.question}
