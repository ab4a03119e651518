"""GET /v1/models/drift: how far customers and scores of the latest decisions differ from the bundle's training data.

The same figures as ``fourcast drift --from-store``, calculated per request: some tenths of a second of one worker.
"""

from datetime import datetime
from typing import Any

import orjson
from flask import Response
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import NotFound
from service.routes.http.fields import Loose, describe
from service.routes.http.guard import engine
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse

DRIFT: dict[str, Any] = {
    "bundle": "b-0123456789ab",
    "since": "2026-10-24T09:30:00+08:00",
    "until": "2026-11-23T09:30:00+08:00",
    "customers": 1874,
    "unreadable_decisions": 0,
    "drifted": ["demand_yuan"],
    "shifts": [
        {
            "name": "demand_yuan",
            "kind": "feature",
            "customers": 1874,
            "psi": 0.31,
            "psi_noise": 0.012,
            "ks": 0.24,
            "ks_noise": 0.038,
            "unknown_before": 0.0,
            "unknown_now": 0.0,
            "verdict": "drifted",
        }
    ],
    "calibration": [
        {
            "family": "deposit",
            "customers": 1502,
            "taken": 171,
            "expected": 165.2,
            "ratio": 1.035,
            "ratio_low": 0.849,
            "ratio_high": 1.221,
            "verdict": "steady",
        }
    ],
}


PROMOTE = "models:promote"
VERDICTS = ["steady", "watch", "drifted", "too few customers"]

api = Resource("drift", __name__, description="Whether the models still fit the customers.")


class DriftShiftAnswer(Loose):
    """One feature or score, then and now; `psi_noise` and `ks_noise` are what chance alone reaches."""

    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["feature", "score"]})
    customers = fields.Integer(required=True)
    psi = fields.Float(required=True)
    psi_noise = fields.Float(required=True)
    ks = fields.Float(required=True, allow_none=True)
    ks_noise = fields.Float(required=True, allow_none=True)
    unknown_before = fields.Float(required=True)
    unknown_now = fields.Float(required=True)
    verdict = fields.String(required=True, metadata={"enum": VERDICTS})


class CalibratedAnswer(Loose):
    """One family's outcomes against its propensities, of decisions whose horizon has passed."""

    family = fields.String(required=True)
    customers = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    expected = fields.Float(required=True)
    ratio = fields.Float(required=True, allow_none=True)
    ratio_low = fields.Float(required=True, allow_none=True)
    ratio_high = fields.Float(required=True, allow_none=True)
    verdict = fields.String(required=True, metadata={"enum": VERDICTS})


class DriftAnswer(Loose):
    """What drifted, and every figure it follows from, the worst first."""

    bundle = fields.String(required=True)
    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True)
    customers = fields.Integer(required=True)
    unreadable_decisions = fields.Integer(
        required=True, metadata=describe("Decisions left out: somebody altered their record.")
    )
    drifted = fields.List(fields.String(), required=True)
    shifts = fields.List(fields.Nested(DriftShiftAnswer), required=True)
    calibration = fields.List(fields.Nested(CalibratedAnswer), required=True)


@api.get(
    "/v1/models/drift",
    scope=PROMOTE,
    answers={"200": response_doc("Drift of what serves.", DriftAnswer, DRIFT)},
    errors=(NotFound,),
)
def get_model_drift(client: Client) -> Response:
    """How far customers and scores have drifted from what the models learned

    Features and scores of the decisions stored lately against the references in the bundle that serves, by PSI and KS;
    outcomes against propensities where their horizon has passed. `drifted` names what is over a bound of the policy's
    monitoring.yaml. 404 where no bundle with references serves.
    """
    found, about = engine().drift.measure()
    span = {name: datetime.fromtimestamp(about[name] // 1000, engine().timezone) for name in ("since", "until")}
    return RawResponse(orjson.dumps({**about, **span, **found.document()}), 200, [NO_STORE])
