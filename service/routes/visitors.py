"""POST /v1/offers and POST /v1/visitors/events: people of whom the bank knows nothing yet.

No path names a device, so no log does. An accept is a customer's: who accepts signs in, asks as that customer, and
brings the token of that answer.
"""

from collections.abc import Sequence

import orjson
from flask import Response, request

from service.domain import UNKNOWN_CUSTOMER, Client, Event
from service.errors import InvalidInput, Problem
from service.request import OfferRequest
from service.routes.access import Reach, engine, needs, spend
from service.routes.bodies import join, read_json
from service.routes.contract import BODY_ERRORS, Conflict, Resource, operation, shown
from service.routes.examples.visitors import ANSWER, ASKED, EVENTS, VISITOR
from service.routes.facts import facts
from service.routes.fields import check
from service.routes.offers import VARY, language, note
from service.routes.replies import NO_STORE, Ready
from service.routes.schemas.events import EventsAnswer
from service.routes.schemas.visitors import VisitorEventsInput, VisitorOffersAnswer, VisitorOffersInput

SENTENCE = "The events do not fit; none was stored."
_ASKED, _EVENTS = VisitorOffersInput(), VisitorEventsInput()

blueprint = Resource("visitors", __name__, description="Offers to people of whom nothing is known yet.")


@blueprint.serve(
    "/v1/offers",
    "POST",
    **operation(
        "listVisitorOffers",
        "offers:read",
        {"200": shown("The offers, best first; an empty list comes with the reasons.", VisitorOffersAnswer, VISITOR)},
        *BODY_ERRORS,
        parameters=[{"in": "header", "name": "Accept-Language", "schema": {"type": "string"}, "example": "zh-CN"}],
        requestBody={
            "required": True,
            "content": {"application/json": {"schema": VisitorOffersInput, "example": ASKED}},
        },
    ),
)
@needs("offers:read", reach=Reach.BRANCH)
def visitor_offers(client: Client) -> Response:
    """Offers for a visitor

    What the policy allows somebody of whom nothing is known: never personal, the same for everybody but for what was
    shown and dismissed on their device (`device_id`). A customer's own key asks for that customer instead.
    """
    said = check(_ASKED, read_json(request), "The body does not fit.")
    device_id = said.pop("device_id", None)
    asked = OfferRequest(**said, language=language(request.environ.get("HTTP_ACCEPT_LANGUAGE", "")))
    answer = engine().visiting.offers(asked, device_id)
    note(facts(), answer)
    return Ready(answer.body, 200, [NO_STORE, VARY, ("Content-Language", asked.language)])


@blueprint.serve(
    "/v1/visitors/events",
    "POST",
    **operation(
        "recordVisitorEvents",
        "events:write",
        {
            "201": shown("Durable; at least one was new.", EventsAnswer, ANSWER),
            "200": shown("All were known already.", EventsAnswer, ANSWER),
        },
        *BODY_ERRORS,
        Conflict,
        requestBody={
            "required": True,
            "content": {"application/json": {"schema": VisitorEventsInput, "example": EVENTS}},
        },
    ),
)
@needs("events:write", reach=Reach.BRANCH)
def visitor_events(client: Client) -> Response:
    """Report what happened on a visitor's device

    All events of a request are taken or none; each counts in the quota. An `id` sent again with the same content is a
    duplicate and changes nothing; it must not hold the device's id. The next offers for the device already count what
    was acknowledged here.
    """
    body = check(_EVENTS, read_json(request), SENTENCE)
    happened = [Event(customer_id=UNKNOWN_CUSTOMER, **row) for row in body["events"]]
    spend(client, len(happened) - 1, of=len(happened))
    _expect_known(happened)
    became = engine().visiting.record(body["device_id"], happened)
    rows = [{"id": event_id, "status": status} for event_id, status in became]
    status = 201 if any(each == "stored" for _, each in became) else 200
    return Ready(orjson.dumps({"events": rows}), status, [NO_STORE])


def _expect_known(happened: Sequence[Event]) -> None:
    """Raise InvalidInput naming every offer and channel that the bank does not have."""
    claims, problems = engine().claims(trusted=True), list[Problem]()
    for number, event in enumerate(happened):
        try:
            claims.expect(event)
        except InvalidInput as error:
            problems += [Problem(join("events", f"{number}.{row.where}"), row.message) for row in error.problems]
    if problems:
        raise InvalidInput(SENTENCE, problems)
