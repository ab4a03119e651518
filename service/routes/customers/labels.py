"""GET and PUT /v1/customers/{customer_id}/labels: what a customer is called and decided by, and which names they drop.

A PUT changes the labels it names and leaves the others. It is in the consent ledger before it is acknowledged, and the
next decision in any worker follows it. The ETag is the customer's revision.
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields, validate

from service.core.domain import Client
from service.core.errors import NotFound, PreconditionFailed, PreconditionRequired
from service.engine.rights.labels import SENTENCE, CustomerLabels
from service.rendering.answer import iso
from service.routes.customers.preferences import READS, WRITES, LastWord
from service.routes.http.fields import Loose, Named, Strict, Truth, Word, check, describe
from service.routes.http.guard import engine
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.headers.preconditions import IF_MATCH, etag_header, read_precondition
from service.routes.http.json_body import read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse

KINDS = ("segment", "stage", "target", "need", "tag")


class LabelsInput(Strict):
    """Which labels may be used from now on; what is left out stays."""

    labels = Named(
        Truth(),
        required=True,
        validate=validate.Length(min=1),
        metadata=describe("By label: false drops it, true takes it back."),
    )
    version = Word(required=True, metadata=describe("The wording that the customer saw.", example="privacy-2026-09"))


class StrategyName(Loose):
    """A strategy that a label decides."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class LabelAnswer(Loose):
    """A label that the customer has, or dropped."""

    label = fields.String(required=True, metadata=describe("The name to drop it by.", example="target:savers"))
    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    id = fields.String(required=True, allow_none=True, metadata=describe("What it says; null while it is dropped."))
    name = fields.String(required=True, allow_none=True)
    meaning = fields.String(required=True)
    effect = fields.String(required=True, metadata=describe("What it does, in words."))
    strategies = fields.List(fields.Nested(StrategyName), required=True)
    dropped = fields.Boolean(required=True)
    said = fields.Nested(LastWord, required=True, allow_none=True, metadata=describe("The customer's last word on it."))


class LabelsAnswer(Loose):
    """The labels of a customer, in force now."""

    customer_id = fields.String(required=True)
    external_key = fields.String(required=True, allow_none=True)
    personalised = fields.Boolean(required=True, metadata=describe("false: no label is used at all."))
    note = fields.String(required=True, allow_none=True)
    labels = fields.List(fields.Nested(LabelAnswer), required=True)


LABELS_SAID: dict[str, Any] = {"labels": {"target:savers": False}, "version": "privacy-2026-09"}
LABELS: dict[str, Any] = {
    "customer_id": "c-000001",
    "external_key": None,
    "personalised": True,
    "note": None,
    "labels": [
        {
            "label": "target:savers",
            "kind": "target",
            "id": "savers",
            "name": "储蓄客户",
            "meaning": "本行的一个客户分组，您符合它的条件。",
            "effect": "您已拒绝此标签：不再使用。",
            "strategies": [{"id": "product-ladder", "name": "产品阶梯"}],
            "dropped": True,
            "said": {
                "granted": False,
                "at": "2026-11-23T09:30:00+08:00",
                "source": "mobile-bank",
                "version": "privacy-2026-09",
            },
        }
    ],
}
PATH = "/v1/customers/<string:customer_id>/labels"
_INPUT = LabelsInput()
_TAG = {"ETag": {"description": "The customer's revision, for If-Match.", "schema": {"type": "string"}}}
_ANSWERS = {"200": response_doc("The labels that are used or dropped.", LabelsAnswer, LABELS, headers=_TAG)}
api = Resource("labels", __name__, description="What customers are called and decided by.")


@api.get(PATH, scope=(*READS, "preferences:write"), headers=(ACCEPT_LANGUAGE,), answers=_ANSWERS, errors=(NotFound,))
def get_labels(client: Client, customer_id: str) -> Response:
    """The labels that decide for a customer

    The trained segment, the stage of life, the groups that strategies speak to, needs and tags: what each means and
    does, in Chinese or English by `Accept-Language`. Labels that the customer dropped are listed to be taken back.
    """
    return _reply(customer_id, engine().labels.read(customer_id))


@api.put(
    PATH,
    scope=WRITES,
    headers=(IF_MATCH, ACCEPT_LANGUAGE),
    body=LabelsInput,
    example=LABELS_SAID,
    answers=_ANSWERS,
    errors=(NotFound, PreconditionFailed, PreconditionRequired),
)
def put_labels(client: Client, customer_id: str) -> Response:
    """Drop labels, or take them back

    A dropped label is unknown to every decision, message, portrait and list from the next call on, in any worker. What
    is left out stays as it was.
    """
    expected = read_precondition(client, request)
    body = check(_INPUT, read_json(request), SENTENCE)
    found = engine().labels.say(customer_id, body["labels"], client.name, body["version"], expected.expect)
    return _reply(customer_id, found)


def _reply(customer_id: str, found: CustomerLabels) -> RawResponse:
    language = choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    zone = engine().timezone
    words = {
        label: {"granted": word.granted, "at": iso(word.at, zone), "source": word.source, "version": word.version}
        for label, word in found.said.items()
    }
    body = {
        "customer_id": customer_id,
        "external_key": engine().crm.customers.key_of(customer_id),
        "personalised": found.personalised,
        "note": found.note(language),
        "labels": [{**one, "said": words.get(one["label"])} for one in found.describe(language)],
    }
    headers = [NO_STORE, etag_header(found.revision), ("Content-Language", language)]
    return RawResponse(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), 200, headers)
