"""What a customer permits."""

from marshmallow import fields

from service.routes.http.fields import Named, Strict, Truth, Word
from service.routes.schemas import Loose, says


class PreferencesInput(Strict):
    """What a customer says now; what is left out stays as it was."""

    personalisation = Truth(metadata=says("false: offers that rest on nothing personal.", example=False))
    do_not_contact = Truth(metadata=says("true: no outbound channel at all.", example=False))
    consents = Named(Truth(), metadata=says("By purpose, `marketing:<channel>` for a channel."))
    version = Word(required=True, metadata=says("The wording that the customer saw.", example="privacy-2026-09"))


class LastWord(Loose):
    """A customer's newest word on one purpose."""

    granted = fields.Boolean(required=True)
    at = fields.DateTime(required=True)
    source = fields.String(required=True, metadata=says("The client through which it was said."))
    version = fields.String(required=True)


class PreferencesAnswer(Loose):
    """What a customer permits, in force now."""

    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=says("The bank's own key of the customer, if any."))
    personalisation = fields.Boolean(required=True)
    do_not_contact = fields.Boolean(required=True)
    consents = fields.Dict(
        keys=fields.String(),
        values=fields.Boolean(),
        required=True,
        metadata=says("Every purpose that is asked after."),
    )
    because = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata=says("By purpose, the rule that holds it closed whatever the customer says: `retired-customer`."),
    )
    said = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(LastWord),
        required=True,
        metadata=says("The last word on each purpose."),
    )
