"""GET /v1/customers/{customer_id}/portrait: who the customer is, what they hold and need, and what is not known.

For advisers and analysts, and for the customer about themselves; off the hot path, never cached.
"""

from flask import Response, request

from service.core.domain import Client
from service.core.errors import NotFound
from service.routes.http.guard import engine
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, language
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.schemas.portrait import PortraitAnswer

api = Resource("portrait", __name__, description="Who a customer is.")


@api.get(
    "/v1/customers/<string:customer_id>/portrait",
    scope="offers:explain",
    headers=(ACCEPT_LANGUAGE,),
    answers={"200": response_doc("The portrait; what is unknown is null.", PortraitAnswer)},
    errors=(NotFound,),
)
def get_portrait(client: Client, customer_id: str) -> Response:
    """The portrait of a customer

    In Chinese or English by `Accept-Language`. Of a customer who refused personalisation nothing is inferred, and
    `note` says so. `missing` names the facts behind what is null. A customer's own key reads that customer only.
    """
    spoken = language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    return RawResponse(engine().portrait(customer_id, spoken), 200, [NO_STORE, ("Content-Language", spoken)])
