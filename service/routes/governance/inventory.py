"""/v1/models/inventory: every model with what the bank states of it, and the stop switch of each."""

from typing import Any

from flask import Response, request
from marshmallow import fields, validate

from service.core.domain import Client
from service.core.errors import Conflict, NotFound
from service.routes.governance.models import EITHER, PROMOTE, RELEASE, api
from service.routes.governance.policies.policies import (
    BODY,
    NOTE_MAX,
    NoteInput,
    ReleaseAnswer,
    answer_json,
    release_document,
)
from service.routes.http.fields import Loose, Strict, check, describe
from service.routes.http.guard import engine, expect_word
from service.routes.http.json_body import read_json
from service.routes.http.resource import response_doc


class StopAnswer(Loose):
    """Who stopped a model, and why."""

    actor = fields.String(required=True)
    reason = fields.String(required=True)
    stopped_at = fields.DateTime(required=True)


class InventoryRowAnswer(Loose):
    """A model; what the bank does not state says `not stated`."""

    model = fields.String(required=True, metadata=describe("Its name, in every bundle."))
    kind = fields.String(required=True, metadata=describe("What it is."))
    bundles = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata=describe("The versions of its bundles: `champion`, `challenger` or `registered`."),
    )
    purpose = fields.String(required=True)
    owner = fields.String(required=True)
    risk = fields.String(required=True, metadata=describe("high, medium or low."))
    reviewer = fields.String(required=True)
    next_review = fields.String(required=True)
    retirement = fields.String(required=True)
    suppliers = fields.String(required=True, metadata=describe("Outsourcing and supply chain."))
    not_stated = fields.List(fields.String(), required=True)
    review = fields.String(required=True, metadata={"enum": ["ahead", "overdue", "not stated"]})
    stopped = fields.Nested(StopAnswer, required=True, allow_none=True, metadata=describe("Null while it scores."))


class InventoryAnswer(Loose):
    """Every model, by name."""

    models = fields.List(fields.Nested(InventoryRowAnswer), required=True)


class StopInput(Strict):
    """Why."""

    reason = fields.String(
        required=True,
        validate=validate.Length(1, NOTE_MAX, error="must be 1 to {max} characters"),
        metadata=describe("Why, in words; kept with the stop and in the audit log."),
    )


INVENTORY: dict[str, Any] = {
    "models": [
        {
            "model": "deposit",
            "kind": "the chance that a customer takes an offer of the family: LightGBM, calibrated",
            "bundles": {"b-0123456789ab": "champion"},
            "purpose": "Orders offers of deposits",
            "owner": "retail analytics",
            "risk": "medium",
            "reviewer": "model risk",
            "next_review": "2027-03-31",
            "retirement": "none",
            "suppliers": "trained in house with LightGBM",
            "not_stated": [],
            "review": "ahead",
            "stopped": None,
        }
    ]
}


@api.get(
    "/v1/models/inventory",
    scope=EITHER,
    answers={"200": response_doc("Every model, by name.", InventoryAnswer, INVENTORY)},
)
def list_inventory(client: Client) -> Response:
    """The model inventory

    Every model of every bundle that serves or is registered: what it is, and what the bank states of it (purpose,
    owner, risk grade, reviewer, next review, retirement, suppliers), by the file of FOURCAST_MODEL_INVENTORY. `stopped`
    says who stopped it, and why.
    """
    return answer_json({"models": [row.document() for row in engine().inventory.list_rows()]})


@api.post(
    "/v1/models/inventory/<string:model>/stop",
    scope=PROMOTE,
    body=StopInput,
    example={"reason": "It scores the elderly too high."},
    answers={"200": response_doc("The release without the model; every worker follows.", ReleaseAnswer, RELEASE)},
    errors=(NotFound, Conflict),
)
def stop_model(client: Client, model: str) -> Response:
    """Stop a model

    From this release on it scores nobody, in whichever bundle: rules, priors and the other models go on. Answers name
    `models` in `degraded`. No cached answer is served again. It stays stopped until it is started again.
    """
    body = check(StopInput(), read_json(request), BODY)
    made = engine().inventory.stop(expect_word(model, "model"), client.name, body["reason"])
    return answer_json(release_document(engine().governance.announce(made)))


@api.post(
    "/v1/models/inventory/<string:model>/start",
    scope=PROMOTE,
    body=NoteInput,
    example={"note": "Mended and reviewed"},
    answers={"200": response_doc("The release with the model; every worker follows.", ReleaseAnswer, RELEASE)},
    errors=(Conflict,),
)
def start_model(client: Client, model: str) -> Response:
    """Let a stopped model score again

    From this release on, in whichever bundle serves.
    """
    body = check(NoteInput(), read_json(request), BODY)
    made = engine().store.model_stops.start(expect_word(model, "model"), client.name, body["note"])
    return answer_json(release_document(engine().governance.announce(made)))
