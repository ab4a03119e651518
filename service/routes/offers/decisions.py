"""GET /v1/decisions/{decision_id}: a decision as recorded, explained (``/explanation``), or replayed (``/replay``).

The analyst's explanation and the record hold everything; they are no customer's to read. ``/explanation/customer`` and
``/explanation/adviser`` hold what those readers may know. Each reading is written to the access log.
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.decision_ids import canonical_id
from service.core.domain import Client
from service.core.errors import NotFound
from service.engine.explain import Reader
from service.routes.http.fields import Loose, Open, Strict, Word
from service.routes.http.guard import BoundClients, engine, expect_word, note_reading, reachable_customers
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.query import read_query
from service.routes.http.request_context import request_context
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import ABOUT, NO_STORE, RawResponse
from service.routes.offers.offers import VARY
from service.routes.offers.reader_schemas import AdviserExplanation, CustomerExplanation
from service.routes.offers.schemas import OFFERS, SHAP, YES_NO, ExplanationAnswer
from service.store import Record


class ExplanationQuery(Strict):
    """How much to explain."""

    shap = Word(among=YES_NO, load_default="false", metadata=SHAP)


class ReplayDifference(Loose):
    """One value that differs from the record."""

    path = fields.String(required=True, metadata={"example": "decision.treatments.0.priority"})
    stored = fields.Raw(required=True, allow_none=True)
    now = fields.Raw(required=True, allow_none=True)


class ReplayAnswer(Loose):
    """A decision replayed from its record, its policy and its models."""

    decision_id = fields.String(required=True)
    identical = fields.Boolean(required=True)
    scores = fields.String(required=True, metadata={"enum": ["equal", "different", "not scored", "bundle not here"]})
    differences = fields.List(fields.Nested(ReplayDifference), required=True)


REPLAY: dict[str, Any] = {
    "decision_id": OFFERS["decision_id"],
    "identical": True,
    "scores": "equal",
    "differences": [],
}


class DecisionRecord(Open):
    """A decision with its inputs, versions, factors and reasons; replays to the same bytes."""


_EXPLANATION = ExplanationQuery()

api = Resource("decisions", __name__, description="What was decided, and from what.")


@api.get(
    "/v1/decisions/<string:decision_id>",
    scope="offers:explain",
    reach=BoundClients.BRANCH,
    answers={"200": response_doc("The record, byte for byte as it was stored.", DecisionRecord)},
    errors=(NotFound,),
)
def get_decision(client: Client, decision_id: str) -> Response:
    """One decision with its snapshot, versions, factors and reasons

    To a key bound to a branch the decisions of others do not exist (404). A customer's own key reads
    `/explanation/customer` instead.
    """
    stored = _read_stored(client, decision_id)
    note_reading(client, stored.customer_id)
    return RawResponse(stored.record, 200, [NO_STORE])


@api.get(
    "/v1/decisions/<string:decision_id>/explanation",
    scope="offers:explain",
    reach=BoundClients.BRANCH,
    query=ExplanationQuery,
    headers=(ACCEPT_LANGUAGE,),
    answers={"200": response_doc("Why, why not, and what would change it.", ExplanationAnswer)},
    errors=(NotFound,),
)
def explain_decision(client: Client, decision_id: str) -> Response:
    """One decision explained to an analyst

    Everything, so no customer's to read. From its record and the policy that made it: the funnel from all offers to
    those shown, every gate with its rule, the factors of each priority, what would win without each factor, and what
    would unlock what is withheld.
    """
    stored = _read_stored(client, decision_id)
    note_reading(client, stored.customer_id)
    asked = read_query(_EXPLANATION)
    spoken = choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    explanation = engine().explanations.explain_record(stored.record, spoken, asked["shap"] == "true")
    return _answer(explanation, spoken)


@api.get(
    "/v1/decisions/<string:decision_id>/explanation/customer",
    scope=("offers:read", "offers:explain"),
    reach=BoundClients.NAMED,
    headers=(ACCEPT_LANGUAGE,),
    answers={"200": response_doc("What was used, why, and what the customer can change.", CustomerExplanation)},
    errors=(NotFound,),
)
def explain_decision_to_customer(client: Client, decision_id: str) -> Response:
    """One decision explained to its customer

    In their own words: what was used and from where, what was not, whether it was personalised and how to switch that
    off. No margin, no score, and no product that they may not hold. A customer's own key reads its own decisions.
    """
    return _explain_to(Reader.CUSTOMER, client, decision_id)


@api.get(
    "/v1/decisions/<string:decision_id>/explanation/adviser",
    scope=("leads:read", "offers:explain"),
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    answers={"200": response_doc("The rules of conduct, and what may be said of which product.", AdviserExplanation)},
    errors=(NotFound,),
)
def explain_decision_to_adviser(client: Client, decision_id: str) -> Response:
    """One decision explained to the adviser who speaks with the customer

    The rules of conduct with their grounds, the products that may be spoken of and what is said of each, which need a
    second confirmation, and why others are held back. It names no product that the customer may not hold, and prompts
    no risk assessment.
    """
    return _explain_to(Reader.ADVISER, client, decision_id)


@api.get(
    "/v1/decisions/<string:decision_id>/replay",
    scope="offers:explain",
    reach=BoundClients.BRANCH,
    answers={"200": response_doc("Whether every byte is the same; if not, what differs.", ReplayAnswer, REPLAY)},
    errors=(NotFound,),
)
def replay_decision(client: Client, decision_id: str) -> Response:
    """One decision made again

    From its own record, the policy it names and, where its folder is still there, the bundle it names.
    """
    stored = _read_stored(client, decision_id)
    note_reading(client, stored.customer_id)
    replayed = engine().explanations.replay_record(stored.id, stored.record)
    return RawResponse(orjson.dumps(replayed.document()), 200, [NO_STORE])


def _explain_to(reader: Reader, client: Client, decision_id: str) -> Response:
    stored = _read_stored(client, decision_id)
    note_reading(client, stored.customer_id)
    spoken = choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    return _answer(engine().explanations.explain_to(reader, stored.record, spoken), spoken)


def _answer(explanation: dict[str, Any], spoken: str) -> Response:
    explanation["external_key"] = engine().crm.customers.key_of(str(explanation["customer_id"]))
    return RawResponse(orjson.dumps(explanation), 200, [NO_STORE, VARY, ABOUT, ("Content-Language", spoken)])


def _read_stored(client: Client, decision_id: str) -> Record:
    expect_word(decision_id, "decision_id")
    request_context().decision_id = canonical_id(decision_id) or decision_id
    try:
        stored = engine().read_decision(decision_id)
        if reachable_customers(client, (stored.customer_id,)):
            return stored
    except NotFound:
        pass  # the same words for a stranger's decision as for none
    raise NotFound("No such decision. Decisions are kept as long as the bank's retention says.")
