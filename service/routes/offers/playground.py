"""/v1/try: what would be decided for a made-up customer at any instant; recorded nowhere."""

from typing import Any

from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import InvalidInput, NotFound, Problem
from service.engine.engine import OfferRequest
from service.engine.playground import read_instant
from service.routes.http.fields import Loose, Word, check, describe
from service.routes.http.guard import engine
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.json_body import read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.offers import OffersInput
from service.routes.offers.schemas import OFFERS, OffersAnswer

HASH, LONGEST_INSTANT = 64, 40
FACTS: dict[str, Any] = {
    "attributes": {"age": 66, "risk_tolerance": 5, "risk_assessed_on": "2026-06-01", "demand_yuan": 80000.0},
    "consents": {"marketing:sms": True},
    "events": [{"kind": "purchase", "offer": "term-12m", "channel": "branch", "days_ago": 40}],
}


class TryInput(OffersInput):
    """Who the customer is, when, where, and under which policy."""

    facts = fields.Raw(
        required=True,
        metadata=describe("attributes, consents, events and scores, each optional.", type="object", example=FACTS),
    )
    at = Word(
        LONGEST_INSTANT,
        metadata=describe(
            "The instant; without an offset in the bank's time zone; now when it is left out.",
            example="2026-11-23T09:30:00+08:00",
        ),
    )
    policy = Word(HASH, metadata=describe("The hash of a stored policy; else the one that serves."))


class WithdrawnAnswer(Loose):
    """By whom and why a policy was withdrawn, which never serves again."""

    by = fields.String(required=True)
    reason = fields.String(required=True)


class TryAnswer(OffersAnswer):
    """The offers, why, and whether the policy that decided was withdrawn."""

    withdrawn = fields.Nested(
        WithdrawnAnswer, required=True, allow_none=True, metadata=describe("Null where the policy may serve.")
    )


TRY: dict[str, Any] = {"facts": FACTS, "at": "2026-11-23T09:30:00+08:00", "channel": "branch"}
TRIED: dict[str, Any] = {**OFFERS, "withdrawn": None}
_INPUT = TryInput()

api = Resource("playground", __name__, description="Decisions for made-up customers.")


@api.post(
    "/v1/try",
    scope="offers:explain",
    headers=(ACCEPT_LANGUAGE,),
    body=TryInput,
    example=TRY,
    answers={"200": response_doc("The offers, and in `explanation` why, and why not the rest.", TryAnswer, TRIED)},
    errors=(NotFound,),
)
def try_made_up_customer(client: Client) -> Response:
    """What would be offered to a made-up customer

    At any instant, by the policy that serves or another stored one, with the models and prices that serve unless the
    facts state `scores`. Nothing is recorded, cached or counted. A name that the policy does not know is 422, with the
    name that was meant.
    """
    stated = check(_INPUT, read_json(request), "The body does not fit.")
    facts, at, policy = (stated.pop(name, None) for name in ("facts", "at", "policy"))
    asked = OfferRequest(**stated, language=choose_language(request.headers.get("Accept-Language", "")))
    body = engine().playground.try_out(facts, asked, _instant(at), policy)
    return RawResponse(body, 200, [NO_STORE])


def _instant(at: str | None) -> int | None:
    if at is None:
        return None
    found = read_instant(at, str(engine().timezone))
    if found is None:
        raise InvalidInput(
            "The body does not fit.", [Problem("at", "must be an instant, as 2026-11-23T09:30:00+08:00")]
        )
    return found
