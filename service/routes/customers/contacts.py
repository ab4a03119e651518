"""/v1/contacts: whether a customer may be contacted, now or at a planned time; if so the contact counts at once.

A sender asks here first and goes ahead on 201, or on 200 where the same id was reserved before. A refusal names the
closed gate. Every gate is checked as of now, or of the planned time, under a lock on the customer, so that concurrent
senders cannot exceed a cap. A reserved contact that will not be made is cancelled and counts no more.

A contact that was made may be reported as an event of kind ``contact`` under the same id. It is the same contact,
counted once, at the time it was made. Such an event under another id is a contact made without asking: it counts and
cannot be refused. Contacts are the bank's: a customer's own key reserves none. While PostgreSQL is away the answer is
503, and there is no contact.
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client, Event, EventKind
from service.core.errors import Conflict, ContactRefused, FourcastError, NotFound, Unavailable
from service.engine.auth.branch_audit import about, audit_branch_action
from service.engine.offers.event_claims import with_canonical_decision_id
from service.rendering.answer import iso
from service.routes.http.fields import Ahead, Loose, OfCustomer, QueryInteger, Several, Strict, Word, check, describe
from service.routes.http.guard import BoundClients, engine, reachable_customers, resolve_customer_of_body, spend
from service.routes.http.headers.languages import BY_LANGUAGE, choose_language
from service.routes.http.json_body import read_json
from service.routes.http.problems import ItemProblem, item_problem
from service.routes.http.query import NEXT_PAGE, decode_cursor, encode_cursor, next_page_link, read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.store.events.contact_rows import OUTCOMES, STATES, Contact, no_contact

MAX_CONTACTS = 200

DAYS_AHEAD = 14


class ContactInput(OfCustomer):
    """A contact to be made."""

    id = Word(required=True, metadata=describe("The sender's own id; asking again is harmless.", example="sms-7f3a-1"))
    offer = Word(required=True, metadata=describe("The offer it is about.", example="term-12m"))
    channel = Word(required=True, metadata=describe("The outbound channel.", example="sms"))
    decision_id = Word(allow_none=True, metadata=describe("The decision that led to it: one of this customer's."))
    planned_at = Ahead(
        DAYS_AHEAD,
        metadata=describe(
            "When it will be made, if not now: the gates are judged as of then. Until then it counts as if it were "
            "made now, so that no cap is passed. At most 14 days ahead.",
            example="2030-01-31T18:00:00+08:00",
        ),
    )


class ContactsInput(Strict):
    """Up to 200 contacts."""

    contacts = Several(fields.Raw(), 1, MAX_CONTACTS, "contacts", required=True)


class OutcomeInput(Strict):
    """The outcome of a contact."""

    outcome = Word(among=OUTCOMES, required=True, metadata=describe("What became of it.", example="delivered"))


class ContactsQuery(Strict):
    """Which contacts."""

    cursor = Word(400, metadata=describe("The `next` of the page before."))
    limit = QueryInteger(1, 200, load_default=50, metadata=describe("How many at most.", example=50))


class ContactAnswer(Loose):
    """The contact as it stands."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=describe("The bank's own key of the customer, if any."))
    offer = fields.String(required=True)
    channel = fields.String(required=True)
    decision_id = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True, metadata=describe("When it counts: now, as planned, or as it was made."))
    state = fields.String(metadata={"enum": list(STATES)})
    reserved_at = fields.DateTime(allow_none=True, metadata=describe("Null where it was reported alone."))


class ContactStatus(Loose):
    """The outcome of one contact of several."""

    id = fields.String(required=True, allow_none=True)
    status = fields.Integer(required=True, metadata=describe("As of a single call: 201, 200, 404, 409 or 422."))
    contact = fields.Nested(ContactAnswer)
    problem = fields.Nested(ItemProblem)


class ContactStatuses(Loose):
    """The outcomes in the order of the request."""

    contacts = fields.List(fields.Nested(ContactStatus), required=True)


class ListedContact(ContactAnswer):
    """A contact of a customer; one that was reported may name no offer or channel."""

    offer = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True, allow_none=True)


class ContactsAnswer(Loose):
    """A page, the newest first."""

    contacts = fields.List(fields.Nested(ListedContact), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata=describe("The cursor of the next page; null at the end.")
    )


CONTACT: dict[str, Any] = {"id": "sms-7f3a-1", "customer_id": "c-000001", "offer": "term-12m", "channel": "sms"}

CONTACT_ANSWER: dict[str, Any] = {
    **CONTACT,
    "external_key": "CIF-0042",
    "decision_id": None,
    "at": "2026-11-23T09:30:00+08:00",
    "state": "reserved",
    "reserved_at": "2026-11-23T09:30:00+08:00",
}


WRITES, READS = "events:write", ("customers:read", "customers:write", "events:write")
ONE, OF_CUSTOMER = "/v1/contacts/<but_bulk:contact_id>", "/v1/customers/<string:customer_id>/contacts"
SENTENCE = "The contact does not fit; it was not reserved."
_INPUT, _SEVERAL, _OUTCOME, _QUERY = ContactInput(), ContactsInput(), OutcomeInput(), ContactsQuery()
_ANSWER = {"200": response_doc("As it stands.", ListedContact, CONTACT_ANSWER)}
_STATUSES = {"contacts": [{"id": CONTACT["id"], "status": 201, "contact": CONTACT_ANSWER}]}

api = Resource("contacts", __name__, description="Contacts reserved before they are made.")


@api.post(
    "/v1/contacts",
    scope=WRITES,
    reach=BoundClients.BRANCH,
    body=ContactInput,
    example=CONTACT,
    answers={
        "201": response_doc("Reserved: go ahead.", ContactAnswer, CONTACT_ANSWER),
        "200": response_doc("The same contact was reserved before.", ContactAnswer, CONTACT_ANSWER),
    },
    errors=(NotFound, ContactRefused),
)
def reserve_contact(client: Client) -> Response:
    """Reserve a contact

    Every gate is judged as of now, or of `planned_at`, and the contact counts before the answer is sent. 409 with
    `contact-refused` names the gate that is closed; then the customer must not be contacted.
    """
    contact, new = _reserve(client, check(_INPUT, read_json(request), SENTENCE))
    return RawResponse(orjson.dumps(_document(contact)), 201 if new else 200, [NO_STORE])


@api.post(
    "/v1/contacts/bulk",
    scope=WRITES,
    reach=BoundClients.BRANCH,
    body=ContactsInput,
    example={"contacts": [CONTACT]},
    answers={"200": response_doc("A status each.", ContactStatuses, _STATUSES)},
)
def reserve_contacts(client: Client) -> Response:
    """Reserve up to 200 contacts

    Each has the status that a single call would give it, in the order sent; one that is refused stops nobody else. Each
    counts in the quota.
    """
    rows = check(_SEVERAL, read_json(request), SENTENCE)["contacts"]
    spend(client, len(rows) - 1, of=len(rows))
    statuses = [_reserve_item(client, row, f"contacts.{place}") for place, row in enumerate(rows)]
    return RawResponse(orjson.dumps({"contacts": statuses}), 200, [NO_STORE, BY_LANGUAGE])


@api.get(ONE, scope=READS, reach=BoundClients.BRANCH, answers=_ANSWER, errors=(NotFound,))
def get_contact(client: Client, contact_id: str) -> Response:
    """A contact as it stands

    `reserved`, `cancelled`, `made`, `delivered` or `bounced`. Contacts of before they were kept so are in the
    customer's list alone.
    """
    return RawResponse(orjson.dumps(_document(_find_contact(client, contact_id))), 200, [NO_STORE])


@api.post(f"{ONE}/cancel", scope=WRITES, reach=BoundClients.BRANCH, answers=_ANSWER, errors=(NotFound, Conflict))
def cancel_contact(client: Client, contact_id: str) -> Response:
    """Cancel a contact

    It counts no more. 409 for one that was made; cancelling again is harmless.
    """
    contact = engine().contacts.cancel(_find_contact(client, contact_id).id)
    audit_branch_action(engine().store, client, "contact.cancel", contact.id, about(client))
    return RawResponse(orjson.dumps(_document(contact)), 200, [NO_STORE])


@api.post(
    f"{ONE}/outcome",
    scope=WRITES,
    reach=BoundClients.BRANCH,
    body=OutcomeInput,
    example={"outcome": "delivered"},
    answers=_ANSWER,
    errors=(NotFound, Conflict),
)
def report_contact(client: Client, contact_id: str) -> Response:
    """Say what became of a contact

    `delivered` or `bounced`; the last word holds. It counts as before: also a bounce errs on the customer's side.
    """
    outcome = check(_OUTCOME, read_json(request), "The outcome does not fit; nothing was changed.")["outcome"]
    contact = engine().contacts.end(_find_contact(client, contact_id).id, outcome)
    audit_branch_action(engine().store, client, f"contact.{outcome}", contact.id, about(client))
    return RawResponse(orjson.dumps(_document(contact)), 200, [NO_STORE])


@api.get(
    OF_CUSTOMER,
    scope=READS,
    query=ContactsQuery,
    answers={
        "200": response_doc("A page.", ContactsAnswer, {"contacts": [CONTACT_ANSWER], "next": None}, headers=NEXT_PAGE)
    },
)
def list_contacts(client: Client, customer_id: str) -> Response:
    """A customer's contacts

    The newest first: planned, made and cancelled, and what became of each.
    """
    query = read_query(_QUERY)
    after, limit = query.get("cursor"), query["limit"]
    place = None if after is None else decode_cursor(after, int, str)
    contacts = engine().store.contacts.list_contacts(
        customer_id, None if place is None else (place[0], place[1]), limit
    )
    onward = encode_cursor(contacts[-1].at, contacts[-1].id) if len(contacts) == limit else None
    link = [next_page_link(request.path, cursor=onward, limit=limit)] if onward else []
    body = {"contacts": [_document(one) for one in contacts], "next": onward}
    return RawResponse(orjson.dumps(body), 200, [NO_STORE, *link])


def _reserve(client: Client, body: dict[str, Any]) -> tuple[Contact, bool]:
    """The contact, and whether it is new."""
    resolve_customer_of_body(client, body)
    planned = body.pop("planned_at", None)
    wanted = with_canonical_decision_id(Event(kind=EventKind.CONTACT.value, at=0, **body))
    engine().claims(trusted=True).expect_decision(wanted)
    return engine().contacts.reserve(wanted, choose_language(request.headers.get("Accept-Language", "")), planned)


def _reserve_item(client: Client, row: object, where: str) -> dict[str, Any]:
    """Reserve one contact of several.

    Raises: Unavailable: while PostgreSQL is away; every other error is the item's problem.
    """
    named = row.get("id") if isinstance(row, dict) else None
    status = {"id": named[:64] if isinstance(named, str) else None}
    try:
        contact, new = _reserve(client, check(_INPUT, row, SENTENCE, where))
    except Unavailable:
        raise
    except FourcastError as error:
        return {**status, "status": error.status, "problem": item_problem(error)}
    return {**status, "status": 201 if new else 200, "contact": _document(contact)}


def _find_contact(client: Client, contact_id: str) -> Contact:
    """The contact.

    Raises: NotFound: also where the client may not reach its customer.
    """
    contact = engine().store.contacts.read(contact_id)
    if not reachable_customers(client, (contact.customer_id,)):
        raise no_contact(contact_id)
    return contact


def _document(contact: Contact) -> dict[str, Any]:
    zone, reserved = engine().timezone, contact.reserved_at
    return {
        "id": contact.id,
        "customer_id": contact.customer_id,
        "external_key": engine().crm.customers.key_of(contact.customer_id),
        "offer": contact.offer,
        "channel": contact.channel,
        "decision_id": contact.decision_id,
        "at": iso(contact.at, zone),
        "state": contact.state,
        "reserved_at": None if reserved is None else iso(reserved, zone),
    }
