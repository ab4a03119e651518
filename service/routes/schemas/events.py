"""What happened between customer and bank."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from service.core.domain import EventKind
from service.routes.http.fields import Amount, Instant, Strict, Word, Yuan
from service.routes.schemas import ItemProblem, Loose, OfCustomer, says

MAX_EVENTS = 200
ABOUT_AN_OFFER = frozenset({"impression", "click", "accept", "reject", "dismiss"})


class EventInput(OfCustomer):
    """One thing that happened between the customer and the bank."""

    id = Word(required=True, metadata=says("The sender's own id; sending it again is harmless.", example="app-7f3a-1"))
    kind = Word(among=[kind.value for kind in EventKind], required=True, metadata=says("What happened."))
    at = Instant(required=True, metadata=says("When it happened, with offset.", example="2026-11-23T09:30:00+08:00"))
    offer = Word(
        allow_none=True,
        metadata=says("The offer it is about: one of the bank's, also one that was retired.", example="term-12m"),
    )
    channel = Word(allow_none=True, metadata=says("Where it happened: a channel of the bank's.", example="mobile_app"))
    decision_id = Word(
        allow_none=True,
        metadata=says("The decision that led to it: one of this customer's, which showed the offer."),
    )
    amount_yuan = Yuan(1e12, allow_none=True, metadata=says("Money that moved, in yuan and whole fen.", example=50000))
    score = Amount(1, 5, allow_none=True, metadata=says("What a survey answered, 1 (worst) to 5 (best)."))
    token = Word(
        128,
        allow_none=True,
        metadata=says(
            "The offer's token, as it came with the offer; required for kind accept. Good once, in its channel."
        ),
    )
    question = Word(allow_none=True, metadata=says("What the survey asked, by its id in the policy's portrait."))

    @validates_schema
    def _whole(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("kind") in ABOUT_AN_OFFER and value.get("offer") is None:
            raise ValidationError(f"is required for kind {value['kind']}", "offer")
        if value.get("kind") == "accept" and value.get("token") is None:
            raise ValidationError("is required for kind accept: send the token that came with the offer", "token")
        if value.get("kind") == "survey" and value.get("score") is None:
            raise ValidationError("is required for kind survey", "score")


class EventsInput(Strict):
    """Several events in one request."""

    events = fields.List(
        fields.Nested(EventInput),
        required=True,
        metadata=says("The events, oldest first.", minItems=1, maxItems=MAX_EVENTS),
    )


class EventStatus(Loose):
    """What became of one event."""

    id = fields.String(required=True)
    status = fields.String(required=True, metadata=says("What was done.", enum=["stored", "duplicate", "refused"]))
    problem = fields.Nested(ItemProblem, metadata=says("Why it is refused, as it would be if it were sent alone."))


class EventsAnswer(Loose):
    """What is not refused is durable when this is sent; in the order sent."""

    events = fields.List(fields.Nested(EventStatus), required=True)
