"""POST /v1/offers/bulk: the next best offers of up to 200 customers in one call, with a status each.

Each customer gets the decision of a single call, made by the same code at the same moment. Each decision is recorded
before the answer is sent, and each read by a branch's client is logged. More customers than 200 are a job
(``crm.jobs``).
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import ValidationError, fields, validates_schema

from service.core.domain import Client
from service.engine.crm.bulk import Decided
from service.engine.offers.request import OfferRequest
from service.routes.http.fields import LONG, Loose, Several, Strict, Whole, Word, check, describe
from service.routes.http.guard import BoundClients, engine, reachable_customers, resolve_external_keys
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.json_body import read_json
from service.routes.http.problems import ItemProblem, item_problem
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.offers import VARY
from service.routes.offers.schemas import OFFERS, OffersAnswer
from service.store.customers.repository import no_customer_of

MAX_BULK = 200


class BulkOffersInput(Strict):
    """Up to 200 customers and the slot."""

    customers = Several(
        Word(),
        1,
        MAX_BULK,
        "customers",
        metadata=describe("Customer ids, each once.", example=["c-000001", "c-000002"]),
    )
    external_keys = Several(
        Word(LONG),
        1,
        MAX_BULK,
        "keys",
        metadata=describe(
            "Customers by the bank's own keys, each once; with customers at most 200.", example=["CIF-0042"]
        ),
    )
    channel = Word(metadata=describe("Only treatments in this channel of the policy.", example="branch"))
    placement = Word(metadata=describe("The slot within the channel."))
    limit = Whole(1, 10, load_default=3, metadata=describe("How many offers each at most.", example=3))

    @validates_schema
    def _once(self, value: dict[str, Any], **_: Any) -> None:
        lists = [(name, value.get(name) or []) for name in ("customers", "external_keys")]
        for field, names in lists:
            twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
            if twice:
                raise ValidationError(f"must name each customer once; twice: {', '.join(twice[:10])}", field)
        if not 1 <= sum(len(names) for _, names in lists) <= MAX_BULK:
            raise ValidationError(f"is required, or external_keys; both together at most {MAX_BULK}", "customers")


class OffersStatus(Loose):
    """One customer of the list: the answer of a single call, or its problem."""

    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=describe("The bank's own key of the customer, if any."))
    status = fields.Integer(required=True)
    answer = fields.Nested(OffersAnswer)
    problem = fields.Nested(ItemProblem)


class KeyedStatus(Loose):
    """One customer by external key: the answer of a single call, or its problem. No id where the key is unknown."""

    external_key = fields.String(required=True)
    customer_id = fields.String(required=True, allow_none=True)
    status = fields.Integer(required=True)
    answer = fields.Nested(OffersAnswer)
    problem = fields.Nested(ItemProblem)


class BulkOffersAnswer(Loose):
    """The customers in the order of the request."""

    customers = fields.List(fields.Nested(OffersStatus), required=True)
    external_keys = fields.List(fields.Nested(KeyedStatus), metadata=describe("Where some were asked for by key."))


NOBODY: dict[str, Any] = {
    "type": "urn:fourcast:problem:not-found",
    "title": "Not found",
    "detail": 'No customer "c-2". Import customers first, or check the id.',
}
BULK_IN: dict[str, Any] = {"customers": ["c-000001", "c-2"], "channel": "mobile_app", "limit": 3}

BULK: dict[str, Any] = {
    "customers": [
        {"customer_id": "c-000001", "status": 200, "answer": OFFERS},
        {"customer_id": "c-2", "status": 404, "problem": NOBODY},
    ]
}


_INPUT = BulkOffersInput()

api = Resource("bulk", __name__, description="Many customers at once.")


@api.post(
    "/v1/offers/bulk",
    scope="offers:read",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=BulkOffersInput,
    example=BULK_IN,
    answers={"200": response_doc("A status each, in the order asked.", BulkOffersAnswer, BULK)},
)
def list_offers_bulk(client: Client) -> Response:
    """The next best offers of up to 200 customers

    Customers nobody has are 404, and to a branch's key another branch's are too, each in its own place. More customers
    are a job.
    """
    body = check(_INPUT, read_json(request), "The list does not fit; nothing was decided.")
    spoken = choose_language(request.headers.get("Accept-Language", ""))
    asked = OfferRequest(body.get("channel"), body.get("placement"), body["limit"], language=spoken)
    names, keys = body.get("customers", []), body.get("external_keys", [])
    reachable_customers(client, names)
    keyed = resolve_external_keys(client, keys)
    decided = engine().crm.bulk.decide([*names, *keyed.values()], asked, client.branch)
    by_key = dict(zip(keyed, decided[len(names) :], strict=True))
    answer: dict[str, object] = {"customers": [_item(one) for one in decided[: len(names)]]}
    if keys:
        answer["external_keys"] = [_item(by_key.get(key) or _unknown_key(key)) for key in keys]
    return RawResponse(orjson.dumps(answer), 200, [NO_STORE, VARY])


def _item(one: Decided) -> dict[str, object]:
    named: dict[str, object] = {"customer_id": one.customer_id, "external_key": one.external_key}
    if one.error is not None:
        return named | {"status": one.error.status, "problem": item_problem(one.error)}
    return named | {"status": 200, "answer": orjson.Fragment(one.body or b"null")}


def _unknown_key(external_key: str) -> Decided:
    """The answer for a key of no customer within the client's reach."""
    return Decided(None, external_key, error=no_customer_of(external_key))
