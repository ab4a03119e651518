"""A bank small enough to calculate by hand: four offers, four channels, one rule of every sort."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from service.core.attributes import parse_table
from service.core.attributes.features import FeatureProgram
from service.core.domain import Context, Event, Release, Snapshot
from service.core.expressions import Expression, Kind, Name, parse
from service.core.grid import GridIndex
from service.core.trails import surveys_of, trails_of
from service.rules.ahp import Hierarchy
from service.rules.history.event_counts import EventsByKind, PastTable, group_events, past_table
from service.rules.model.kinds import STATUTORY_KINDS
from service.rules.model.monitoring import Monitoring
from service.rules.model.portrait import LifetimeTerms, PortraitTerms, SatisfactionTerms
from service.rules.policy import (
    Cap,
    Channel,
    ConsentRule,
    Contact,
    CoolOff,
    Experiments,
    FamilyTerms,
    FitRule,
    GateRule,
    Offer,
    Policy,
    QuietHours,
)
from service.rules.vocabulary import CHANNEL, CONTEXT, HISTORY, OFFER, TICKET

NOON = 1_790_913_600_000  # 2026-10-02 12:00 in Shanghai, a Friday
HOUR, DAY = 3_600_000, 86_400_000
WORDS = {"zh": "词", "en": "words"}
EQUAL = {"consumer": 0.25, "cost": 0.25, "convenience": 0.25, "communication": 0.25}
RELEASE = Release(1, "p-small", "b-1")

TABLE = parse_table(
    {
        "attributes": [
            {"name": "age", "kind": "number", "range": [0, 120], "meaning": "years"},
            {"name": "total_yuan", "kind": "money", "range": [0, 1e12], "meaning": "all balances"},
            {"name": "demand_yuan", "kind": "money", "range": [0, 1e12], "meaning": "demand balance"},
            {"name": "risk_tolerance", "kind": "number", "range": [1, 5], "meaning": "C1 to C5"},
            {"name": "risk_assessed_on", "kind": "date", "meaning": "day of the assessment"},
            {"name": "tier", "kind": "text", "values": ["mass", "affluent"], "meaning": "tier"},
            {"name": "mobile_active", "kind": "boolean", "meaning": "uses the app"},
        ],
        "features": [
            {
                "name": "demand_share",
                "kind": "number",
                "expression": "customer.demand_yuan / nullif(customer.total_yuan, 0)",
                "meaning": "share held on demand",
            }
        ],
    }
)
TERMS = {"minimum_yuan": Kind.MONEY, "risk": Kind.NUMBER, "rate": Kind.NUMBER}
SCHEMA: dict[str, Name] = {
    **TABLE.schema(),
    **HISTORY,
    **CONTEXT,
    **OFFER,
    **CHANNEL,
    **{f"offer.{name}": Name(kind, frozenset({"offer"}), static=True) for name, kind in TERMS.items()},
}


def says(text: str, kind: Kind = Kind.BOOLEAN) -> Expression:
    return parse(text, {**SCHEMA, **TICKET}, kind)


def gate(rule_id: str, stage: str, require: str, applies: str | None = None, concern: str = "consumer") -> GateRule:
    return GateRule(
        id=rule_id,
        concern=concern,
        stage=stage,
        strategy="s",
        reason=WORDS,
        unlock=WORDS,
        applies=None if applies is None else says(applies),
        require=says(require),
    )


def fit(rule_id: str, concern: str, when: str, weight: float) -> FitRule:
    return FitRule(id=rule_id, concern=concern, stage="fit", strategy="s", reason=WORDS, when=says(when), weight=weight)


def offer(offer_id: str, family: str, share: float, lever: float = 1.0, **terms: float) -> Offer:
    return Offer(offer_id, family, share, share, lever, WORDS, terms)


def channel(channel_id: str, direction: str, cost: float, response: str = "1.0") -> Channel:
    return Channel(channel_id, direction, cost, says(response, Kind.NUMBER), ("slot",), WORDS, {})


def cap(rule_id: str, per: str, counts: Sequence[str], window_days: float, maximum: int, direction: str | None) -> Cap:
    return Cap(
        **_contact(rule_id),
        per=per,
        counts=tuple(counts),
        direction=direction,
        window_days=window_days,
        maximum=maximum,
    )


def _contact(rule_id: str) -> dict[str, Any]:
    return {"id": rule_id, "concern": "communication", "stage": "contact", "strategy": "s", "reason": WORDS}


OFFERS = (
    offer("term", "deposit", 0.75, minimum_yuan=50.0, rate=0.015),
    offer("cd", "deposit", 0.25, minimum_yuan=200_000.0, rate=0.02),
    offer("cash", "wealth", 0.5, minimum_yuan=1.0, risk=1.0),
    offer("equity", "wealth", 0.5, 1.5, minimum_yuan=1_000.0, risk=5.0),
)
CHANNELS = (
    channel("mobile_app", "inbound", 0.0),
    channel("branch", "inbound", 1.0, "case when customer.age >= 60 then 1.5 end"),
    channel("sms", "outbound", 0.05, "0.5"),
    channel("adviser_call", "outbound", 20.0, "case when history.channel_contacts_30d > 2 then 0.5 else 2 end"),
)
GATES = (
    gate("minimum", "eligibility", "customer.total_yuan >= offer.minimum_yuan", "offer.minimum_yuan > 1000"),
    gate("not-again", "applicability", "history.offer_accepted_days is null or history.offer_accepted_days > 90"),
    gate("assessed", "suitability", "customer.risk_assessed_on > context.year_ago", "offer.family = 'wealth'"),
    gate("risk", "suitability", "customer.risk_tolerance >= offer.risk", "offer.family = 'wealth'"),
    gate("complaint", "contact", "history.complaints_90d < 1", "channel.direction = 'inbound'", "communication"),
)
FITS = (
    fit("elder", "consumer", "customer.age >= 60 and offer.family = 'deposit'", 2.0),
    fit("idle-money", "cost", "customer.demand_share > 0.5", 1.5),
    fit("in-the-app", "convenience", "customer.mobile_active and channel.id = 'mobile_app'", 2.0),
    fit("clicked", "communication", "history.offer_clicked_days < 7", 3.0),
    fit("seen-often", "communication", "history.offer_impressions_7d >= 3 and channel.id = 'mobile_app'", 0.5),
)
CONTACT = Contact(
    timezone="Asia/Shanghai",
    holidays=("2026-10-01",),
    consents=(ConsentRule(**_contact("consent"), direction="outbound", purpose="marketing:<channel>"),),
    quiet_hours=(
        QuietHours(
            **_contact("quiet"),
            direction="outbound",
            channels=None,
            start_minute=21 * 60,
            end_minute=8 * 60,
            holidays=True,
        ),
    ),
    caps=(
        cap("offer-cap", "offer", ["impression"], 7, 5, None),
        cap("call-cap", "channel", ["contact"], 30, 4, "outbound"),
        cap("contact-cap", "customer", ["contact"], 7, 2, "outbound"),
    ),
    cool_offs=(CoolOff(**_contact("rest"), per="family", after=("dismiss", "reject"), days=30),),
)
FAMILIES = {
    "deposit": FamilyTerms(
        "deposit",
        0.1,
        92,
        says("coalesce(customer.total_yuan * 0.1, 1000)", Kind.MONEY),
        says("offer.ticket_yuan * (0.025 - offer.rate)", Kind.MONEY),
    ),
    "wealth": FamilyTerms(
        "wealth",
        0.02,
        92,
        says("coalesce(customer.total_yuan * 0.2, 2000)", Kind.MONEY),
        says("offer.ticket_yuan * 0.01", Kind.MONEY),
    ),
}
PLAIN = Experiments(0.0, "explore", 0.0, "holdout", 15)


def static_columns(offers: Sequence[Offer], channels: Sequence[Channel]) -> dict[str, Any]:
    """``offer.*`` as (1, m, 1) and ``channel.*`` as (1, 1, k)."""

    def text(words: Sequence[str]) -> Any:
        return np.array(list(words), dtype=object)

    columns = {"offer.id": text([o.id for o in offers]), "offer.family": text([o.family for o in offers])}
    columns |= {f"offer.{term}": np.array([o.terms.get(term, np.nan) for o in offers], dtype=float) for term in TERMS}
    columns = {name: column.reshape(1, -1, 1) for name, column in columns.items()}
    along = {"channel.id": text([c.id for c in channels]), "channel.direction": text([c.direction for c in channels])}
    along["channel.contact_cost_yuan"] = np.array([c.contact_cost_yuan for c in channels])
    return columns | {name: column.reshape(1, 1, -1) for name, column in along.items()}


def small_policy(**changes: Any) -> Policy:
    """The small bank's policy, any part of it replaced."""
    offers, channels = changes.get("offers", OFFERS), changes.get("channels", CHANNELS)
    parts: dict[str, Any] = {
        "hash": "p-small",
        "canonical": b"{}",
        "attributes": TABLE,
        "features": FeatureProgram(TABLE),
        "families": FAMILIES,
        "offers": offers,
        "channels": channels,
        "offer_terms": {},
        "channel_terms": {},
        "gates": GATES,
        "fits": FITS,
        "weights": EQUAL,
        "hierarchy": Hierarchy({}, (), EQUAL, ()),
        "strategies": {},
        "targets": {},
        "contact": CONTACT,
        "experiments": PLAIN,
        "messages": {},
        "variants": {},
        "portrait": PortraitTerms((), (), (), (), (), LifetimeTerms(1, 0, 0, 0), SatisfactionTerms(1, 5, 180, 50, ())),
        "monitoring": Monitoring(),
        "kinds": STATUTORY_KINDS,
        "schema": SCHEMA,
        "static_columns": static_columns(offers, channels),
    }
    return Policy(**(parts | changes))


def customer(
    attributes: Mapping[str, Any] | None = None,
    consents: Mapping[str, bool] | None = None,
    events: Sequence[Event] = (),
    customer_id: str = "c-1",
) -> Snapshot:
    return lived(Snapshot(customer_id, 1, attributes or {}, consents or {}), events)


def lived(snapshot: Snapshot, events: Iterable[Event]) -> Snapshot:
    """The customer, to whom these events happened and no others."""
    past = sorted(events, key=lambda one: (one.at, one.id))
    return replace(snapshot, trails=trails_of(past), surveys=surveys_of(past))


def past_of(events: Iterable[Event], places: GridIndex, now: int = NOON) -> EventsByKind:
    """What counting reads of these events."""
    several = list(events)
    return group_events(trails_of(several), surveys_of(several), places, now)


def table_of(pasts: Iterable[Iterable[Event]], places: GridIndex) -> PastTable:
    """What counting reads of several customers' events."""
    return past_table([lived(Snapshot("c", 1, {}), events) for events in pasts], places)


def event(kind: str, before: int, offer: str | None = None, channel: str | None = None, **more: Any) -> Event:
    """An event ``before`` ms before noon."""
    return Event(f"e-{kind}-{before}-{offer}-{channel}", "c-1", kind, NOON - before, offer, channel, **more)


def context(**more: Any) -> Context:
    return replace(Context(NOON), **more)


RICH = {
    "age": 45,
    "total_yuan": 300_000.0,
    "demand_yuan": 30_000.0,
    "risk_tolerance": 5,
    "risk_assessed_on": "2026-09-01",
}
ALL_CONSENTS = {"marketing:sms": True, "marketing:adviser_call": True}
