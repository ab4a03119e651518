"""POST /v1/offers/bulk: the next best offers of up to 200 customers in one call, with a status each.

Each customer gets the decision that a single call would give, made by the same code at the same moment, and each
decision is on record before the answer is sent, as is each look of a branch's client. More customers are a job.
"""

import orjson
from flask import Response, request

from service.core.domain import Client
from service.engine.crm.bulk import Decided
from service.engine.offers.request import OfferRequest
from service.routes.examples.offers import BULK, BULK_IN
from service.routes.http.fields import check
from service.routes.http.guard import BoundClients, customers_of, engine, own_customers
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, language
from service.routes.http.json_body import read_json
from service.routes.http.problems import item_problem
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.offers import VARY
from service.routes.schemas.offers import BulkOffersAnswer, BulkOffersInput
from service.store.customers.repository import no_customer_of

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
    spoken = language(request.headers.get("Accept-Language", ""))
    asked = OfferRequest(body.get("channel"), body.get("placement"), body["limit"], language=spoken)
    names, keys = body.get("customers", []), body.get("external_keys", [])
    own_customers(client, names)
    keyed = customers_of(client, keys)
    decided = engine().crm.bulk.decide([*names, *keyed.values()], asked, client.branch)
    by_key = dict(zip(keyed, decided[len(names) :], strict=True))
    told: dict[str, object] = {"customers": [_told(one) for one in decided[: len(names)]]}
    if keys:
        told["external_keys"] = [_told(by_key.get(key) or _nobody(key)) for key in keys]
    return RawResponse(orjson.dumps(told), 200, [NO_STORE, VARY])


def _told(one: Decided) -> dict[str, object]:
    named: dict[str, object] = {"customer_id": one.customer_id, "external_key": one.external_key}
    if one.error is not None:
        return named | {"status": one.error.status, "problem": item_problem(one.error)}
    return named | {"status": 200, "answer": orjson.Fragment(one.body or b"null")}


def _nobody(external_key: str) -> Decided:
    """A key that nobody has, whom this client may reach."""
    return Decided(None, external_key, error=no_customer_of(external_key))
