"""GET /v1/customers/bulk: the list of customers, page by page, to reconcile another system with.

A CRM takes a token of the feed (``/v1/changes?since=latest``), reads the list to its end, and follows the feed from
that token, which has the changes made meanwhile. A customer stored or erased meanwhile may be on a page or not.
"""

from typing import Any

import orjson
from flask import Response
from marshmallow import fields

from service.core.customer_ids import BULK
from service.core.domain import Client
from service.rendering.answer import iso
from service.routes.customers.customers import CUSTOMER
from service.routes.http.fields import Loose, QueryInteger, Strict, Word, describe
from service.routes.http.guard import BoundClients, engine, reachable_customers, resolve_branch
from service.routes.http.query import NEXT_PAGE, decode_cursor, encode_cursor, next_page_link, read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse


class RollQuery(Strict):
    """Which customers."""

    branch = Word(metadata=describe("Of this branch alone.", example="b-1"))
    cursor = Word(1_500, metadata=describe("The `next` of the page before."))
    limit = QueryInteger(1, 1_000, load_default=200, metadata=describe("How many at most.", example=200))


class RolledCustomer(Loose):
    """One customer of the list."""

    customer_id = fields.String(required=True)
    external_key = fields.String(required=True, allow_none=True)
    branch = fields.String(required=True, allow_none=True)
    revision = fields.Integer(
        required=True, metadata=describe("Rises with every change to the customer, and never falls.")
    )
    updated_at = fields.DateTime(required=True)


class RollAnswer(Loose):
    """A page of the list, in the order of the ids."""

    customers = fields.List(fields.Nested(RolledCustomer), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata=describe("The cursor of the next page; null at the end.")
    )


PAGE: dict[str, Any] = {
    "customers": [
        {"customer_id": "c-000001", "external_key": "CIF-0042", "branch": "b-1", "revision": 3,
         "updated_at": CUSTOMER["updated_at"]}
    ],
    "next": "WyJjLTAwMDAwMSJd",
}  # fmt: skip


READS = ("customers:read", "customers:write")
_QUERY = RollQuery()

api = Resource("roll", __name__, description="Who is stored.")


@api.get(
    f"/v1/customers/{BULK}",
    scope=READS,
    reach=BoundClients.BRANCH,
    query=RollQuery,
    answers={"200": response_doc("A page.", RollAnswer, PAGE, headers=NEXT_PAGE)},
)
def list_customers(client: Client) -> Response:
    """Customers, page by page

    In the order of their ids, with external key, branch and revision: to reconcile with, beside the feed of changes.
    A branch's key lists its own customers, and each of them is a look on record.
    """
    query = read_query(_QUERY)
    after = decode_cursor(query["cursor"], str)[0] if "cursor" in query else ""
    limit, branch = query["limit"], resolve_branch(client, query.get("branch"))
    customers = engine().store.customers.list_customers(after, branch, limit)
    seen = reachable_customers(client, [one.id for one in customers])
    onward = encode_cursor(customers[-1].id) if len(customers) == limit else None
    zone = engine().timezone
    rows = [
        {"customer_id": one.id, "external_key": one.external_key, "branch": one.branch, "revision": one.revision,
         "updated_at": iso(one.updated_at, zone)}
        for one in customers if one.id in seen
    ]  # fmt: skip
    path = f"/v1/customers/{BULK}"
    link = [next_page_link(path, cursor=onward, limit=limit, branch=query.get("branch"))] if onward else []
    return RawResponse(orjson.dumps({"customers": rows, "next": onward}), 200, [NO_STORE, *link])
