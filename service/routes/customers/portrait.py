"""GET /v1/customers/{customer_id}/portrait: who the customer is, what they hold and need, and what is not known.

For advisers and analysts: it holds what a customer is worth to the bank, so it is no customer's to read. Not on the hot
path, never cached. Each reading is written to the access log. The engine encodes the answer; a test holds the bytes
against these schemas.
"""

from typing import Any

from flask import Response, request
from marshmallow import fields

from service.core.domain import Client, Family
from service.core.errors import NotFound
from service.routes.http.fields import Loose, describe
from service.routes.http.guard import BoundClients, engine, note_reading
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse

NULL: dict[str, Any] = {"required": True, "allow_none": True}


class Fact(Loose):
    """An attribute of the customer."""

    attribute = fields.String(required=True)
    name = fields.String(required=True)
    value = fields.Raw(**NULL)


class Named(Loose):
    """An id and its name."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class SegmentAnswer(Named):
    """The nearest segment."""

    description = fields.String(required=True)
    share = fields.Float(required=True, metadata={"description": "Of all customers in training."})
    typical = fields.Dict(keys=fields.String(), values=fields.Float(allow_none=True), required=True)


class LapseAnswer(Loose):
    """The probability of leaving, and its source: a bundle's version, or policy."""

    probability = fields.Float(required=True)
    days = fields.Float(required=True)
    source = fields.String(required=True)


class LifetimeAnswer(Loose):
    """Lifetime value with the figures it follows from."""

    value_yuan = fields.Float(required=True)
    margin_yuan = fields.Float(required=True)
    years = fields.Integer(required=True)
    survival = fields.List(fields.Float(), required=True)
    discount_rate = fields.Float(required=True)
    lapse = fields.Nested(LapseAnswer, required=True)
    assumptions = fields.List(fields.String(), required=True)


class TagAnswer(Loose):
    """A tag or a need in words."""

    id = fields.String(required=True)
    text = fields.String(required=True)


class SatisfactionAnswer(Loose):
    """Satisfaction from 0 to 100 by C; null where nothing was asked."""

    overall = fields.Float(**NULL)
    concerns = fields.Dict(keys=fields.String(), values=fields.Float(allow_none=True), required=True)
    unhappy = fields.Boolean(**NULL)
    advice = fields.String(**NULL)
    mend_first = fields.Nested(TagAnswer, **NULL)
    answers = fields.Integer(required=True)


class HoldingAnswer(Named):
    """A balance."""

    family = fields.String(required=True, metadata={"enum": [family.value for family in Family]})
    yuan = fields.Float(**NULL)


class ChannelAnswer(Named):
    """A channel and the customer's consent to it (null: never asked)."""

    direction = fields.String(required=True)
    consent = fields.Boolean(**NULL)
    consent_needed = fields.Boolean(required=True)
    preferred = fields.Boolean(required=True)
    contacts_30d = fields.Integer(required=True)
    last_contact_at = fields.DateTime(**NULL)


class PastEvent(Loose):
    """Something that happened."""

    at = fields.DateTime(required=True)
    kind = fields.String(required=True)
    offer = fields.String(**NULL)
    channel = fields.String(**NULL)
    amount_yuan = fields.Float(**NULL)
    score = fields.Float(**NULL)
    question = fields.String(**NULL)


class ContactHistory(Loose):
    """Recent events: counts of 90 days by kind, and the newest first."""

    counts_90d = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    recent = fields.List(fields.Nested(PastEvent), required=True)


class Missing(Loose):
    """A part that is null, and the facts it needs."""

    part = fields.String(required=True)
    facts = fields.List(fields.String(), required=True)


class PortraitAnswer(Loose):
    """The portrait. What is inferred is null for a customer without personalisation; ``note`` says so."""

    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=describe("The bank's own key of the customer, if any."))
    at = fields.DateTime(required=True)
    language = fields.String(required=True, metadata={"enum": ["zh", "en"]})
    policy = fields.String(required=True)
    personalised = fields.Boolean(required=True)
    note = fields.String(**NULL)
    who = fields.List(fields.Nested(Fact), required=True)
    segment = fields.Nested(SegmentAnswer, **NULL)
    stage = fields.Nested(Named, **NULL)
    lifetime = fields.Nested(LifetimeAnswer, **NULL)
    satisfaction = fields.Nested(SatisfactionAnswer, required=True)
    needs = fields.List(fields.Nested(TagAnswer), **NULL)
    propensity = fields.Dict(keys=fields.String(), values=fields.Float(), **NULL)
    holdings = fields.List(fields.Nested(HoldingAnswer), required=True)
    channels = fields.List(fields.Nested(ChannelAnswer), required=True)
    contact_history = fields.Nested(ContactHistory, required=True)
    tags = fields.List(fields.Nested(TagAnswer), **NULL)
    dropped_labels = fields.List(fields.String(), metadata=describe("Labels that the customer dropped: not inferred."))
    missing = fields.List(fields.Nested(Missing), required=True)


api = Resource("portrait", __name__, description="Who a customer is.")


@api.get(
    "/v1/customers/<string:customer_id>/portrait",
    scope="offers:explain",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    answers={"200": response_doc("The portrait; what is unknown is null.", PortraitAnswer)},
    errors=(NotFound,),
)
def get_portrait(client: Client, customer_id: str) -> Response:
    """The portrait of a customer

    In Chinese or English by `Accept-Language`. Of a customer who refused personalisation nothing is inferred, and
    `note` says so. `missing` names the facts behind what is null. No customer's own key reads it.
    """
    note_reading(client, customer_id)
    spoken = choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    return RawResponse(engine().portrait(customer_id, spoken), 200, [NO_STORE, ("Content-Language", spoken)])
