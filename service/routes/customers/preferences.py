"""GET and PUT /v1/customers/{customer_id}/preferences: what the customer permits, by purpose and channel.

A PUT changes the purposes it names and leaves the others; repeating it is harmless. It is in the consent ledger before
it is acknowledged, as the customer's newest word, and the next call in any worker follows it, with or without Redis.
Withdrawing is as easy as agreeing: the same call with ``false``, or ``withdraw_all`` for every purpose at once. There
is no such yes: consent is given per purpose. The ETag is the customer's revision.
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import InvalidInput, NotFound, PreconditionFailed, PreconditionRequired, Problem
from service.decision.privacy import PERSONALISATION
from service.engine.rights.preferences import Preferences, purposes_of
from service.rendering.answer import iso
from service.routes.http.fields import Loose, Named, Strict, Truth, Word, check, describe
from service.routes.http.guard import engine
from service.routes.http.headers.preconditions import IF_MATCH, etag_header, read_precondition
from service.routes.http.json_body import read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.rules.contact_gates import CONTACT
from service.store import ConsentWords


class PreferencesInput(Strict):
    """What a customer permits from now on; what is left out stays."""

    personalisation = Truth(metadata=describe("false: offers that rest on nothing personal.", example=False))
    do_not_contact = Truth(metadata=describe("true: no outbound channel at all.", example=False))
    consents = Named(Truth(), metadata=describe("By purpose, `marketing:<channel>` for a channel."))
    withdraw_all = Truth(metadata=describe("true: no to every purpose that is asked after, and nothing else is said."))
    version = Word(required=True, metadata=describe("The wording that the customer saw.", example="privacy-2026-09"))


class LastWord(Loose):
    """A customer's newest word on one purpose."""

    granted = fields.Boolean(required=True)
    at = fields.DateTime(required=True)
    source = fields.String(required=True, metadata=describe("The client through which it was said."))
    version = fields.String(required=True)


class PreferencesAnswer(Loose):
    """What a customer permits, in force now."""

    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=describe("The bank's own key of the customer, if any."))
    personalisation = fields.Boolean(required=True)
    do_not_contact = fields.Boolean(required=True)
    consents = fields.Dict(
        keys=fields.String(),
        values=fields.Boolean(),
        required=True,
        metadata=describe("Every purpose that is asked after."),
    )
    because = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata=describe("By purpose, the rule that holds it closed whatever the customer says: `retired-customer`."),
    )
    said = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(LastWord),
        required=True,
        metadata=describe("The last word on each purpose."),
    )


PREFERENCES_SAID: dict[str, Any] = {
    "personalisation": False,
    "consents": {"marketing:sms": True},
    "version": "privacy-2026-09",
}

PREFERENCES: dict[str, Any] = {
    "customer_id": "c-000001",
    "personalisation": False,
    "do_not_contact": False,
    "consents": {"personalisation": False, "contact": True, "marketing:sms": True},
    "because": {},
    "said": {
        "marketing:sms": {
            "granted": True,
            "at": "2026-11-23T09:30:00+08:00",
            "source": "mobile-bank",
            "version": "privacy-2026-09",
        }
    },
}


READS, WRITES = ("customers:read", "customers:write"), ("customers:write", "preferences:write")
PATH = "/v1/customers/<string:customer_id>/preferences"
SENTENCE = "The preferences do not fit; nothing was changed."
_INPUT = PreferencesInput()
_TAG = {"ETag": {"description": "The customer's revision, for If-Match.", "schema": {"type": "string"}}}
_ANSWERS = {"200": response_doc("What the customer permits now.", PreferencesAnswer, PREFERENCES, headers=_TAG)}
api = Resource("preferences", __name__, description="What customers permit.")


@api.get(PATH, scope=(*READS, "preferences:write"), answers=_ANSWERS, errors=(NotFound,))
def get_preferences(client: Client, customer_id: str) -> Response:
    """What a customer permits

    Every purpose that the policy asks after, whether it is permitted now, and the customer's own last word on it.
    `because` names the rule that holds a purpose closed whatever the customer says.
    """
    return _reply(customer_id, engine().preferences.read(customer_id))


@api.put(
    PATH,
    scope=WRITES,
    headers=(IF_MATCH,),
    body=PreferencesInput,
    example=PREFERENCES_SAID,
    answers=_ANSWERS,
    errors=(NotFound, PreconditionFailed, PreconditionRequired),
)
def put_preferences(client: Client, customer_id: str) -> Response:
    """Say what a customer permits

    What is left out stays as it was. The next call, in any worker, follows it. Withdrawing takes the same fields as
    agreeing, with `false`; `withdraw_all` refuses every purpose at once.
    """
    expected = read_precondition(client, request)
    body = check(_INPUT, read_json(request), SENTENCE)
    words = engine().preferences.refuse_all() if body.pop("withdraw_all", False) else {}
    granted = _refused(words, body) if words else read_words(body)
    said = ConsentWords(granted, client.name, body["version"])
    return _reply(customer_id, engine().preferences.say(customer_id, said, expected.expect))


def read_words(body: dict[str, Any]) -> dict[str, bool]:
    """The consents of a body by purpose.

    Raises: InvalidInput: where it names none, or one purpose twice.
    """
    granted: dict[str, bool] = dict(body.get("consents", {}))
    own = {PERSONALISATION: body.get("personalisation"), CONTACT: _negate(body.get("do_not_contact"))}
    twice = [purpose for purpose in granted if own.get(purpose) is not None]
    if twice:
        raise InvalidInput(SENTENCE, [Problem(f"consents.{one}", "is said twice") for one in twice])
    granted |= {purpose: word for purpose, word in own.items() if word is not None}
    if not granted:
        nothing = "must say something: personalisation, do_not_contact or consents"
        raise InvalidInput(SENTENCE, [Problem("", nothing)])
    return granted


def _refused(words: dict[str, bool], body: dict[str, Any]) -> dict[str, bool]:
    """No to everything; nothing else may be said beside it, so that no yes is lost in it."""
    if body.keys() - {"version"}:
        raise InvalidInput(SENTENCE, [Problem("withdraw_all", "must stand alone: it says no to every purpose")])
    return words


def _negate(word: bool | None) -> bool | None:
    return None if word is None else not word


def _reply(customer_id: str, preferences: Preferences) -> RawResponse:
    zone = engine().timezone
    words = {
        purpose: {"granted": word.granted, "at": iso(word.at, zone), "source": word.source, "version": word.version}
        for purpose, word in preferences.said.items()
    }
    body = {
        "customer_id": customer_id,
        "external_key": engine().crm.customers.key_of(customer_id),
        "personalisation": preferences.granted(PERSONALISATION),
        "do_not_contact": not preferences.granted(CONTACT),
        "consents": {purpose: preferences.granted(purpose) for purpose in purposes_of(preferences.policy)},
        "because": preferences.because,
        "said": words,
    }
    return RawResponse(
        orjson.dumps(body, option=orjson.OPT_SORT_KEYS), 200, [NO_STORE, etag_header(preferences.revision)]
    )
