"""/v1/customers/{customer} and /v1/external-keys/{external_key}: customers stored and read, alone or in bulk.

Customers whose stored id fits no path, from before ``customer_ids`` had rules, are read at /v1/customers by query. A
PUT stores a customer whole and may be repeated; a merge patch changes what it names. An answer's ETag is the revision,
and a write under If-Match applies to no other revision (``preconditions``). In bulk every customer has a status: the
valid ones are stored, each durably, and repeating the request is always right.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, request
from marshmallow import ValidationError, fields, validates_schema

from service.core import customer_ids
from service.core.customer_ids import BULK
from service.core.domain import Client
from service.core.errors import (
    Conflict,
    FourcastError,
    Malformed,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unavailable,
    no_customer,
)
from service.rendering.answer import iso
from service.routes.http.fields import LONG, Loose, Named, OnBehalf, Several, Strict, Text, Word, check, describe
from service.routes.http.guard import BoundClients, engine, expect_word, reachable_customers
from service.routes.http.headers.languages import BY_LANGUAGE
from service.routes.http.headers.preconditions import (
    IF_MATCH,
    IF_NONE_MATCH,
    Precondition,
    etag_header,
    read_precondition,
)
from service.routes.http.json_body import join_path, read_json
from service.routes.http.problems import ItemProblem, item_problem
from service.routes.http.query import read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import JSON, NO_STORE, RawResponse
from service.routes.offers.bulk import MAX_BULK
from service.store import CustomerChange, Origin, StoredCustomer, WriteResult
from service.store.customers.attribute_sources import origins
from service.store.customers.repository import no_customer_of


class CustomerInput(OnBehalf):
    """A customer, whole: an attribute that is left out becomes unknown."""

    external_key = Word(
        LONG,
        metadata=describe(f"The bank's own key of the customer; unique. {customer_ids.SENTENCE}", example="CIF-0042"),
    )
    attributes = Named(
        fields.Raw(allow_none=True),
        required=True,
        metadata=describe("By name, as attributes.yaml of the policy has them; null is unknown."),
    )


class CustomerPatch(OnBehalf):
    """Changes of a customer; what is left out stays."""

    external_key = Word(LONG, allow_none=True, metadata=describe("Null takes it away.", example="CIF-0042"))
    attributes = Named(
        fields.Raw(allow_none=True),
        metadata=describe("Those to be changed, by name; null is unknown from now on."),
    )


class KeyedCustomerInput(OnBehalf):
    """A customer found by external key."""

    attributes = CustomerInput().declared_fields["attributes"]


class BulkCustomerInput(CustomerInput):
    """One customer of several: ``id``, ``external_key``, or both."""

    id = Word(metadata=describe(f"The customer's id. {customer_ids.SENTENCE}", example="c-000001"))

    @validates_schema
    def _named(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("id") is None and value.get("external_key") is None:
            raise ValidationError("id or external_key is required", "id")


class LookUp(Strict):
    """The customer to look up, by id or by external key with any characters."""

    id = Text(metadata=describe("The customer's id.", example="c-000001"))
    external_key = Text(metadata=describe("The bank's own key of the customer.", example="CIF-0042"))

    @validates_schema
    def _one(self, value: dict[str, Any], **_: Any) -> None:
        if len(value) != 1:
            raise ValidationError("is required, or external_key instead, and not both", "id")


class BulkCustomersInput(Strict):
    """Up to 200 customers."""

    customers = Several(fields.Raw(), 1, MAX_BULK, "customers", required=True)


class OriginAnswer(Loose):
    """The source of an attribute's value, and as of when the value holds."""

    as_of = fields.DateTime(required=True)
    source = fields.String(
        required=True, metadata=describe("import, or api: and the client.", example="api:branch-crm")
    )


class CustomerAnswer(Loose):
    """A customer as stored."""

    customer_id = fields.String(required=True)
    external_key = fields.String(required=True, allow_none=True)
    revision = fields.Integer(
        required=True, metadata=describe("Rises with every change to the customer, and never falls.")
    )
    attributes = fields.Dict(required=True)
    origins = fields.Dict(
        values=fields.Nested(OriginAnswer),
        metadata=describe("By attribute. One that is not among the attributes was said to be unknown."),
    )
    updated_at = fields.DateTime(required=True)


class CustomerStatus(Loose):
    """The outcome of one customer of several."""

    id = fields.String(required=True, allow_none=True)
    external_key = fields.String(required=True, allow_none=True)
    status = fields.Integer(required=True, metadata=describe("201 new, 200 stored, 403, 404, 409 or 422 refused."))
    revision = fields.Integer()
    problem = fields.Nested(ItemProblem)


class CustomersAnswer(Loose):
    """The outcomes in the order of the request; customers with 200 or 201 are stored."""

    customers = fields.List(fields.Nested(CustomerStatus), required=True)


CUSTOMER_IN: dict[str, Any] = {
    "external_key": "CIF-0042",
    "attributes": {"age": 44, "demand_yuan": 180000, "branch_id": "b-1", "adviser_id": "a-17"},
}

KEYED_IN: dict[str, Any] = {"attributes": CUSTOMER_IN["attributes"]}

CUSTOMER_PATCH: dict[str, Any] = {"attributes": {"demand_yuan": 180000, "adviser_id": None}}

CUSTOMER: dict[str, Any] = {
    "customer_id": "c-000001",
    "external_key": "CIF-0042",
    "revision": 3,
    "attributes": CUSTOMER_IN["attributes"],
    "origins": {
        "age": {"as_of": "2026-11-01T00:00:00+08:00", "source": "import"},
        "demand_yuan": {"as_of": "2026-11-23T09:30:00+08:00", "source": "api:branch-crm"},
        "branch_id": {"as_of": "2026-11-01T00:00:00+08:00", "source": "import"},
        "adviser_id": {"as_of": "2026-11-01T00:00:00+08:00", "source": "import"},
    },
    "updated_at": "2026-11-23T09:30:00+08:00",
}

CUSTOMERS_IN: dict[str, Any] = {"customers": [{"id": "c-000001", **CUSTOMER_IN}]}

CUSTOMERS: dict[str, Any] = {
    "customers": [{"id": "c-000001", "external_key": "CIF-0042", "status": 200, "revision": 3}]
}


ALL, ONE = "/v1/customers", "/v1/customers/<but_bulk:customer>"
KEYED = "/v1/external-keys/<string:external_key>"
READS = ("customers:read", "customers:write")
SENTENCE = "The customer does not fit; nothing was stored."
QUERY = "The query does not fit."
MERGE_PATCH = "application/merge-patch+json"
MOST_SEVERAL = 50_000
"""Most JSON values of a list of customers."""
_WHOLE, _PART, _KEYED = CustomerInput(), CustomerPatch(), KeyedCustomerInput()
_ITEM, _SEVERAL, _LOOK_UP = BulkCustomerInput(), BulkCustomersInput(), LookUp()
_TAG = {"ETag": {"description": "The revision, for If-Match.", "schema": {"type": "string"}}}
_READ = {"200": response_doc("The customer.", CustomerAnswer, CUSTOMER, headers=_TAG)}
_WRITTEN = _READ | {"201": response_doc("The customer is new.", CustomerAnswer, CUSTOMER, headers=_TAG)}
UNLESS_CHANGED = (Malformed, PreconditionFailed, PreconditionRequired)


api = Resource("customers", __name__, description="Customers: stored, read, erased.")


@api.get(ONE, scope=READS, reach=BoundClients.BRANCH, answers=_READ, errors=(NotFound,))
def get_customer(client: Client, customer: str) -> Response:
    """A customer as stored

    Attributes, external key and revision. A branch's key reads its own customers, and each look is on the audit log.
    """
    return _answer_if_reachable(
        client, engine().store.customers.read(expect_word(customer, "customer")), no_customer(customer)
    )


@api.get(KEYED, scope=READS, reach=BoundClients.BRANCH, answers=_READ, errors=(NotFound,))
def get_customer_by_key(client: Client, external_key: str) -> Response:
    """A customer by the bank's own key

    As stored, found by the external key. A branch's key reads its own customers.
    """
    entry = engine().crm.customers.by_key(expect_word(external_key, "external_key", LONG))
    return _answer_if_reachable(client, entry, no_customer_of(external_key))


@api.put(
    ONE,
    scope="customers:write",
    reach=BoundClients.BRANCH,
    headers=(IF_MATCH, IF_NONE_MATCH),
    body=CustomerInput,
    example=CUSTOMER_IN,
    answers=_WRITTEN,
    errors=(NotFound, Conflict, *UNLESS_CHANGED),
)
def put_customer(client: Client, customer: str) -> Response:
    """Store a customer

    Whole: an attribute that is left out is unknown from now on. Every attribute that does not fit is named. The same
    again changes nothing. To a branch's key another branch's customer is not there (404), and nothing is stored.
    """
    expected = read_precondition(client, request)
    body = check(_WHOLE, read_json(request), SENTENCE)
    wanted = CustomerChange(expect_word(customer, "customer"), body.get("external_key"), body["attributes"])
    return _put(client, wanted, body.get("on_behalf_of"), expected)


@api.patch(
    ONE,
    scope="customers:write",
    keyed="customer",
    reach=BoundClients.BRANCH,
    headers=(IF_MATCH, IF_NONE_MATCH),
    body=CustomerPatch,
    example=CUSTOMER_PATCH,
    media=(MERGE_PATCH, JSON),
    answers=_READ,
    errors=(NotFound, Conflict, *UNLESS_CHANGED),
)
def update_customer(client: Client, customer: str) -> Response:
    """Change what is known of a customer

    A JSON Merge Patch (RFC 7396): what is left out stays, null makes an attribute unknown or takes the external key.
    """
    expected = read_precondition(client, request)
    body = check(_PART, read_json(request, MERGE_PATCH), SENTENCE)
    behalf = body.pop("on_behalf_of", None)
    stored = engine().crm.customers.amend(expect_word(customer, "customer"), body, client, expected.expect, behalf)
    return _answer_write(stored)


@api.put(
    KEYED,
    scope="customers:write",
    reach=BoundClients.BRANCH,
    headers=(IF_MATCH, IF_NONE_MATCH),
    body=KeyedCustomerInput,
    example=KEYED_IN,
    answers=_WRITTEN,
    errors=(NotFound, Conflict, *UNLESS_CHANGED),
)
def put_customer_by_key(client: Client, external_key: str) -> Response:
    """Store a customer by the bank's own key

    The customer of that key is stored whole; where there is none, a new one with an id of our own.
    """
    expected = read_precondition(client, request)
    body = check(_KEYED, read_json(request), SENTENCE)
    wanted = CustomerChange(None, expect_word(external_key, "external_key", LONG), body["attributes"])
    return _put(client, wanted, body.get("on_behalf_of"), expected)


@api.post(
    f"/v1/customers/{BULK}",
    scope="customers:write",
    reach=BoundClients.BRANCH,
    body=BulkCustomersInput,
    example=CUSTOMERS_IN,
    answers={"200": response_doc("A status each.", CustomersAnswer, CUSTOMERS)},
    errors=(PreconditionRequired,),
)
def put_customers(client: Client) -> Response:
    """Store up to 200 customers

    Each has a status as a single call would give it; one that does not fit stops nobody else.
    """
    if client.require_if_match:
        raise PreconditionRequired("This key must say of each customer what it has seen: store them one by one.")
    body = check(_SEVERAL, read_json(request, most=MOST_SEVERAL), "The list does not fit; nothing was stored.")
    statuses = [_store_item(client, row, join_path("customers", place)) for place, row in enumerate(body["customers"])]
    return RawResponse(orjson.dumps({"customers": statuses}), 200, [NO_STORE, BY_LANGUAGE])


@api.get(ALL, scope=READS, reach=BoundClients.BRANCH, query=LookUp, answers=_READ, errors=(NotFound,))
def find_customer(client: Client) -> Response:
    """A customer, looked up by query

    By `id` or by `external_key`, whatever characters they have: also those that no path can name, such as `a/b`, which
    were stored before new ones had to fit a path.
    """
    query, customers = read_query(_LOOK_UP), engine().crm.customers
    if "id" in query:
        return _answer_if_reachable(client, engine().store.customers.read(query["id"]), no_customer(query["id"]))
    key = query["external_key"]
    return _answer_if_reachable(client, customers.by_key(key), no_customer_of(key))


def _put(client: Client, wanted: CustomerChange, behalf: str | None, expected: Precondition) -> RawResponse:
    return _answer_write(engine().crm.customers.put(wanted, client, expected.expect, behalf))


def _answer_write(stored: WriteResult) -> RawResponse:
    """The customer as a write left it."""
    return _answer(engine().store.customers.read(stored.id), 201 if stored.new else 200)


def _store_item(client: Client, row: object, where: str) -> dict[str, Any]:
    """Store one customer of several.

    Raises: Unavailable: while PostgreSQL is away; every other error is the item's problem.
    """
    named: Mapping[str, Any] = row if isinstance(row, dict) else {}
    status = {"id": _text(named.get("id")), "external_key": _text(named.get("external_key"))}
    try:
        body = check(_ITEM, row, SENTENCE, where)
        wanted = CustomerChange(body.get("id"), body.get("external_key"), body["attributes"])
        stored = engine().crm.customers.put(wanted, client, behalf=body.get("on_behalf_of"))
    except Unavailable:
        raise
    except FourcastError as error:
        return {**status, "status": error.status, "problem": item_problem(error)}
    return {**status, "id": stored.id, "status": 201 if stored.new else 200, "revision": stored.revision}


def _text(value: object) -> str | None:
    return value[:LONG] if isinstance(value, str) else None


def _answer_if_reachable(client: Client, entry: StoredCustomer, nobody: NotFound) -> RawResponse:
    """The customer.

    Raises:
        NotFound: when the client may not reach it; the error ``nobody``.
    """
    if not reachable_customers(client, (entry.id,)):
        raise nobody
    return _answer(entry, 200)


def _answer(entry: StoredCustomer, status: int) -> RawResponse:
    return RawResponse(orjson.dumps(_document(entry)), status, [NO_STORE, etag_header(entry.revision)])


def _document(entry: StoredCustomer) -> dict[str, Any]:
    return {
        "customer_id": entry.id,
        "external_key": entry.external_key,
        "revision": entry.revision,
        "attributes": entry.attributes,
        "origins": {name: _origin(origin) for name, origin in origins(entry.told).items()},
        "updated_at": iso(entry.updated_at, engine().timezone),
    }


def _origin(origin: Origin) -> dict[str, str]:
    return {"as_of": iso(origin.as_of, engine().timezone), "source": origin.source}
