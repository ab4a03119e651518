"""/v1/policy-jobs: a proposal or an approval that is answered later, asked for by ``Prefer: respond-async``."""

from datetime import UTC
from typing import Any

import orjson
from flask import Response
from marshmallow import fields

from service.core.domain import Client, Release
from service.core.errors import NotFound, TranslatedProblem, Unavailable
from service.engine.releases.policy_jobs import problem_of
from service.rendering.answer import iso
from service.routes.governance.policies.policies import (
    APPROVE,
    EITHER,
    WRITE,
    api,
    locate_proposal,
    proposal_document,
    publish_status,
    release_document,
    signing_document,
)
from service.routes.http.fields import Loose, describe
from service.routes.http.guard import engine
from service.routes.http.headers.languages import ENGLISH
from service.routes.http.headers.prefer import APPLIED, LOOK_AGAIN
from service.routes.http.problems import problem_document
from service.routes.http.resource import response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.http.translation import Translator
from service.store import Proposal
from service.store.outbox.jobs import APPROVAL, PROPOSAL, Job


class LaterAnswer(Loose):
    """The answer that the caller would have had at once."""

    status = fields.Integer(required=True, metadata=describe("The HTTP status."))
    location = fields.String(required=True, allow_none=True, metadata=describe("Where the proposed policy is."))
    body = fields.Dict(
        keys=fields.String(), required=True, metadata=describe("The proposal, the release, or the problem document.")
    )


class PolicyJobAnswer(Loose):
    """A proposal or an approval that is answered later."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["proposal", "approval"]})
    state = fields.String(
        required=True,
        metadata=describe(
            "`refused`: by its author's mistake, a rule or a gate, as `answer` says; `failed`: not for its own sake, "
            "so that it may be asked again.",
            enum=["queued", "running", "done", "refused", "failed"],
        ),
    )
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    answer = fields.Nested(LaterAnswer, required=True, allow_none=True, metadata=describe("Null until it has ended."))


POLICY_QUEUED: dict[str, Any] = {
    "id": "0b6e1d1c-3a53-4c0a-9b0b-5f2f4f6c8e21",
    "kind": "approval",
    "state": "queued",
    "created_at": "2026-11-23T01:30:00Z",
    "started_at": None,
    "finished_at": None,
    "answer": None,
}

POLICY_ENDED: dict[str, Any] = POLICY_QUEUED | {
    "state": "refused",
    "started_at": "2026-11-23T01:30:01Z",
    "finished_at": "2026-11-23T01:30:02Z",
    "answer": {
        "status": 409,
        "location": None,
        "body": {
            "type": "urn:fourcast:problem:own-approval",
            "title": "Two pairs of eyes",
            "status": 409,
            "detail": '"anna" proposed this policy: somebody else must approve it.',
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        },
    },
}


SCOPES = {PROPOSAL: WRITE, APPROVAL: APPROVE}


LATER = response_doc(
    "Asked for by `Prefer: respond-async`: queued; Location says where to look.",
    PolicyJobAnswer,
    POLICY_QUEUED,
    headers={name: {"schema": {"type": "string"}} for name in ("Location", "Preference-Applied", "Retry-After")},
)


@api.get(
    "/v1/policy-jobs/<string:job_id>",
    scope=EITHER,
    answers={"200": response_doc("As it stands, with Retry-After until it has ended.", PolicyJobAnswer, POLICY_ENDED)},
    errors=(NotFound,),
)
def get_policy_job(client: Client, job_id: str) -> Response:
    """A proposal or an approval that is answered later

    Once it has ended, `answer` is what the caller would have heard at once: status and body. To anybody but the client
    that asked, and without the scope that it asked by, it is not there.
    """
    document = policy_job_document(engine().policy_jobs.read(job_id, client, SCOPES))
    return RawResponse(orjson.dumps(document), 200, [NO_STORE, *([] if document["answer"] else [LOOK_AGAIN])])


def answer_later(job: Job) -> RawResponse:
    """The answer 202 with the job as it is now; ``Location`` has its address."""
    headers = [NO_STORE, APPLIED, LOOK_AGAIN, ("Location", f"/v1/policy-jobs/{job.id}")]
    return RawResponse(orjson.dumps(policy_job_document(job)), 202, headers)


def policy_job_document(job: Job) -> dict[str, Any]:
    """The document of a proposal or an approval that is answered later."""
    answer = _answer(job)
    times = {name: getattr(job, name) for name in ("created_at", "started_at", "finished_at")}
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state if answer is None else _state(answer["status"]),
        **{name: None if at is None else iso(at, UTC) for name, at in times.items()},
        "answer": answer,
    }


def _state(status: int) -> str:
    return "done" if status < 400 else "refused" if status < 500 else "failed"


def _answer(job: Job) -> dict[str, Any] | None:
    """The answer that the caller would have had at once; None until the job has ended."""
    outcome = job.outcome or {}
    if "proposal" in outcome:
        made = Proposal(**outcome["proposal"])
        return {
            "status": publish_status(outcome["new"]),
            "location": locate_proposal(made),
            "body": {**proposal_document(made), **signing_document(made.policy)},
        }
    if "release" in outcome:
        body = release_document(Release(**outcome["release"]))
        return {"status": 200, "location": None, "body": body | {"gate": outcome.get("gate")}}
    if job.finished_at is None:
        return None
    error = outcome.get("problem") or problem_of(Unavailable(str(job.error)))
    status, rows = error["status"], [TranslatedProblem(**each, language=ENGLISH) for each in error["errors"]]
    body = problem_document(
        status, error["slug"], error["title"], error["detail"], rows, job.request["trace_id"], Translator()
    )
    return {"status": status, "location": None, "body": body}
