"""Advisers, their leads, and what is done with a lead."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from service.routes.fields import QueryInteger, Strict, Truth, Whole, Word, Yuan
from service.routes.schemas import LONG, Loose, OnBehalf, says
from service.routes.schemas.offers import Reason

STATUSES = ["open", "claimed", "contacted", "accepted", "sold", "rejected", "withdrawn", "erased"]


class AdviserInput(OnBehalf):
    """An adviser, whole."""

    branch = Word(required=True, metadata=says("The branch they work in.", example="b-1"))
    minutes_per_week = Whole(0, 10_080, required=True, metadata=says("Their stated time for leads.", example=600))
    minutes_per_contact = Whole(1, 480, required=True, metadata=says("What one contact takes.", example=25))
    active = Truth(load_default=True, metadata=says("false: gets no leads."))


class AdviserAnswer(Loose):
    """An adviser with their hours and leads at work."""

    id = fields.String(required=True)
    branch = fields.String(required=True)
    minutes_per_week = fields.Integer(required=True)
    minutes_per_contact = fields.Integer(required=True)
    active = fields.Boolean(required=True)
    leads_at_work = fields.Integer(required=True)


class AdvisersAnswer(Loose):
    """All advisers."""

    advisers = fields.List(fields.Nested(AdviserAnswer), required=True)


class LeadsQuery(Strict):
    """Which leads."""

    branch = Word(metadata=says("Of this branch.", example="b-1"))
    adviser = Word(metadata=says("Of this adviser.", example="a-17"))
    status = Word(among=STATUSES, metadata=says("In this status.", example="open"))
    cursor = Word(300, metadata=says("The `next` of the page before."))
    limit = QueryInteger(1, 50, load_default=20, metadata=says("How many at most.", example=20))


class OtherOffer(Loose):
    """An offer that is not proposed, and why not."""

    offer = fields.String(required=True)
    name = fields.String(required=True)
    text = fields.String(required=True)


class LeadAnswer(Loose):
    """A lead with what to say, why, why not, and what would unlock more."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    branch = fields.String(required=True)
    adviser = fields.String(required=True)
    offer = fields.String(required=True)
    decided_offer = fields.String(required=True, metadata=says("Differs from `offer` after an override."))
    decision_id = fields.String(required=True)
    priority_yuan = fields.Float(required=True)
    strategies = fields.List(fields.String(), required=True)
    status = fields.String(required=True, metadata={"enum": STATUSES})
    closed_by = fields.String(required=True, allow_none=True, metadata=says("The gate that withdrew it."))
    reason = fields.String(required=True, allow_none=True)
    contacts = fields.Integer(required=True)
    built_at = fields.DateTime(required=True)
    claimed_at = fields.DateTime(required=True, allow_none=True)
    contacted_at = fields.DateTime(required=True, allow_none=True)
    sold_at = fields.DateTime(required=True, allow_none=True)
    sold_yuan = fields.Float(required=True, allow_none=True)
    talking_points = fields.List(fields.String(), required=True)
    why = fields.List(fields.Nested(Reason), required=True)
    why_not = fields.List(fields.Nested(OtherOffer), required=True)
    unlocks = fields.List(fields.String(), required=True)


class LeadsAnswer(Loose):
    """A page of leads, best first."""

    leads = fields.List(fields.Nested(LeadAnswer), required=True)
    next = fields.String(required=True, allow_none=True, metadata=says("The cursor of the next page, if any."))


class LeadActionInput(Strict):
    """Something an adviser does, through a program."""

    on_behalf_of = Word(required=True, metadata=says("The adviser's id.", example="a-17"))


class ReactionInput(LeadActionInput):
    """What came of the contact."""

    outcome = Word(
        among=["accepted", "sold", "rejected", "no_answer", "call_back"],
        required=True,
        metadata=says("What the customer did.", example="rejected"),
    )
    reason = Word(LONG, metadata=says("The bank's own reason code, or a few words.", example="rate-too-low"))
    amount_yuan = Yuan(1e12, metadata=says("Money that moved; required for `sold`."))

    @validates_schema
    def _whole(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("outcome") == "sold" and value.get("amount_yuan") is None:
            raise ValidationError("is required for outcome sold", "amount_yuan")


class OverrideInput(LeadActionInput):
    """Another offer than the one decided."""

    offer = Word(required=True, metadata=says("The offer to propose instead.", example="term-6m"))
    reason = Word(LONG, required=True, metadata=says("Why.", example="Customer asked for six months"))
