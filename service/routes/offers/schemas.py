"""How explanations are asked for, and what a replay looks like from outside."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from service.routes.examples.offers import OFFERS
from service.routes.http.fields import Strict, Word
from service.routes.schemas import Loose
from service.routes.schemas.offers import OffersQuery

YES_NO = ("true", "false")
_SHAP = {"description": "Also what each fact added to the model's score (SHAP). Slow.", "example": "false"}


class ExplainedQuery(OffersQuery):
    """The slot that asks, and whether to explain."""

    explain = Word(
        among=YES_NO,
        load_default="false",
        metadata={"description": "Decide without recording, and tell why. Needs the scope offers:explain."},
    )
    shap = Word(among=YES_NO, load_default="false", metadata=_SHAP)

    @validates_schema
    def _whole(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("shap") == "true" and value.get("explain") != "true":
            raise ValidationError("needs explain=true", "shap")


class ExplanationQuery(Strict):
    """How much to explain."""

    shap = Word(among=YES_NO, load_default="false", metadata=_SHAP)


class ReplayDifference(Loose):
    """One value that is no longer what it was."""

    path = fields.String(required=True, metadata={"example": "decision.treatments.0.priority"})
    stored = fields.Raw(required=True, allow_none=True)
    now = fields.Raw(required=True, allow_none=True)


class ReplayAnswer(Loose):
    """A decision made again from its record, its policy and its models."""

    decision_id = fields.String(required=True)
    identical = fields.Boolean(required=True)
    scores = fields.String(required=True, metadata={"enum": ["equal", "different", "not scored", "bundle not here"]})
    differences = fields.List(fields.Nested(ReplayDifference), required=True)


REPLAY: dict[str, Any] = {
    "decision_id": OFFERS["decision_id"],
    "identical": True,
    "scores": "equal",
    "differences": [],
}
