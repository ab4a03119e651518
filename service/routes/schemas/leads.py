"""Leads, and what is done with one."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from service.routes.http.fields import (
    LONG,
    Ahead,
    Day,
    Loose,
    QueryInteger,
    Strict,
    Truth,
    Word,
    Yuan,
    says,
)
from service.routes.offers.schemas import Reason

STATUSES = ["open", "claimed", "contacted", "accepted", "sold", "rejected", "withdrawn", "expired", "erased"]
OUTCOMES = ["accepted", "sold", "rejected", "no_answer", "call_back"]
FAR_DAYS = 92
"""How far ahead a call may be planned."""
NOTE = 500


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


class Maturity(Loose):
    """Money that matures."""

    on = fields.Date(required=True)
    amount_yuan = fields.Float(required=True, allow_none=True)


class LastContact(Loose):
    """A contact and what came of it: as it was reported, else the customer's next event about that offer."""

    at = fields.DateTime(required=True)
    channel = fields.String(required=True, allow_none=True)
    offer = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)


class Window(Loose):
    """From one instant to another."""

    from_ = fields.DateTime(required=True, data_key="from")
    until = fields.DateTime(required=True)


class Hours(Loose):
    """From one hour of the day to another, in the bank's zone."""

    from_ = fields.String(required=True, data_key="from")
    until = fields.String(required=True)


class LeadAnswer(Loose):
    """A lead with what to say, why, why not, and what would unlock more."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=says("The bank's own key of the customer, if any."))
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
    due_on = fields.Date(allow_none=True, metadata=says("By when to call: a week, or before money matures."))
    expires_at = fields.DateTime(allow_none=True, metadata=says("When it ends by itself."))
    call_back_at = fields.DateTime(allow_none=True, metadata=says("When the customer wants to be called."))
    note = fields.String(allow_none=True, metadata=says("The adviser's own."))
    outcome = fields.String(allow_none=True, metadata=says("What came of the last contact.", enum=[*OUTCOMES, None]))
    corrected_at = fields.DateTime(allow_none=True, metadata=says("When its sale was corrected."))
    maturity = fields.Nested(Maturity, allow_none=True, metadata=says("What matures next."))
    last_contact = fields.Nested(LastContact, allow_none=True, metadata=says("The newest, whoever made it."))
    customer_reason = fields.String(allow_none=True, metadata=says("The customer's own, as it was reported last."))
    call = fields.Nested(Window, allow_none=True, metadata=says("From when to when the phone is allowed next."))
    best_time = fields.Nested(
        Hours, allow_none=True, metadata=says("The hour at which the customer is most often about with the bank.")
    )
    talking_points = fields.List(
        fields.String(),
        required=True,
        metadata=says("Of the customer first, then of the offer, then what is disclosed."),
    )
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
        among=OUTCOMES,
        required=True,
        metadata=says("What the customer did.", example="rejected"),
    )
    reason = Word(LONG, metadata=says("The bank's own reason code, or a few words.", example="rate-too-low"))
    amount_yuan = Yuan(1e12, metadata=says("Money that moved; required for `sold`."))
    call_back_at = Ahead(FAR_DAYS, metadata=says("When to call back; only with `call_back`."))
    note = Word(NOTE, metadata=says("To remember.", example="Wants to ask her husband first"))

    @validates_schema
    def _whole(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("outcome") == "sold" and value.get("amount_yuan") is None:
            raise ValidationError("is required for outcome sold", "amount_yuan")
        if value.get("call_back_at") is not None and value.get("outcome") != "call_back":
            raise ValidationError("goes with outcome call_back only", "call_back_at")


class PlanInput(LeadActionInput):
    """What to note of a lead; what is left out stays."""

    call_back_at = Ahead(FAR_DAYS, metadata=says("When to call back.", example="2030-01-15T10:00:00+08:00"))
    due_on = Day(metadata=says("By when to call.", example="2030-01-20"))
    note = Word(NOTE, metadata=says("To remember.", example="Wants to ask her husband first"))

    @validates_schema
    def _something(self, value: dict[str, Any], **_: Any) -> None:
        if not any(value.get(name) for name in ("call_back_at", "due_on", "note")):
            raise ValidationError("at least one of call_back_at, due_on and note is required", "note")


class ReassignInput(LeadActionInput):
    """Who gets the lead."""

    to = Word(required=True, metadata=says("The adviser who gets it.", example="a-18"))
    reason = Word(LONG, metadata=says("Why.", example="On leave next week"))


class CorrectionInput(LeadActionInput):
    """What was wrong with a sale: its amount, or that there was none."""

    amount_yuan = Yuan(1e12, metadata=says("The right amount."))
    undone = Truth(metadata=says("true: there was no sale; the lead is as before it."))
    reason = Word(LONG, required=True, metadata=says("Why.", example="Typed one zero too many"))

    @validates_schema
    def _one(self, value: dict[str, Any], **_: Any) -> None:
        if (value.get("amount_yuan") is None) == (value.get("undone") is not True):
            raise ValidationError("is required, or undone: true instead of it", "amount_yuan")


class OverrideInput(LeadActionInput):
    """Another offer than the one decided."""

    offer = Word(required=True, metadata=says("The offer to propose instead.", example="term-6m"))
    reason = Word(LONG, required=True, metadata=says("Why.", example="Customer asked for six months"))
