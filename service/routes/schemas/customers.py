"""Customers stored, alone and in bulk."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from service.core import customer_ids
from service.routes.http.fields import Named, QueryInteger, Several, Strict, Text, Word
from service.routes.schemas import LONG, ItemProblem, Loose, OnBehalf, says
from service.routes.schemas.offers import MAX_BULK


class CustomerInput(OnBehalf):
    """A customer, whole: what is left out is unknown from now on."""

    external_key = Word(
        LONG, metadata=says(f"The bank's own key of the customer; unique. {customer_ids.SENTENCE}", example="CIF-0042")
    )
    attributes = Named(
        fields.Raw(allow_none=True),
        required=True,
        metadata=says("By name, as attributes.yaml of the policy has them; null is unknown."),
    )


class CustomerPatch(OnBehalf):
    """What changes of a customer; what is left out stays."""

    external_key = Word(LONG, allow_none=True, metadata=says("Null takes it away.", example="CIF-0042"))
    attributes = Named(
        fields.Raw(allow_none=True),
        metadata=says("Those to be changed, by name; null is unknown from now on."),
    )


class KeyedCustomerInput(OnBehalf):
    """A customer found by external key."""

    attributes = CustomerInput().declared_fields["attributes"]


class BulkCustomerInput(CustomerInput):
    """One customer of several: ``id``, ``external_key``, or both."""

    id = Word(metadata=says(f"The customer's id. {customer_ids.SENTENCE}", example="c-000001"))

    @validates_schema
    def _named(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("id") is None and value.get("external_key") is None:
            raise ValidationError("id or external_key is required", "id")


class LookUp(Strict):
    """Whom to look up, by one of two names, whatever characters it has."""

    id = Text(metadata=says("The customer's id.", example="c-000001"))
    external_key = Text(metadata=says("The bank's own key of the customer.", example="CIF-0042"))

    @validates_schema
    def _one(self, value: dict[str, Any], **_: Any) -> None:
        if len(value) != 1:
            raise ValidationError("is required, or external_key instead, and not both", "id")


class Erasure(OnBehalf):
    """Whom to erase, whatever characters their id or external key has."""

    id = Text(metadata=says("The customer's id.", example="c-000001"))
    external_key = Text(metadata=says("The bank's own key of the customer, instead of the id.", example="CIF-0042"))

    @validates_schema
    def _one(self, value: dict[str, Any], **_: Any) -> None:
        if ("id" in value) == ("external_key" in value):
            raise ValidationError("is required, or external_key instead, and not both", "id")


class BulkCustomersInput(Strict):
    """Up to 200 customers."""

    customers = Several(fields.Raw(), 1, MAX_BULK, "customers", required=True)


class OriginAnswer(Loose):
    """Who said an attribute last, and as of when it holds."""

    as_of = fields.DateTime(required=True)
    source = fields.String(required=True, metadata=says("import, or api: and the client.", example="api:branch-crm"))


class CustomerAnswer(Loose):
    """A customer as stored."""

    customer_id = fields.String(required=True)
    external_key = fields.String(required=True, allow_none=True)
    revision = fields.Integer(required=True, metadata=says("Rises with every change to the customer, and never falls."))
    attributes = fields.Dict(required=True)
    origins = fields.Dict(
        values=fields.Nested(OriginAnswer),
        metadata=says("By attribute. One that is not among the attributes was said to be unknown."),
    )
    updated_at = fields.DateTime(required=True)


class RollQuery(Strict):
    """Which customers."""

    branch = Word(metadata=says("Of this branch alone.", example="b-1"))
    cursor = Word(1_500, metadata=says("The `next` of the page before."))
    limit = QueryInteger(1, 1_000, load_default=200, metadata=says("How many at most.", example=200))


class RolledCustomer(Loose):
    """One customer on the roll."""

    customer_id = fields.String(required=True)
    external_key = fields.String(required=True, allow_none=True)
    branch = fields.String(required=True, allow_none=True)
    revision = fields.Integer(required=True, metadata=says("Rises with every change to the customer, and never falls."))
    updated_at = fields.DateTime(required=True)


class RollAnswer(Loose):
    """A page of the roll, in the order of the ids."""

    customers = fields.List(fields.Nested(RolledCustomer), required=True)
    next = fields.String(required=True, allow_none=True, metadata=says("The cursor of the next page; null at the end."))


class CustomerStatus(Loose):
    """What became of one customer of several."""

    id = fields.String(required=True, allow_none=True)
    external_key = fields.String(required=True, allow_none=True)
    status = fields.Integer(required=True, metadata=says("201 new, 200 stored, 403, 404, 409 or 422 refused."))
    revision = fields.Integer()
    problem = fields.Nested(ItemProblem)


class CustomersAnswer(Loose):
    """In the order sent; those with 200 or 201 are stored."""

    customers = fields.List(fields.Nested(CustomerStatus), required=True)
