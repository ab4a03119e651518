"""Schemas that the resources of offers share: the answer with offers, and the explanation of a decision."""

from typing import Any

from marshmallow import fields

from service.core.domain import Family
from service.routes.http.fields import Loose, describe


class Told(Loose):
    """A part of the explanation in words, beside its figures and codes."""

    text = fields.String(required=True)


class Step(Told):
    """A step of the funnel: how many offers are left after it, and which gates took which."""

    stage = fields.String(required=True)
    left = fields.Integer(required=True)
    taken = fields.List(fields.Dict(), required=True)


class Unlock(Told):
    """An unlock: what would open which offers, and what is lacking."""

    gates = fields.List(fields.Dict(), required=True)
    offers = fields.List(fields.String(), required=True)


class Dropped(Told):
    """The first treatment without one factor of the priority."""

    factor = fields.String(required=True)
    offer = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True, allow_none=True)
    priority_yuan = fields.Float(required=True, allow_none=True)
    changes = fields.Boolean(required=True)


class Positioning(Told):
    """The message variant of a shown offer: a segment's, by the id of its entry, or the plain one (null)."""

    id = fields.String(required=True, allow_none=True, metadata={"example": "renew-at-maturity"})
    segment = fields.String(required=True, allow_none=True, metadata={"example": "maturing"})


class ExplainedOffer(Told):
    """One offer: outcome, factors of its priority in its best channel, and every channel with its closed gates."""

    offer = fields.String(required=True)
    name = fields.String(required=True)
    outcome = fields.String(required=True, metadata={"enum": ["shown", "possible", "withheld"]})
    rank = fields.Integer(required=True, allow_none=True)
    channel = fields.String(required=True)
    positioning = fields.Nested(Positioning, required=True, allow_none=True)
    seller = fields.Dict(
        allow_none=True,
        metadata=describe("sold_as (issuer, agency or own), the issuer's name, its risk rating and the bank's."),
    )
    factors = fields.Dict(required=True)
    channels = fields.List(fields.Dict(), required=True)


class ExplainedGate(Told):
    """One gate, its rule as the policy writes it, and the offers it closes."""

    code = fields.String(required=True)
    stage = fields.String(required=True)
    concern = fields.String(required=True)
    strategy = fields.String(required=True)
    rule = fields.String(required=True)
    unlock = fields.String(required=True, allow_none=True)
    ground = fields.String(required=True, allow_none=True)
    held = fields.Boolean(required=True)
    closes = fields.List(fields.String(), required=True)
    closes_in_some_channel = fields.List(fields.String(), required=True)


class ExplanationAnswer(Loose):
    """The explanation of a decision, made from its record alone."""

    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=describe("The bank's own key of the customer, if any."))
    decision_id = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, metadata={"enum": ["zh", "en"]})
    decided_at = fields.DateTime(required=True)
    arm = fields.String(required=True)
    personalised = fields.Boolean(required=True)
    explored = fields.Boolean(required=True)
    release = fields.Dict(required=True)
    summary = fields.String(required=True)
    funnel = fields.List(fields.Nested(Step), required=True)
    unlocks = fields.List(fields.Nested(Unlock), required=True)
    sensitivity = fields.List(fields.Nested(Dropped), required=True)
    offers = fields.List(fields.Nested(ExplainedOffer), required=True)
    gates = fields.List(fields.Nested(ExplainedGate), required=True)
    contributions = fields.Dict(metadata={"description": "With shap=true: by family, in log-odds."})


class Reason(Loose):
    """A rule that supports an offer."""

    code = fields.String(required=True)
    text = fields.String(required=True)


class Withheld(Loose):
    """A rule that withholds offers, how many, and what would open it."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    unlock = fields.String(required=True, allow_none=True)
    offers = fields.Integer(required=True)


class OfferText(Loose):
    """The offer in words."""

    name = fields.String(required=True)
    family = fields.String(required=True, metadata={"enum": [family.value for family in Family]})
    title = fields.String(required=True)
    body = fields.String(required=True)
    disclosures = fields.List(fields.String(), required=True)
    link = fields.String(required=True)


class Offer(Loose):
    """One treatment: an offer, its best channel and why."""

    rank = fields.Integer(required=True, metadata={"minimum": 1})
    offer = fields.String(required=True, metadata=describe("The offer's id, as events name it."))
    decision_id = fields.String(required=True, allow_none=True, metadata=describe("As of the whole answer."))
    valid_until = fields.DateTime(required=True, metadata=describe("When to ask again."))
    token = fields.String(
        required=True,
        allow_none=True,
        metadata=describe("Proves that it was shown; an accept must bring it. Null where nothing was recorded."),
    )
    channel = fields.String(required=True)
    alternatives = fields.List(fields.String(), required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)
    confirmations = fields.List(
        fields.Nested(Reason), metadata=describe("What must be confirmed before the sale; left out where nothing must.")
    )
    text = fields.Nested(OfferText, required=True)


class OffersAnswer(Loose):
    """The next best offers, best first. An empty list comes with reasons in ``withheld``."""

    customer_id = fields.String(
        required=True,
        metadata=describe("Empty by external key while the database is away: nobody can tell whose it is."),
    )
    external_key = fields.String(allow_none=True, metadata=describe("The bank's own key of the customer, if any."))
    decision_id = fields.String(
        required=True,
        allow_none=True,
        metadata=describe("The decision on record; null where none was made: database away, or explain=true."),
    )
    language = fields.String(required=True, metadata={"enum": ["zh", "en"]})
    decided_at = fields.DateTime(required=True)
    valid_until = fields.DateTime(required=True)
    personalised = fields.Boolean(required=True)
    offers = fields.List(fields.Nested(Offer), required=True)
    withheld = fields.List(fields.Nested(Withheld), required=True)
    degraded = fields.List(
        fields.String(),
        required=True,
        metadata=describe("Parts that were away: cache, models (none serves, or one is stopped), database."),
    )
    explanation = fields.Nested(ExplanationAnswer, metadata=describe("With explain=true alone."))


OFFERS: dict[str, Any] = {
    "customer_id": "c-000001",
    "decision_id": "0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10",
    "language": "en",
    "decided_at": "2026-11-23T09:30:00+08:00",
    "valid_until": "2026-11-23T09:45:00+08:00",
    "personalised": True,
    "offers": [
        {
            "rank": 1,
            "offer": "term-12m",
            "decision_id": "0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10",
            "valid_until": "2026-11-23T09:45:00+08:00",
            "token": "1.AZnTyG8efDqaVQ1vK35MEA.1795570200.6Tz3n0yRkQq4Zb8u2mWcVg",
            "channel": "mobile_app",
            "alternatives": ["branch"],
            "reasons": [{"code": "idle-demand-balance", "text": "Much of your balance earns the demand rate."}],
            "text": {
                "name": "Twelve-month deposit",
                "family": "deposit",
                "title": "Let your balance earn more",
                "body": "A twelve-month deposit from 10,000 yuan.",
                "disclosures": ["Early withdrawal earns the demand rate."],
                "link": "bank://offers/term-12m",
            },
        }
    ],
    "withheld": [
        {
            "code": "risk-assessment-missing",
            "text": "A risk assessment is needed first.",
            "unlock": "Complete the risk assessment.",
            "offers": 8,
        }
    ],
    "degraded": [],
}


YES_NO = ("true", "false")
SHAP = {"description": "Also what each fact added to the model's score (SHAP). Slow.", "example": "false"}
