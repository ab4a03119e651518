"""POST /v1/contacts: may we contact this customer now? If so it counts at once; if not, the gate that is closed.

Whoever sends a message or makes a call asks here first, at the moment of sending, and goes ahead on 201 (or on 200:
the same id was reserved before). Every gate is asked again, under a lock on the customer, so no number of programs at
once can pass a cap. What is reserved need not be reported as an event of kind ``contact`` as well; events of that kind
are for contacts made without asking, which count but cannot be refused any more. A message that was reserved and not
sent still counts. Contacts are the bank's: a customer's own key reserves none. When PostgreSQL is away: 503, and no
contact.
"""

import orjson
from flask import Response, request

from service.answer import iso
from service.claims import spelt
from service.domain import Client, Event, EventKind
from service.engine import Engine
from service.errors import ContactRefused
from service.routes.access import Reach, customer_of_body, engine, needs
from service.routes.bodies import read_json
from service.routes.contract import BODY_ERRORS, NotFound, Resource, operation, shown
from service.routes.examples.events import CONTACT, CONTACT_ANSWER
from service.routes.fields import check
from service.routes.offers import language
from service.routes.replies import NO_STORE, Ready
from service.routes.schemas.events import ContactAnswer, ContactInput

SENTENCE = "The contact does not fit; it was not reserved."
_INPUT = ContactInput()

blueprint = Resource("contacts", __name__, description="Contacts reserved before they are made.")


@blueprint.serve(
    "/v1/contacts",
    "POST",
    **operation(
        "reserveContact",
        "events:write",
        {
            "201": shown("Reserved: go ahead.", ContactAnswer, CONTACT_ANSWER),
            "200": shown("The same contact was reserved before.", ContactAnswer, CONTACT_ANSWER),
        },
        *BODY_ERRORS,
        NotFound,
        ContactRefused,
        requestBody={"required": True, "content": {"application/json": {"schema": ContactInput, "example": CONTACT}}},
    ),
)
@needs("events:write", reach=Reach.BRANCH)
def contacts(client: Client) -> Response:
    """Reserve a contact

    Asked at the moment of sending: every gate is judged again, and the contact counts before the answer is sent. 409
    with `contact-refused` names the gate that is closed; then the customer must not be contacted.
    """
    body = check(_INPUT, read_json(request), SENTENCE)
    customer_of_body(client, body)
    wanted = spelt(Event(kind=EventKind.CONTACT.value, at=0, **body))
    engine().claims(trusted=True).expect_decision(wanted)
    contact, new = engine().contacting.reserve(wanted, language(request.headers.get("Accept-Language", "")))
    return Ready(_answer(contact, engine()), 201 if new else 200, [NO_STORE])


def _answer(contact: Event, engine: Engine) -> bytes:
    return orjson.dumps(
        {
            "id": contact.id,
            "customer_id": contact.customer_id,
            "external_key": engine.crm.customers.key_of(contact.customer_id),
            "offer": contact.offer,
            "channel": contact.channel,
            "decision_id": contact.decision_id,
            "at": iso(contact.at, engine.timezone),
        }
    )
