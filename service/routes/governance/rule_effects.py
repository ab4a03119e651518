"""GET /v1/rules/effects: what each fit rule changes, beside what its weight claims."""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.engine.outcomes.rule_effects import DAYS
from service.routes.http.fields import Loose, QueryInteger, Strict, check, describe
from service.routes.http.guard import engine
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse

CUSTOMERS = 2_000
"""Customers whose decisions are judged again within one request; more by `fourcast rules measure`."""

EXAMPLE: dict[str, Any] = {
    "policy": "0f3c",
    "since": 1_764_000_000_000,
    "until": 1_771_776_000_000,
    "window_days": 30,
    "level": 0.95,
    "customers": 1874,
    "shown": 5210,
    "taken": 402,
    "rules": [
        {
            "rule": "idle-money",
            "weight": 1.4,
            "claimed_odds": 1.34,
            "shown": 5210,
            "fired": 1630,
            "taken_where_fired": 141,
            "odds": 1.06,
            "low": 0.86,
            "high": 1.31,
            "verdict": "contradicted",
            "proposed_weight": 1.07,
        }
    ],
    "left_out": {"not personalised": 12},
    "caveats": ["Only treatments that were shown count."],
}

api = Resource("rule-effects", __name__, description="Rules held against what customers did.")


class RuleEffectsQuery(Strict):
    """The time span."""

    days = QueryInteger(1, 3660, load_default=DAYS, metadata={"description": "How far back.", "example": DAYS})


class RuleEffectAnswer(Loose):
    """One rule: the odds ratio that its weight claims, and the one that was measured."""

    rule = fields.String(required=True)
    weight = fields.Float(required=True)
    claimed_odds = fields.Float(required=True, metadata=describe("weight ** (4 x the weight of its C)."))
    shown = fields.Integer(required=True)
    fired = fields.Integer(required=True)
    taken_where_fired = fields.Integer(required=True)
    odds = fields.Float(required=True, allow_none=True, metadata=describe("Null where nothing can be said."))
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)
    verdict = fields.String(required=True, metadata={"enum": ["cannot tell yet", "borne out", "contradicted"]})
    proposed_weight = fields.Float(required=True, metadata=describe("Another weight only where contradicted."))


class RuleEffectsAnswer(Loose):
    """The effects of every fit rule of the policy that serves."""

    policy = fields.String(required=True)
    since = fields.Integer(required=True, metadata=describe("Milliseconds, UTC."))
    until = fields.Integer(required=True, metadata=describe("Milliseconds, UTC."))
    window_days = fields.Float(required=True)
    level = fields.Float(required=True)
    customers = fields.Integer(required=True)
    shown = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    rules = fields.List(fields.Nested(RuleEffectAnswer), required=True)
    left_out = fields.Dict(required=True, metadata=describe("Reason -> how many decisions or treatments."))
    caveats = fields.List(fields.String(), required=True)


_QUERY = RuleEffectsQuery()


@api.get(
    "/v1/rules/effects",
    scope=("policies:write", "policies:approve", "offers:explain"),
    query=RuleEffectsQuery,
    answers={"200": response_doc("Each rule's effect.", RuleEffectsAnswer, EXAMPLE)},
)
def list_rule_effects(client: Client) -> Response:
    """What each fit rule changes of the odds, beside what its weight claims

    By the first decision of up to 2,000 customers whose attribution window has closed: a logistic regression with the
    decision's own propensity as offset, 95 % intervals clustered by customer. A claim outside its interval is
    contradicted, and another weight is proposed; nothing changes by this. Not for a customer's own key.
    """
    asked = check(_QUERY, request.args.to_dict(), "The query does not fit.")
    found = engine().rule_effects.measure(None, asked["days"], CUSTOMERS)
    return RawResponse(orjson.dumps(found.document()), 200, [NO_STORE])
