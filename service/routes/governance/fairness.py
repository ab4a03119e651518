"""GET /v1/fairness: what the decisions stored lately showed to whom, by sex, age band and region.

The same figures as ``fourcast fairness measure --from-store``, calculated per request, of as many customers as
monitoring.yaml says.
"""

from typing import Any

import orjson
from flask import Response
from marshmallow import fields

from service.core.domain import Client
from service.routes.http.fields import Loose, describe
from service.routes.http.guard import engine
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse

ROW: dict[str, Any] = {
    "group": "65 and over",
    "customers": 346,
    "rate": 0.768786,
    "low": 0.721534,
    "high": 0.810132,
    "ratio": 0.908952,
    "ratio_low": 0.847048,
    "ratio_high": 0.975382,
    "alert": False,
}
FAIRNESS: dict[str, Any] = {
    "policy": "0f3c",
    "customers": 1874,
    "lawful": {"deposit": 1870, "wealth": 1013},
    "bound": 0.8,
    "comparisons": [{"axis": "age", "family": "wealth", "what": "shown", "groups": [ROW]}],
    "expected_margin": {
        "sex": [{"group": "female", "customers": 930, "mean_yuan": 2.31, "low_yuan": 1.9, "high_yuan": 2.72}]
    },
    "alerts_on": "offered, shown, margin",
    "gaps": [],
    "overrides": [],
    "proxies": [],
    "unfair": [],
    "unreadable_decisions": 0,
}

api = Resource("fairness", __name__, description="Who is offered something, by group.")


class GroupRateAnswer(Loose):
    """One group: its rate, and the ratio to the best-served group's, each with its interval at 95 %."""

    group = fields.String(required=True)
    customers = fields.Integer(required=True)
    rate = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    ratio = fields.Float(required=True, allow_none=True)
    ratio_low = fields.Float(required=True, allow_none=True)
    ratio_high = fields.Float(required=True, allow_none=True)
    alert = fields.Boolean(required=True, metadata=describe("Whether the whole interval lies below the bound."))


class ComparisonAnswer(Loose):
    """One figure of one family on one axis."""

    axis = fields.String(required=True, metadata={"enum": ["sex", "age", "region"]})
    family = fields.String(required=True)
    what = fields.String(required=True, metadata={"enum": ["offered", "shown", "accepted"]})
    groups = fields.List(fields.Nested(GroupRateAnswer), required=True)
    without_traits = fields.Dict(
        metadata=describe("Group -> its ratio without the fit rules that read a trait; of what a policy shows.")
    )


class FairnessAnswer(Loose):
    """Rates by group, the gaps that nobody excused, and the overrides in force."""

    policy = fields.String(required=True)
    customers = fields.Integer(required=True)
    lawful = fields.Dict(required=True, metadata=describe("Family -> customers to whom the law lets it be offered."))
    bound = fields.Float(required=True)
    comparisons = fields.List(fields.Nested(ComparisonAnswer), required=True)
    expected_margin = fields.Dict(required=True)
    alerts_on = fields.String(required=True)
    gaps = fields.List(fields.Dict(), required=True)
    overrides = fields.List(fields.Dict(), required=True)
    proxies = fields.List(fields.Dict(), metadata=describe("Attributes that tell a trait by their values."))
    unfair = fields.List(fields.String(), metadata=describe("What the policy decides by them between unlike terms."))
    unreadable_decisions = fields.Integer(required=True)


@api.get(
    "/v1/fairness",
    scope=("policies:write", "policies:approve"),
    answers={"200": response_doc("Rates by group of what was shown lately.", FairnessAnswer, FAIRNESS)},
)
def get_fairness(client: Client) -> Response:
    """Who was shown something lately, by sex, age band and region

    Among the customers to whom the law lets something of a family be offered: the share that was shown it, the share of
    these that took it, and the expected margin of the first offer, with intervals; and what is offered to them at all
    by the policy that serves. A gap is a group whose whole interval lies below `bound` of the best-served group's rate:
    a screening signal, not a verdict. `overrides` are the gaps that somebody excused for a time, and why.
    """
    return RawResponse(orjson.dumps(engine().fairness.measure_stored().document()), 200, [NO_STORE])
