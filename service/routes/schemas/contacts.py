"""Contacts that somebody is about to make, and what became of them."""

from marshmallow import fields

from service.routes.http.fields import Ahead, QueryInteger, Several, Strict, Word
from service.routes.schemas import ItemProblem, Loose, OfCustomer, says
from service.store.events.contacts import OUTCOMES, STATES

MAX_CONTACTS = 200
DAYS_AHEAD = 14


class ContactInput(OfCustomer):
    """A contact that somebody is about to make."""

    id = Word(required=True, metadata=says("The sender's own id; asking again is harmless.", example="sms-7f3a-1"))
    offer = Word(required=True, metadata=says("The offer it is about.", example="term-12m"))
    channel = Word(required=True, metadata=says("The outbound channel.", example="sms"))
    decision_id = Word(allow_none=True, metadata=says("The decision that led to it: one of this customer's."))
    planned_at = Ahead(
        DAYS_AHEAD,
        metadata=says(
            "When it will be made, if not now: the gates are judged as of then. Until then it counts as if it were "
            "made now, so that no cap is passed. At most 14 days ahead.",
            example="2030-01-31T18:00:00+08:00",
        ),
    )


class ContactsInput(Strict):
    """Up to 200 contacts."""

    contacts = Several(fields.Raw(), 1, MAX_CONTACTS, "contacts", required=True)


class OutcomeInput(Strict):
    """What became of a contact."""

    outcome = Word(among=OUTCOMES, required=True, metadata=says("What became of it.", example="delivered"))


class ContactsQuery(Strict):
    """Which contacts."""

    cursor = Word(400, metadata=says("The `next` of the page before."))
    limit = QueryInteger(1, 200, load_default=50, metadata=says("How many at most.", example=50))


class ContactAnswer(Loose):
    """The contact as it stands."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=says("The bank's own key of the customer, if any."))
    offer = fields.String(required=True)
    channel = fields.String(required=True)
    decision_id = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True, metadata=says("When it counts: now, as planned, or as it was made."))
    state = fields.String(metadata={"enum": list(STATES)})
    reserved_at = fields.DateTime(allow_none=True, metadata=says("Null where it was reported alone."))


class ContactStatus(Loose):
    """What became of one contact of several."""

    id = fields.String(required=True, allow_none=True)
    status = fields.Integer(required=True, metadata=says("As of a single call: 201, 200, 404, 409 or 422."))
    contact = fields.Nested(ContactAnswer)
    problem = fields.Nested(ItemProblem)


class ContactStatuses(Loose):
    """In the order sent."""

    contacts = fields.List(fields.Nested(ContactStatus), required=True)


class ListedContact(ContactAnswer):
    """A contact of a customer; one that was reported may name no offer or channel."""

    offer = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True, allow_none=True)


class ContactsAnswer(Loose):
    """A page, the newest first."""

    contacts = fields.List(fields.Nested(ListedContact), required=True)
    next = fields.String(required=True, allow_none=True, metadata=says("The cursor of the next page; null at the end."))
