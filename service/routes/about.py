"""GET /v1/about-recommendations: what the algorithm is for, its filing, and a customer's rights. Public."""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.routes.http.fields import Loose, describe
from service.routes.http.guard import PUBLIC, engine
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, BY_LANGUAGE, choose_language
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import ABOUT_PATH, ASK_AGAIN, RawResponse


class AboutAnswer(Loose):
    """What the bank states of its recommendations; what it does not state says so."""

    language = fields.String(required=True, metadata={"enum": ["zh", "en"]})
    purpose = fields.String(required=True)
    principle = fields.String(required=True, metadata=describe("How recommendations are made, in plain words."))
    contact = fields.String(required=True, metadata=describe("Where customers ask and complain."))
    filing_number = fields.String(required=True)
    filed_on = fields.String(required=True)
    not_stated = fields.List(fields.String(), required=True, metadata=describe("The members that are not stated."))
    rights = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


RIGHTS = {
    "preferences": "/v1/customers/{customer_id}/preferences",
    "labels": "/v1/customers/{customer_id}/labels",
    "copy": "/v1/customers/{customer_id}/copy",
    "objections": "/v1/customers/{customer_id}/objections",
    "explanation": "/v1/decisions/{decision_id}/explanation/customer",
}
"""Where a customer uses each right: to switch personalisation off, drop labels, get a copy, object, be told why."""
ABOUT: dict[str, Any] = {
    "language": "zh",
    "purpose": "为您推荐适合的存款和理财产品",
    "principle": "未说明",
    "contact": "未说明",
    "filing_number": "未说明",
    "filed_on": "未说明",
    "not_stated": ["principle", "contact", "filing_number", "filed_on"],
    "rights": RIGHTS,
}
api = Resource("about", __name__, description="What the algorithm is for.")


@api.get(
    ABOUT_PATH,
    scope=PUBLIC,
    headers=(ACCEPT_LANGUAGE,),
    answers={"200": response_doc("What the bank states.", AboutAnswer, ABOUT)},
)
def get_about() -> Response:
    """What the recommendations are for

    Purpose, principle and filing number as the bank states them, in Chinese or English by `Accept-Language`; what it
    does not state says so. Offers and explanations link here (`Link`, `rel="describedby"`).
    """
    language = choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    body = engine().filing.describe(language) | {"rights": RIGHTS}
    return RawResponse(orjson.dumps(body), 200, [ASK_AGAIN, BY_LANGUAGE, ("Content-Language", language)])
