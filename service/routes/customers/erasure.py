"""Erasure of a customer: by id, by external key, or looked up by query. Permanent, and idempotent."""

from typing import Any

from flask import Response, request
from marshmallow import ValidationError, validates_schema

from service.core.domain import Client
from service.core.errors import (
    NotFound,
)
from service.engine.auth.branch_audit import about
from service.routes.customers.customers import ALL, ONE, UNLESS_CHANGED, api
from service.routes.http.fields import OnBehalf, Text, describe
from service.routes.http.guard import engine, expect_word
from service.routes.http.headers.preconditions import IF_MATCH, read_precondition
from service.routes.http.query import read_query
from service.routes.http.responses import NO_STORE, RawResponse


class Erasure(OnBehalf):
    """The customer to erase, by id or by external key with any characters."""

    id = Text(metadata=describe("The customer's id.", example="c-000001"))
    external_key = Text(metadata=describe("The bank's own key of the customer, instead of the id.", example="CIF-0042"))

    @validates_schema
    def _one(self, value: dict[str, Any], **_: Any) -> None:
        if ("id" in value) == ("external_key" in value):
            raise ValidationError("is required, or external_key instead, and not both", "id")


_BEHALF, _ERASURE = OnBehalf(), Erasure()
_ERASED = {"204": {"description": "Erased, now or before."}}


@api.delete(
    ONE,
    scope="customers:write",
    keyed="customer",
    query=OnBehalf,
    headers=(IF_MATCH,),
    answers=_ERASED,
    errors=(NotFound, *UNLESS_CHANGED),
)
def erase_customer(client: Client, customer: str) -> Response:
    """Erase a customer

    Attributes, consents, events and everything known in decision records, leads, results of jobs and the audit log: for
    good, at once; the customer's own keys end. What was offered and when stays under a pseudonym that leads to nobody.
    Only the bank's own keys may.
    """
    behalf = read_query(_BEHALF).get("on_behalf_of")
    return _erase(client, expect_word(customer, "customer"), behalf)


@api.delete(
    ALL,
    scope="customers:write",
    query=Erasure,
    headers=(IF_MATCH,),
    answers=_ERASED,
    errors=(NotFound, *UNLESS_CHANGED),
)
def erase_found_customer(client: Client) -> Response:
    """Erase a customer, looked up by query

    As `DELETE /v1/customers/{customer}`, also for an id or an external key that no path can name. Asked again by key it
    is 404: nobody has that key any more.
    """
    query = read_query(_ERASURE)
    name = query["id"] if "id" in query else engine().crm.customers.by_key(query["external_key"]).id
    return _erase(client, name, query.get("on_behalf_of"))


def _erase(client: Client, customer_id: str, behalf: str | None) -> RawResponse:
    """Erase under the precondition of the request. An erased customer stays erased, whatever the precondition."""
    expected = read_precondition(client, request)
    engine().crm.customers.erase(customer_id, client.name, about(client, behalf), expected.expect)
    return RawResponse(b"", 204, [NO_STORE])
