"""What goes in and out, as marshmallow schemas: inputs are checked by them, answers are documented by them.

Inputs refuse unknown names. Answers are never dumped through a schema (that costs more than deciding): the engine
encodes them, and a test holds the bytes against the schema here. Answers may grow; readers ignore what is new.
"""

from typing import Any

from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, fields, validates_schema

from service.domain import EventKind, Family
from service.routes.fields import Amount, Instant, QueryInteger, Strict, Truth, Whole, Word

MAX_EVENTS = 200
ABOUT_AN_OFFER = frozenset({"impression", "click", "accept", "reject", "dismiss"})


class Loose(Schema):
    """What we answer: readers ignore what they do not know, so the contract does not forbid it."""

    class Meta:
        """Nothing is said about other names."""

        unknown = EXCLUDE


def _says(text: str, **more: Any) -> dict[str, Any]:
    return {"description": text, **more}


class OffersQuery(Strict):
    """The slot that asks."""

    channel = Word(metadata=_says("Only treatments in this channel of the policy.", example="mobile_app"))
    placement = Word(metadata=_says("The slot within the channel.", example="home_banner"))
    limit = QueryInteger(1, 10, load_default=3, metadata=_says("How many offers at most.", example=3))


class OffersInput(Strict):
    """The slot that asks, and what just happened there."""

    channel = Word(metadata=_says("Only treatments in this channel of the policy.", example="mobile_app"))
    placement = Word(metadata=_says("The slot or page within the channel.", example="home_banner"))
    limit = Whole(1, 10, load_default=3, metadata=_says("How many offers at most.", example=3))
    trigger = Word(metadata=_says("What just happened, in the policy's words.", example="maturity"))
    amount_yuan = Amount(0, 1e12, metadata=_says("Money just received or freed, in yuan.", example=50000))


class EventInput(Strict):
    """One thing that happened between the customer and the bank."""

    id = Word(required=True, metadata=_says("The sender's own id; sending it again is harmless.", example="app-7f3a-1"))
    customer_id = Word(required=True, metadata=_says("Whom it happened to.", example="c-000001"))
    kind = Word(among=[kind.value for kind in EventKind], required=True, metadata=_says("What happened."))
    at = Instant(required=True, metadata=_says("When it happened, with offset.", example="2026-11-23T09:30:00+08:00"))
    offer = Word(allow_none=True, metadata=_says("The offer it is about.", example="term-12m"))
    channel = Word(allow_none=True, metadata=_says("Where it happened.", example="mobile_app"))
    decision_id = Word(allow_none=True, metadata=_says("The decision that led to it."))
    amount_yuan = Amount(0, 1e12, allow_none=True, metadata=_says("Money that moved, in yuan.", example=50000))
    score = Amount(1, 5, allow_none=True, metadata=_says("What a survey answered, 1 (worst) to 5 (best)."))
    token = Word(
        128,
        allow_none=True,
        metadata=_says("The offer's token, as it came with the offer; required for kind accept."),
    )
    question = Word(allow_none=True, metadata=_says("What the survey asked, by its id in the policy's portrait."))

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
        metadata=_says("The events, oldest first.", minItems=1, maxItems=MAX_EVENTS),
    )


class EventStatus(Loose):
    """What became of one event."""

    id = fields.String(required=True)
    status = fields.String(required=True, metadata=_says("What was done.", enum=["stored", "duplicate"]))


class EventsAnswer(Loose):
    """All events are durable when this is sent."""

    events = fields.List(fields.Nested(EventStatus), required=True)


class ContactInput(Strict):
    """A contact that somebody is about to make."""

    id = Word(required=True, metadata=_says("The sender's own id; asking again is harmless.", example="sms-7f3a-1"))
    customer_id = Word(required=True, metadata=_says("Whom to contact.", example="c-000001"))
    offer = Word(required=True, metadata=_says("The offer it is about.", example="term-12m"))
    channel = Word(required=True, metadata=_says("The outbound channel.", example="sms"))
    decision_id = Word(allow_none=True, metadata=_says("The decision that led to it."))


class ContactAnswer(Loose):
    """The contact as it stands reserved."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    offer = fields.String(required=True)
    channel = fields.String(required=True)
    decision_id = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True, metadata=_says("Since when it counts."))


class PreferencesInput(Strict):
    """What a customer says now; what is left out stays as it was."""

    personalisation = Truth(metadata=_says("false: offers that rest on nothing personal.", example=False))
    do_not_contact = Truth(metadata=_says("true: no outbound channel at all.", example=False))
    consents = fields.Dict(
        keys=Word(), values=Truth(), metadata=_says("By purpose, `marketing:<channel>` for a channel.")
    )
    version = Word(required=True, metadata=_says("The wording that the customer saw.", example="privacy-2026-09"))


class LastWord(Loose):
    """A customer's newest word on one purpose."""

    granted = fields.Boolean(required=True)
    at = fields.DateTime(required=True)
    source = fields.String(required=True, metadata=_says("The client through which it was said."))
    version = fields.String(required=True)


class PreferencesAnswer(Loose):
    """What a customer permits, in force now."""

    customer_id = fields.String(required=True)
    personalisation = fields.Boolean(required=True)
    do_not_contact = fields.Boolean(required=True)
    consents = fields.Dict(
        keys=fields.String(),
        values=fields.Boolean(),
        required=True,
        metadata=_says("Every purpose that is asked after."),
    )
    said = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(LastWord),
        required=True,
        metadata=_says("The last word on each purpose."),
    )


class Reason(Loose):
    """A rule that spoke for an offer."""

    code = fields.String(required=True)
    text = fields.String(required=True)


class Withheld(Loose):
    """A rule that holds offers back, how many, and what would open it."""

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
    offer = fields.String(required=True, metadata=_says("The offer's id, as events name it."))
    decision_id = fields.String(required=True, allow_none=True, metadata=_says("The decision that chose it."))
    valid_until = fields.DateTime(required=True, metadata=_says("When to ask again."))
    token = fields.String(
        required=True, allow_none=True, metadata=_says("Proves that it was shown; an accept must bring it.")
    )
    channel = fields.String(required=True)
    alternatives = fields.List(fields.String(), required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)
    text = fields.Nested(OfferText, required=True)


class OffersAnswer(Loose):
    """The next best offers, best first; an empty list comes with the reasons in ``withheld``."""

    customer_id = fields.String(required=True)
    decision_id = fields.String(required=True)
    language = fields.String(required=True, metadata={"enum": ["zh", "en"]})
    decided_at = fields.DateTime(required=True)
    valid_until = fields.DateTime(required=True)
    personalised = fields.Boolean(required=True)
    offers = fields.List(fields.Nested(Offer), required=True)
    withheld = fields.List(fields.Nested(Withheld), required=True)
    degraded = fields.List(
        fields.String(), required=True, metadata=_says("Parts that were away: cache, models, database.")
    )


class DecisionRecord(Loose):
    """A decision with its inputs, versions, factors and reasons; replays to the same bytes."""

    class Meta:
        """The record carries more than is promised here."""

        unknown = INCLUDE


class Fault(Loose):
    """One fault and where it stands."""

    where = fields.String(required=True, metadata=_says("Field path, as events.3.amount_yuan."))
    message = fields.String(required=True)


class ProblemAnswer(Loose):
    """An error (RFC 9457)."""

    type = fields.String(required=True, metadata={"example": "urn:fourcast:problem:invalid-input"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(Fault))
    trace_id = fields.String(required=True)


class Alive(Loose):
    """The process answers."""

    status = fields.String(required=True)


class ReadyAnswer(Loose):
    """This worker takes traffic; each server's state in words."""

    ready = fields.Boolean(required=True)
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
