"""GET /v1/customers/{customer_id}/copy and /copy.html: a copy of everything about a customer, for programs and to read.

For the customer's own key, and for the bank's CRM. Every call is on the audit log. A section of many rows comes in
pages; nothing is cut off without a word.
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import NotFound
from service.engine.rights.copy import CopyRequest
from service.rendering.copy_page import write_page
from service.routes.http.fields import Loose, OnBehalf, Word, describe
from service.routes.http.guard import engine
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.query import decode_place, encode_cursor, next_page, read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse


class CopyQuery(OnBehalf):
    """Which part of the copy."""

    part = Word(metadata=describe("One section alone.", example="events"))
    cursor = Word(1_500, metadata=describe("The `next` of that section's page before."))


class CopyAttribute(Loose):
    """An attribute, who said it, and as of when."""

    attribute = fields.String(required=True)
    name = fields.String(required=True)
    value = fields.Raw(required=True, allow_none=True)
    source = fields.String(required=True, allow_none=True)
    as_of = fields.DateTime(required=True, allow_none=True)


class CopySectionAnswer(Loose):
    """Rows of one kind, in a fixed order."""

    rows = fields.List(fields.Dict(), required=True)
    next = fields.String(required=True, allow_none=True, metadata=describe("The cursor of the next page; null: none."))


class LeftOut(Loose):
    """What is not in the copy, and on which ground."""

    what = fields.String(required=True)
    ground = fields.String(required=True)


class CopyAnswer(Loose):
    """Everything about one customer; of a part only that section."""

    customer_id = fields.String(required=True)
    external_key = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True)
    language = fields.String(required=True, metadata={"enum": ["zh", "en"]})
    revision = fields.Integer()
    updated_at = fields.DateTime()
    attributes = fields.List(fields.Nested(CopyAttribute))
    labels = fields.List(fields.Dict())
    sections = fields.Dict(keys=fields.String(), values=fields.Nested(CopySectionAnswer), required=True)
    left_out = fields.List(fields.Nested(LeftOut), required=True)


COPY: dict[str, Any] = {
    "customer_id": "c-000001",
    "external_key": None,
    "at": "2026-11-23T09:30:00+08:00",
    "language": "zh",
    "sections": {
        "consents": {
            "rows": [
                {"purpose": "marketing:sms", "granted": True, "at": "2026-11-23T09:30:00+08:00",
                 "source": "mobile-bank", "version": "privacy-2026-09"}
            ],
            "next": None,
        }
    },
    "left_out": [{"what": "leads.priority", "ground": "本行比较产品时的内部计算"}],
}  # fmt: skip
SCOPES = ("customers:write", "offers:explain")
PATH = "/v1/customers/<string:customer_id>/copy"
_QUERY = CopyQuery()
_HTML = "text/html; charset=utf-8"
_PAGE = {"200": {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}}}
_POLICY = ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
api = Resource("copy", __name__, description="A copy of everything about a customer.")


@api.get(
    PATH,
    scope=SCOPES,
    query=CopyQuery,
    headers=(ACCEPT_LANGUAGE,),
    answers={"200": response_doc("The copy.", CopyAnswer, COPY)},
    errors=(NotFound,),
)
def get_copy(client: Client, customer_id: str) -> Response:
    """A copy of everything about a customer

    Attributes with their sources, labels, consents, events, contacts, decisions with their reasons, leads, lists, and
    who looked. A section with more rows than a page has `next`: ask for that `part` with it as `cursor`. `left_out`
    says what is not in the copy, and on which ground.
    """
    asked = _read(client, customer_id)
    body, headers = _copied(asked), [NO_STORE, ("Content-Language", asked.language)]
    return RawResponse(orjson.dumps(body), 200, headers)


@api.get(
    f"{PATH}.html",
    scope=SCOPES,
    query=CopyQuery,
    headers=(ACCEPT_LANGUAGE,),
    answers=_PAGE,
    errors=(NotFound,),
)
def get_copy_page(client: Client, customer_id: str) -> Response:
    """The copy as a page to read

    The same in HTML, in Chinese or English by `Accept-Language`, without scripts. A section that goes on links to its
    next page.
    """
    asked = _read(client, customer_id)
    body = _copied(asked)
    rows = [(name, section["rows"]) for name, section in body["sections"].items()]
    onward = {
        name: next_page(f"{request.path}", part=name, cursor=section["next"])
        for name, section in body["sections"].items()
        if section["next"] is not None
    }
    page = "".join(write_page(body, rows, asked.language, onward, engine().copies.name_codes(asked.language)))
    headers = [NO_STORE, _POLICY, ("Content-Language", asked.language)]
    return RawResponse(page.encode(), 200, headers, _HTML)


def _read(client: Client, customer_id: str) -> CopyRequest:
    query = read_query(_QUERY)
    language = choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    after = decode_place(query["cursor"]) if "cursor" in query else ()
    return CopyRequest(customer_id, client.name, language, query.get("part"), after, query.get("on_behalf_of"))


def _copied(asked: CopyRequest) -> dict[str, Any]:
    """The copy, with the place where each section goes on as a cursor."""
    body = engine().copies.read(asked)
    for section in body["sections"].values():
        section["next"] = None if section["next"] is None else encode_cursor(*section["next"])
    return body
