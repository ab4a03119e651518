"""What goes in and out, as marshmallow schemas: inputs are checked by them, answers are documented by them.

Inputs refuse unknown names. Answers are never dumped through a schema (that costs more than deciding): the engine
encodes them, and a test holds the bytes against the schema. Answers may grow; readers ignore what is new. One module
for each noun; what all of them share stands here.

    advisers      hours, leave, substitute, skill
    changes       the feed of changes
    contacts      contacts that somebody is about to make, and what became of them
    customers     customers stored, alone and in bulk
    events        what happened between customer and bank
    explanations  why, why not, and what would change it
    jobs          the offers of many customers, as a job
    leads         leads, and what is done with one
    offers        the offers of one customer, of a list of customers
    portrait      the portrait as the contract shows it
    preferences   what a customer permits
    releases      what goes in and out of release governance, as marshmallow schemas
    tokens        tokens of single customers
    visitors      what they are offered, and what was shown to them
    webhooks      where changes are sent, and what became of each delivery
"""

from typing import Any

from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, fields, validates_schema

from service.routes.http.fields import Strict, Word

LONG = 200
BEHALF = "The person for whom this is done, by the CRM's own id; it goes into the audit log."


def says(text: str, **more: Any) -> dict[str, Any]:
    """Metadata of a field."""
    return {"description": text, **more}


class Loose(Schema):
    """What we answer: readers ignore what they do not know, so the contract does not forbid it."""

    class Meta:
        """Nothing is said about other names."""

        unknown = EXCLUDE


class OnBehalf(Strict):
    """A write by a program for a person."""

    on_behalf_of = Word(metadata=says(BEHALF, example="adviser-17"))


class OfCustomer(Strict):
    """Whom something is about: by id, or by external key."""

    customer_id = Word(metadata=says("Whom it is about; external_key instead where that is the name at hand.",
                                     example="c-000001"))  # fmt: skip
    external_key = Word(LONG, metadata=says("The bank's own key of the customer, instead of customer_id.",
                                            example="CIF-0042"))  # fmt: skip

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _one(self, _: dict[str, Any], sent: Any, **_more: Any) -> None:
        if isinstance(sent, dict) and ("customer_id" in sent) == ("external_key" in sent):
            raise ValidationError("is required, or external_key instead, and not both", "customer_id")


class DecisionRecord(Loose):
    """A decision with its inputs, versions, factors and reasons; replays to the same bytes."""

    class Meta:
        """The record carries more than is promised here."""

        unknown = INCLUDE


class Fault(Loose):
    """One fault and where it stands."""

    where = fields.String(required=True, metadata=says("Field path, as events.3.amount_yuan."))
    message = fields.String(required=True)


class ProblemAnswer(Loose):
    """An error (RFC 9457)."""

    type = fields.String(
        required=True, metadata=says("The same in every language.", example="urn:fourcast:problem:invalid-input")
    )
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata=says("For people, as `title`; in the language they like."))
    errors = fields.List(fields.Nested(Fault))
    trace_id = fields.String(required=True)


class ItemProblem(Loose):
    """What a single call would have answered."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(Fault))


class Alive(Loose):
    """The process answers."""

    status = fields.String(required=True)


class ReadyAnswer(Loose):
    """This worker takes traffic; each server's state in words."""

    ready = fields.Boolean(required=True)
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
