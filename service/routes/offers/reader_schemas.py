"""Schemas of the explanations for a decision's customer, and for the adviser who speaks with them."""

from typing import Any

from marshmallow import fields

from service.routes.http.fields import Loose, describe

NULL: dict[str, Any] = {"required": True, "allow_none": True}


class Item(Loose):
    """Something known of the customer, by name; never its value."""

    id = fields.String(required=True, metadata={"example": "demand_yuan"})
    text = fields.String(required=True)


class Source(Loose):
    """Where what was used comes from, and what came from there."""

    source = fields.String(
        required=True, metadata={"enum": ["bank", "customer", "outside", "events", "consents"], "example": "bank"}
    )
    text = fields.String(required=True)
    items = fields.List(fields.Nested(Item), required=True)


class NotUsed(Loose):
    """What the record holds and nothing read."""

    text = fields.String(required=True)
    items = fields.List(fields.Nested(Item), required=True)


class ExplainedToCustomer(Loose):
    """An offer that was shown; without name where the customer may not hold it."""

    offer = fields.String(**NULL)
    name = fields.String(**NULL)
    channel = fields.String(required=True)
    reasons = fields.List(fields.String(), required=True)
    text = fields.String(required=True)


class NotShown(Loose):
    """Why other products are not shown, by topic; names none."""

    topic = fields.String(required=True, metadata={"example": "often"})
    text = fields.String(required=True)


class Change(Loose):
    """What the customer may freely do."""

    action = fields.String(required=True, metadata={"enum": ["personalisation", "assessment", "consent"]})
    text = fields.String(required=True)


class ExplanationBase(Loose):
    """What both explanations say of the decision."""

    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=describe("The bank's own key of the customer, if any."))
    decision_id = fields.String(**NULL)
    language = fields.String(required=True, metadata={"enum": ["zh", "en"]})
    decided_at = fields.DateTime(required=True)
    summary = fields.String(required=True)
    personalised = fields.Boolean(required=True)


class CustomerExplanation(ExplanationBase):
    """A decision in the customer's own words."""

    method = fields.String(required=True)
    personalisation = fields.String(
        required=True, metadata=describe("Whether it was personalised, and how to change that.")
    )
    used = fields.List(fields.Nested(Source), required=True)
    not_used = fields.Nested(NotUsed, required=True)
    offers = fields.List(fields.Nested(ExplainedToCustomer), required=True)
    withheld = fields.List(fields.Nested(NotShown), required=True)
    can_change = fields.List(fields.Nested(Change), required=True)
    rights = fields.String(required=True)


class ConductRuleAnswer(Loose):
    """A rule of conduct and the article it rests on."""

    id = fields.String(required=True)
    text = fields.String(required=True)
    ground = fields.String(required=True)


class Conduct(Loose):
    """The rules of conduct; ``version`` names their text, as attestations do."""

    version = fields.String(required=True, metadata={"example": "a94e8a7194e7"})
    rules = fields.List(fields.Nested(ConductRuleAnswer), required=True)


class Speakable(Loose):
    """A product that may be spoken of: why, and what is said of it, disclosures last."""

    offer = fields.String(required=True)
    name = fields.String(required=True)
    channel = fields.String(required=True)
    rank = fields.Integer(**NULL)
    reasons = fields.List(fields.String(), required=True)
    say = fields.List(fields.String(), required=True)
    second_confirmation = fields.Boolean(
        required=True, metadata=describe("Whether another member of staff must confirm the sale.")
    )


class NotOffered(Loose):
    """A gate that withholds products, its ground, and how many; names none."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    ground = fields.String(**NULL)
    offers = fields.Integer(required=True)


class AdviserExplanation(ExplanationBase):
    """A decision for the adviser who speaks with the customer."""

    conduct = fields.Nested(Conduct, required=True)
    notes = fields.List(fields.String(), required=True)
    offers = fields.List(fields.Nested(Speakable), required=True)
    not_offered = fields.List(fields.Nested(NotOffered), required=True)
    unlocks = fields.List(fields.String(), required=True)
