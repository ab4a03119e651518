"""GET and POST /v1/customers/{customer_id}/offers: the next best offers of one customer, now.

The hot path. The schema reads each query string and Accept-Language once, and the result is cached by their text. The
engine's bytes are sent unchanged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from flask import Response, request
from marshmallow import ValidationError, fields, validates_schema

from service.core.context import REQUEST_NAMES
from service.core.domain import Client
from service.core.errors import Forbidden, NotFound, Unavailable
from service.core.expressions import Kind
from service.engine.engine import Answer, OfferRequest
from service.routes.http.fields import Amount, Day, QueryInteger, Strict, Truth, Whole, Word, Yuan, check, describe
from service.routes.http.guard import ExternalKey, engine, note_reading
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, LANGUAGES, choose_language
from service.routes.http.json_body import read_json
from service.routes.http.query import MAX_HOT_QUERY, MISFIT, parse_query
from service.routes.http.request_context import RequestContext, request_context
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import ABOUT, ASK_AGAIN, NO_STORE, RawResponse, respond_unless_held
from service.routes.offers.schemas import OFFERS, SHAP, YES_NO, OffersAnswer


class OffersQuery(Strict):
    """The slot of the request."""

    channel = Word(metadata=describe("Only treatments in this channel of the policy.", example="mobile_app"))
    placement = Word(metadata=describe("The slot within the channel.", example="home_banner"))
    limit = QueryInteger(1, 10, load_default=3, metadata=describe("How many offers at most.", example=3))


class ExplainedQuery(OffersQuery):
    """The slot of the request, and whether to explain."""

    explain = Word(
        among=YES_NO,
        load_default="false",
        metadata={"description": "Decide without recording, and tell why. Needs the scope offers:explain."},
    )
    shap = Word(among=YES_NO, load_default="false", metadata=SHAP)

    @validates_schema
    def _whole(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("shap") == "true" and value.get("explain") != "true":
            raise ValidationError("needs explain=true", "shap")


class DescribedRequest(Strict):
    """The fields of a request that need more words or bounds than their row of ``REQUEST_NAMES``."""

    channel = Word(metadata=describe("Only treatments in this channel of the policy.", example="mobile_app"))
    placement = Word(metadata=describe("The slot or page within the channel.", example="home_banner"))
    limit = Whole(1, 10, load_default=3, metadata=describe("How many offers at most.", example=3))
    trigger = Word(
        metadata=describe("What just happened, in the policy's words: one that its rules look at.", example="maturity")
    )
    amount_yuan = Yuan(1e12, metadata=describe("Money just received or freed, in yuan.", example=50000))


_BY_KIND: Mapping[Kind, Callable[..., fields.Field[Any]]] = {
    Kind.TEXT: Word,
    Kind.MONEY: partial(Yuan, 1e12),
    Kind.NUMBER: partial(Amount, -1e12, 1e12),
    Kind.BOOLEAN: Truth,
    Kind.DATE: Day,
}
_OTHERS = {
    name: _BY_KIND[row.kind](metadata=describe(row.meaning))
    for name, row in REQUEST_NAMES.items()
    if name not in DescribedRequest._declared_fields
}


class OffersInput(DescribedRequest.from_dict(_OTHERS)):  # type: ignore[misc]
    """The slot, and what just happened there: a field for each row of ``core.context.REQUEST_NAMES``."""


ASKED: dict[str, Any] = {
    "channel": "mobile_app",
    "placement": "home_banner",
    "limit": 3,
    "trigger": "maturity",
    "amount_yuan": 50000,
}


EXPLAIN = "offers:explain"
NO_CUSTOMERS = "This key belongs to one customer: read the decision's explanation for the customer instead."
PATH = "/v1/customers/<string:customer_id>/offers"
_QUERY, _INPUT = ExplainedQuery(), OffersInput()
VARY = ("Vary", "Accept-Language, Authorization, X-API-Key")
_LANGUAGE_HEADERS = {language: ("Content-Language", language) for language in LANGUAGES}
_NAME = b'"decision_id":"'
BEST_FIRST = "The offers, best first; an empty list comes with the reasons."
_IF_NONE_MATCH = {"in": "header", "name": "If-None-Match", "schema": {"type": "string"}}
_REVALIDATION = {
    "ETag": {"description": "Names these bytes.", "schema": {"type": "string"}},
    "Cache-Control": {
        "description": "private, no-cache: ask before each use, with If-None-Match.",
        "schema": {"type": "string"},
    },
}

api = Resource("offers", __name__, description="What to offer next, and why.")


@api.get(
    PATH,
    scope="offers:read",
    nameless=True,
    query=ExplainedQuery,
    headers=(ACCEPT_LANGUAGE, _IF_NONE_MATCH),
    answers={
        "200": response_doc(BEST_FIRST, OffersAnswer, OFFERS, headers=_REVALIDATION),
        "304": {"description": "What If-None-Match names is still what would be sent."},
    },
    errors=(NotFound,),
)
def list_offers(client: Client, customer_id: str) -> Response:
    """The next best offers of a customer

    Three unless `limit` says otherwise, in Chinese or English by `Accept-Language`. Nothing suitable is 200 with an
    empty list and the reasons in `withheld`. A customer's own key reads that customer only. With `explain=true` (scope
    `offers:explain` besides) the answer is decided for this question alone, told in full, and nothing is recorded.
    """
    environ = request.environ
    asked = parse_offers_request(environ["QUERY_STRING"], environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    if asked.explain:
        return explain(client, customer_id, asked)
    answer = recommend(customer_id, asked)
    note_answer(request_context(), answer)
    headers = [ASK_AGAIN, VARY, ABOUT, _LANGUAGE_HEADERS[asked.language]]
    known, accepted = environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_ACCEPT_ENCODING", "")
    return respond_unless_held(answer.body, headers, known, accepted)


@api.post(
    PATH,
    scope="offers:read",
    nameless=True,
    headers=(ACCEPT_LANGUAGE,),
    body=OffersInput,
    example=ASKED,
    answers={"200": response_doc(BEST_FIRST, OffersAnswer, OFFERS)},
    errors=(NotFound,),
)
def request_offers(client: Client, customer_id: str) -> Response:
    """The next best offers of a customer, asked with what just happened

    The same decision as by GET for the same facts; besides, the policy may look at `trigger` and `amount_yuan`.
    """
    stated = check(_INPUT, read_json(request), "The body does not fit.")
    asked = OfferRequest(**stated, language=choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", "")))
    answer = recommend(customer_id, asked)
    note_answer(request_context(), answer)
    return RawResponse(answer.body, 200, [NO_STORE, VARY, ABOUT, _LANGUAGE_HEADERS[asked.language]])


@dataclass(frozen=True, slots=True)
class OffersRequest(OfferRequest):
    """A request, and whether to explain it. An explained answer is not cached, so the cache key is the same."""

    explain: bool = False
    shap: bool = False


def recommend(customer_id: str, asked: OfferRequest) -> Answer:
    """The offers of a customer; of an external key while it cannot be resolved."""
    if isinstance(customer_id, ExternalKey):
        return engine().recommend_default(customer_id, asked)
    return engine().recommend(customer_id, asked)


def explain(client: Client, customer_id: str, asked: OffersRequest) -> RawResponse:
    """The answer with its explanation, decided without recording or caching; the reading is logged.

    Raises: Forbidden: without the scope, or for a customer's own key. Unavailable: while the external key cannot be
    resolved.
    """
    if EXPLAIN not in client.scopes:
        raise Forbidden(f'This key lacks the scope "{EXPLAIN}", which explain=true needs.')
    if client.customer_id is not None:
        raise Forbidden(NO_CUSTOMERS)
    if isinstance(customer_id, ExternalKey):
        raise Unavailable("Nobody can tell just now whose this external key is.")
    note_reading(client, customer_id)
    body = engine().explanations.explain_now(customer_id, asked, asked.shap)
    request_context().source = "explained"
    return RawResponse(body, 200, [NO_STORE, VARY, ABOUT, _LANGUAGE_HEADERS[asked.language]])


@lru_cache(maxsize=4096)
def parse_offers_request(query: str, accepted: str) -> OffersRequest:
    """The request of a query string and an Accept-Language.

    Raises: InvalidInput: with every problem.
    """
    stated = check(_QUERY, parse_query(query, MAX_HOT_QUERY), MISFIT)
    why = {name: stated.pop(name) == "true" for name in ("explain", "shap")}
    return OffersRequest(**stated, **why, language=choose_language(accepted))


def note_answer(noted: RequestContext, answer: Answer) -> None:
    """Note in the request's context where the answer came from and which decision it is."""
    noted.source, noted.degraded = answer.source, answer.degraded
    start = answer.body.find(_NAME) + len(_NAME)
    if start >= len(_NAME):
        noted.decision_id = answer.body[start : answer.body.find(b'"', start)].decode("ascii", "replace")
