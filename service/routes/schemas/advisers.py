"""Advisers: hours, leave, substitute, skill."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from service.routes.http.fields import Day, Strict, Truth, Whole, Word
from service.routes.schemas import Loose, OnBehalf, says


class AdviserInput(OnBehalf):
    """An adviser, whole."""

    branch = Word(required=True, metadata=says("The branch they work in.", example="b-1"))
    minutes_per_week = Whole(0, 10_080, required=True, metadata=says("Their stated time for leads.", example=600))
    minutes_per_contact = Whole(1, 480, required=True, metadata=says("What one contact takes.", example=25))
    active = Truth(load_default=True, metadata=says("false: gets no leads."))
    away_from = Day(load_default=None, allow_none=True, metadata=says("First day of leave.", example="2030-02-01"))
    away_until = Day(
        load_default=None, allow_none=True, metadata=says("Last day of leave; null: no end.", example="2030-02-14")
    )
    substitute = Word(
        load_default=None, allow_none=True, metadata=says("Who works their leads meanwhile; of the same branch.")
    )
    max_risk = Whole(
        0, 5, load_default=None, allow_none=True,
        metadata=says("The riskiest product they may sell, R1 to R5; 0: none with a risk; null: any.", example=3),
    )  # fmt: skip
    manager = Truth(load_default=False, metadata=says("true: may reassign, release and correct the branch's leads."))

    @validates_schema
    def _leave(self, value: dict[str, Any], **_: Any) -> None:
        first, last = value.get("away_from"), value.get("away_until")
        if last is not None and (first is None or last < first):
            raise ValidationError("must not come before away_from", "away_until")


class AdviserAnswer(Loose):
    """An adviser with their hours and leads at work."""

    id = fields.String(required=True)
    branch = fields.String(required=True)
    minutes_per_week = fields.Integer(required=True)
    minutes_per_contact = fields.Integer(required=True)
    active = fields.Boolean(required=True)
    leads_at_work = fields.Integer(required=True)
    away_from = fields.Date(allow_none=True)
    away_until = fields.Date(allow_none=True)
    substitute = fields.String(allow_none=True)
    max_risk = fields.Integer(allow_none=True)
    manager = fields.Boolean()


class AdvisersAnswer(Loose):
    """All advisers."""

    advisers = fields.List(fields.Nested(AdviserAnswer), required=True)


class BehalfQuery(Strict):
    """For whom it is done."""

    on_behalf_of = Word(metadata=says("The person for whom this is done; it goes into the audit log."))
