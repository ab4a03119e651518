"""/v1/models and /v1/challenger: bundles of models, listed, compared, promoted, or put on trial as challenger.

The same facts and gates as on the command line; the actor is the name of the client that holds the key. A refusal by a
bundle's own figures cannot be overridden over HTTP; a refusal by its value on the stored decisions can. Whoever
proposed a policy cannot put it on trial. ``POST /v1/releases/rollback`` reverts a promotion.
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import Conflict, GateRefused, NotFound, Unsigned, Withdrawn
from service.engine.releases.promotion import promote as promote_bundle
from service.routes.governance.policies.policies import (
    APPROVE,
    BODY,
    HASH,
    QUERY,
    NoteInput,
    ReleaseAnswer,
    answer_json,
    note_field,
    release_document,
)
from service.routes.http.fields import Loose, Open, Strict, Word, check, describe
from service.routes.http.guard import engine, expect_word
from service.routes.http.json_body import read_bytes, read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.runtime.child_process import Patience
from service.store.releases.challengers import MOST


class PromotionInput(Strict):
    """A note, and whether to override the value gate."""

    note = note_field()
    override = fields.Boolean(
        load_default=False,
        metadata=describe(
            "Promote although the stored decisions show that it may earn too much less; the audit log keeps it. What "
            "its own figures refuse cannot be overridden over HTTP."
        ),
    )


RELEASE: dict[str, Any] = {"id": 12, "policy": "4933" * 16, "bundle": "b-0123456789ab", "prices": {}}

FIGURES: dict[str, Any] = {"auc": 0.898, "calibration_error": 0.007}

MODELS: dict[str, Any] = {
    "models": [
        {"version": "b-0123456789ab", "serves_as": "champion", "metrics": {"deposit": FIGURES}, "problem": None},
        {"version": "b-ba9876543210", "serves_as": None, "metrics": {"deposit": FIGURES}, "problem": None},
    ]
}

COMPARED: dict[str, Any] = {
    "one": "b-0123456789ab",
    "other": "b-ba9876543210",
    "same_files": True,
    "families": {"deposit": {"auc": {"one": 0.898, "other": 0.901}}},
}

MANIFEST: dict[str, Any] = {
    "version": "b-0123456789ab",
    "serves_as": "champion",
    "seed": 7,
    "horizon_days": 92,
    "families": {"deposit": {"features": ["age", "total_log"], "metrics": FIGURES, "base_rate": 0.11}},
}

TRIAL_ASKED: dict[str, Any] = {"bundle": "b-ba9876543210", "share": 0.1, "note": "More trees"}

TRIAL: dict[str, Any] = {"challenger": {"policy": "4933" * 16, "bundle": "b-ba9876543210", "share": 0.1}}


PROMOTE = "models:promote"
EITHER = (PROMOTE, APPROVE)

api = Resource("models", __name__, description="Bundles of models, and what is on trial.")


class ModelAnswer(Loose):
    """A bundle in one row."""

    version = fields.String(required=True)
    serves_as = fields.String(required=True, allow_none=True, metadata={"enum": ["champion", "challenger", None]})
    metrics = fields.Dict(required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True)


class ModelsAnswer(Loose):
    """All bundles."""

    models = fields.List(fields.Nested(ModelAnswer), required=True)


class ManifestAnswer(Open):
    """The manifest of a bundle: features, calibration, metrics, sources, seed."""


class CompareQuery(Strict):
    """Two versions."""

    one = Word(required=True, metadata={"description": "A version.", "example": "b-0123456789ab"})
    other = Word(required=True, metadata={"description": "Another version.", "example": "b-ba9876543210"})


class CompareAnswer(Loose):
    """The figures of two bundles; comparable only where both were measured on the same files."""

    one = fields.String(required=True)
    other = fields.String(required=True)
    same_files = fields.Boolean(required=True)
    families = fields.Dict(required=True)


class ChallengerInput(NoteInput):
    """The challenger and its share of the customers; what is left out is the champion's."""

    policy = Word(HASH, load_default=None, allow_none=True, metadata={"description": "A policy's hash."})
    bundle = Word(load_default=None, allow_none=True, metadata={"description": "A bundle's version."})
    share = fields.Float(load_default=0.1, metadata={"description": f"Above 0 to {MOST:g}.", "example": 0.1})


class ChallengerAnswer(Loose):
    """The challenger; null where there is none."""

    policy = fields.String(required=True)
    bundle = fields.String(required=True, allow_none=True)
    share = fields.Float(required=True)


class TrialAnswer(Loose):
    """The running trial."""

    challenger = fields.Nested(ChallengerAnswer, required=True, allow_none=True)


@api.get("/v1/models", scope=EITHER, answers={"200": response_doc("Every bundle, by version.", ModelsAnswer, MODELS)})
def list_models(client: Client) -> Response:
    """The bundles of models, with their figures on unseen customers

    `serves_as` says which one is champion and which challenger; `problem` what is wrong with one that cannot be read.
    """
    return answer_json({"models": engine().models.list_models()})


@api.get(
    "/v1/models/compare",
    scope=EITHER,
    query=CompareQuery,
    answers={"200": response_doc("The figures of both.", CompareAnswer, COMPARED)},
    errors=(NotFound,),
)
def compare_models(client: Client) -> Response:
    """Two bundles side by side

    Each figure of each family in both, null where a bundle has none; `same_files` says whether they may be compared.
    """
    return answer_json(engine().models.compare(**check(CompareQuery(), dict(request.args), QUERY)))


@api.get(
    "/v1/models/<string:version>",
    scope=EITHER,
    answers={"200": response_doc("The manifest.", ManifestAnswer, MANIFEST)},
    errors=(NotFound,),
)
def get_model(client: Client, version: str) -> Response:
    """One bundle's manifest

    Features, files with their hashes, calibration, metrics, sources and seed: all that reproduces it.
    """
    return RawResponse(orjson.dumps(engine().models.manifest(expect_word(version, "version"))), 200, [NO_STORE])


@api.post(
    "/v1/models/<string:version>/promote",
    scope=PROMOTE,
    body=PromotionInput,
    example={"note": "Autumn models"},
    is_body_required=False,
    answers={"200": response_doc("The release that serves now; every worker follows.", ReleaseAnswer, RELEASE)},
    errors=(NotFound, GateRefused),
)
def promote_model(client: Client, version: str) -> Response:
    """Make a bundle serve, beside the policy that serves

    Opened and proven first, then held against the champion: 409 `gate-refused` says which figure is too low, or that
    the stored decisions show that it may earn too much less. A body is not needed.
    """
    catalogue, sent_body = engine().models, read_json(request) if read_bytes(request) else {}
    body = check(PromotionInput(), sent_body, BODY)
    catalogue.manifest(expect_word(version, "version"))
    waits = Patience(engine().governance.deadline_s, "The command line takes the time it needs.")
    note, override = body["note"] or "promoted", body["override"]
    made = promote_bundle(
        catalogue.store, catalogue.settings, version, client.name, note, override=override, patience=waits
    )
    engine().governance.announce(made)
    return answer_json(release_document(made))


@api.get("/v1/challenger", scope=EITHER, answers={"200": response_doc("The trial.", TrialAnswer, TRIAL)})
def get_challenger(client: Client) -> Response:
    """What is on trial

    The challenger of the release that serves, and its share of the customers; null where nothing is.
    """
    trial = engine().governance.current_trial()
    document = None if trial is None else {"policy": trial.policy, "bundle": trial.bundle, "share": trial.share}
    return answer_json({"challenger": document})


@api.put(
    "/v1/challenger",
    scope=EITHER,
    body=ChallengerInput,
    example=TRIAL_ASKED,
    answers={"200": response_doc("The champion's release that carries the trial.", ReleaseAnswer, RELEASE)},
    errors=(NotFound, GateRefused, Conflict, Unsigned, Withdrawn),
)
def begin_challenger(client: Client) -> Response:
    """Let a challenger serve a share of the customers

    Another policy, another bundle, or both. 409 `own-approval` for the author of a policy that never served, `unsigned`
    where its red changes lack the signature of compliance by a third person, `gate-refused` for a bundle that does not
    fit this bank. How it does beside the champion: `GET /v1/experiments`.
    """
    asked = check(ChallengerInput(), read_json(request), BODY)
    if asked["bundle"] is not None:
        engine().models.manifest(asked["bundle"])
    return answer_json(release_document(engine().governance.challenge(actor=client.name, **asked)))


@api.delete(
    "/v1/challenger",
    scope=EITHER,
    answers={"200": response_doc("The champion serves everybody.", ReleaseAnswer, RELEASE)},
    errors=(Conflict,),
)
def end_challenger(client: Client) -> Response:
    """End the trial

    By a new release of the champion alone; every other new release ends a trial as well.
    """
    return answer_json(release_document(engine().governance.end_challenge(client.name, "")))
