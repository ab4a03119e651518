"""POST /v1/offers and POST /v1/visitors/events: offers for people whom the bank does not know, and their events.

No path contains a device id, so no log does. An accept belongs to a customer: a visitor who accepts signs in, asks
as that customer, and sends the token of that answer.
"""

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from marshmallow import ValidationError, fields, validate, validates_schema

from service.core.domain import UNKNOWN_CUSTOMER, Client, Event
from service.core.errors import Conflict, FourcastError, InvalidInput
from service.engine.offers.request import OfferRequest
from service.routes.http.fields import Instant, Several, Strict, Word, check, describe
from service.routes.http.guard import BoundClients, engine, spend
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.json_body import join_path, read_json
from service.routes.http.request_context import request_context
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.events import EventsAnswer, Sent, answer_events
from service.routes.offers.offers import BEST_FIRST, VARY, OffersInput, note_answer
from service.routes.offers.schemas import OFFERS, OffersAnswer

MAX_EVENTS = 50

SAID = ("impression", "click", "dismiss", "reject")

DEVICE = "8 to 128 letters, digits and . _ : - (a random one that the app made at its installation)"


class DeviceId(Word):
    """The app's own id of a device."""

    def __init__(self, **options: Any) -> None:
        super().__init__(128, **options)
        self.validators.append(validate.Regexp(r"^[A-Za-z0-9._:-]{8,128}$", error=f"must be {DEVICE}"))


class VisitorOffersInput(OffersInput):
    """The slot of the request, and the device."""

    device_id = DeviceId(
        metadata=describe(
            "The app's own id of the device, kept as a salted hash only: what was shown and dismissed on it counts "
            f"against caps and cool-offs. {DEVICE}.",
            example="d7f3a1c0-5b0d-4c0e",
        )
    )


class VisitorOffersAnswer(OffersAnswer):
    """The offers for a visitor. As a customer's, with ``customer_id`` and tokens null."""

    customer_id = fields.String(required=True, allow_none=True, metadata=describe("Null: nobody is known."))


class VisitorEventInput(Strict):
    """One thing that happened on the device."""

    id = Word(required=True, metadata=describe("The sender's own id; sending it again is harmless.", example="app-9-1"))
    kind = Word(among=SAID, required=True, metadata=describe("What happened."))
    at = Instant(
        required=True, metadata=describe("When it happened, with offset.", example="2026-11-23T09:30:00+08:00")
    )
    offer = Word(required=True, metadata=describe("The offer it is about.", example="term-12m"))
    channel = Word(required=True, metadata=describe("Where it happened.", example="mobile_app"))


class VisitorEventsInput(Strict):
    """What happened on one device."""

    device_id = DeviceId(
        required=True, metadata=describe(f"As it is asked with. {DEVICE}.", example="d7f3a1c0-5b0d-4c0e")
    )
    events = Several(
        fields.Nested(VisitorEventInput),
        1,
        MAX_EVENTS,
        "events",
        required=True,
        metadata=describe("The events, oldest first."),
    )

    @validates_schema
    def _apart(self, value: dict[str, Any], **_: Any) -> None:
        """Event ids are stored, device ids are not: refuse an event id that contains the device id, in any case."""
        device = value["device_id"].casefold()
        telling = [number for number, row in enumerate(value["events"]) if device in row["id"].casefold()]
        if telling:
            raise ValidationError({number: {"id": ["must not hold the device's id"]} for number in telling}, "events")


DEVICE_ID = "d7f3a1c0-5b0d-4c0e"

ASKED: dict[str, Any] = {"channel": "mobile_app", "placement": "home_banner", "limit": 3, "device_id": DEVICE_ID}

VISITOR: dict[str, Any] = {
    **OFFERS,
    "customer_id": None,
    "personalised": False,
    "offers": [{**offer, "token": None, "reasons": []} for offer in OFFERS["offers"]],
}

EVENT: dict[str, Any] = {
    "id": "app-9-1",
    "kind": "dismiss",
    "at": "2026-11-23T09:30:00+08:00",
    "offer": "term-12m",
    "channel": "mobile_app",
}

EVENTS: dict[str, Any] = {"device_id": DEVICE_ID, "events": [EVENT, {**EVENT, "id": "app-9-2", "kind": "impression"}]}

ANSWER: dict[str, Any] = {"events": [{"id": "app-9-1", "status": "stored"}, {"id": "app-9-2", "status": "stored"}]}


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
    answers={"200": response_doc(BEST_FIRST, VisitorOffersAnswer, VISITOR)},
)
def list_visitor_offers(client: Client) -> Response:
    """Offers for a visitor

    What the policy allows somebody of whom nothing is known: never personal, the same for everybody but for what was
    shown and dismissed on their device (`device_id`). A customer's own key asks for that customer instead.
    """
    stated = check(_ASKED, read_json(request), "The body does not fit.")
    device_id = stated.pop("device_id", None)
    asked = OfferRequest(**stated, language=choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", "")))
    answer = engine().visitors.offers(asked, device_id)
    note_answer(request_context(), answer)
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
        Sent(Event(customer_id=UNKNOWN_CUSTOMER, **row), None, join_path("events", number))
        for number, row in enumerate(body["events"])
    ]
    spend(client, len(sent) - 1, of=len(sent))
    return answer_events(sent, _take_events(body["device_id"], sent), by_path=True)


def _take_events(device_id: str, sent: Sequence[Sent]) -> list[str | FourcastError]:
    """The outcome of each event: ``stored``, ``duplicate``, or the error by which it is refused."""
    claims, outcomes = engine().claims(trusted=True), list[str | FourcastError]()
    for one in sent:
        try:
            claims.expect(one.event)
            outcomes.append(engine().visitors.record(device_id, one.event))
        except (InvalidInput, Conflict) as error:
            outcomes.append(error)
    return outcomes
