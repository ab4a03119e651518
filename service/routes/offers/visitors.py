"""POST /v1/offers and POST /v1/visitors/events: people of whom the bank knows nothing yet.

No path names a device, so no log does. An accept is a customer's: who accepts signs in, asks as that customer, and
brings the token of that answer.
"""

from collections.abc import Sequence

from flask import Response, request

from service.core.domain import UNKNOWN_CUSTOMER, Client, Event
from service.core.errors import Conflict, FourcastError, InvalidInput
from service.engine.offers.request import OfferRequest
from service.routes.examples.visitors import ANSWER, ASKED, EVENTS, VISITOR
from service.routes.http.fields import check
from service.routes.http.guard import BoundClients, engine, spend
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, language
from service.routes.http.json_body import join, read_json
from service.routes.http.request_context import request_context
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.events import Sent, told
from service.routes.offers.offers import VARY, note
from service.routes.schemas.events import EventsAnswer
from service.routes.schemas.visitors import VisitorEventsInput, VisitorOffersAnswer, VisitorOffersInput

SENTENCE = "The events do not fit; none was stored."
_ASKED, _EVENTS = VisitorOffersInput(), VisitorEventsInput()

api = Resource("visitors", __name__, description="Offers to people of whom nothing is known yet.")


@api.post(
    "/v1/offers",
    scope="offers:read",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=VisitorOffersInput,
    example=ASKED,
    answers={
        "200": response_doc(
            "The offers, best first; an empty list comes with the reasons.", VisitorOffersAnswer, VISITOR
        )
    },
)
def list_visitor_offers(client: Client) -> Response:
    """Offers for a visitor

    What the policy allows somebody of whom nothing is known: never personal, the same for everybody but for what was
    shown and dismissed on their device (`device_id`). A customer's own key asks for that customer instead.
    """
    said = check(_ASKED, read_json(request), "The body does not fit.")
    device_id = said.pop("device_id", None)
    asked = OfferRequest(**said, language=language(request.environ.get("HTTP_ACCEPT_LANGUAGE", "")))
    answer = engine().visitors.offers(asked, device_id)
    note(request_context(), answer)
    return RawResponse(answer.body, 200, [NO_STORE, VARY, ("Content-Language", asked.language)])


@api.post(
    "/v1/visitors/events",
    scope="events:write",
    reach=BoundClients.BRANCH,
    body=VisitorEventsInput,
    example=EVENTS,
    answers={
        "201": response_doc("What is not refused is durable; at least one was new.", EventsAnswer, ANSWER),
        "200": response_doc("What is not refused was known already.", EventsAnswer, ANSWER),
    },
    errors=(Conflict,),
)
def record_visitor_events(client: Client) -> Response:
    """Report what happened on a visitor's device

    Each event counts in the quota and is answered by itself: `stored`, `duplicate`, or `refused` with the problem that
    it would be alone. Where all are refused the answer is that problem. An `id` sent again with the same content is a
    duplicate and changes nothing; it must not hold the device's id. The next offers for the device already count what
    was acknowledged here.
    """
    body = check(_EVENTS, read_json(request), SENTENCE)
    sent = [
        Sent(Event(customer_id=UNKNOWN_CUSTOMER, **row), None, join("events", number))
        for number, row in enumerate(body["events"])
    ]
    spend(client, len(sent) - 1, of=len(sent))
    return told(sent, _taken(body["device_id"], sent), by_path=True)


def _taken(device_id: str, sent: Sequence[Sent]) -> list[str | FourcastError]:
    """What became of each event: ``stored``, ``duplicate``, or the error that it is refused by for good."""
    claims, found = engine().claims(trusted=True), list[str | FourcastError]()
    for one in sent:
        try:
            claims.expect(one.event)
            found.append(engine().visitors.record(device_id, one.event))
        except (InvalidInput, Conflict) as error:
            found.append(error)
    return found
