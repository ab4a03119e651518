"""/v1/policies and /v1/releases: propose, compare, simulate, approve, roll back, with two pairs of eyes.

The actor is the name of the client that holds the key. Whoever proposed a policy cannot approve it, whatever scopes
the key has. Nothing here is on the hot path; a simulation holds its worker while it runs, so its size has a limit.
Proposals and approvals are checked by a process beside the worker (``policy_check_process``,
``value_gate_process``), for which one worker of the bank at a time waits, and not for long; with
``Prefer: respond-async`` none does: ``/v1/policy-jobs`` tells later.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import orjson
from flask import Response, request

from service.core.domain import Client, Release
from service.core.errors import Conflict, InvalidInput, NotFound, Problem, TranslatedProblem, Unavailable
from service.engine.releases.policy_jobs import problem_of
from service.rendering.answer import iso
from service.routes.examples.jobs import POLICY_ENDED, POLICY_QUEUED
from service.routes.http.fields import check
from service.routes.http.guard import engine, word
from service.routes.http.headers.languages import ENGLISH
from service.routes.http.headers.prefer import APPLIED, LOOK_AGAIN, PARAMETER, prefers_async
from service.routes.http.json_body import read_json
from service.routes.http.problems import problem_document
from service.routes.http.request_context import request_context
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.http.translation import Translator
from service.routes.schemas.releases import (
    ApprovalInput,
    DifferenceAnswer,
    DifferenceQuery,
    ListQuery,
    NoteInput,
    PolicyAnswer,
    PolicyInput,
    PolicyJobAnswer,
    ProposalAnswer,
    ProposalsAnswer,
    ReleaseAnswer,
    ReleasesAnswer,
    SimulationAnswer,
    SimulationInput,
)
from service.rules.loading import limits
from service.rules.policy import Policy
from service.runtime.child_process import Patience
from service.store import Proposal
from service.store.outbox.jobs import APPROVAL, PROPOSAL, Job

MOST_VALUES = 50_100
"""JSON values of a body with a policy; the policy's own bound is named where it is read."""
MOST_WORK = 2_000_000_000
"""Customers x rules x offers x channels of one simulation, seconds of a worker's time; 2,000 fit any two policies."""
WRITE, APPROVE = "policies:write", "policies:approve"
EITHER = (WRITE, APPROVE)
SCOPES = {PROPOSAL: WRITE, APPROVAL: APPROVE}
INSTEAD = "Ask again with the header Prefer: respond-async to be answered 202 at once, and told later."
QUERY, BODY = "The query does not fit.", "The body does not fit; nothing was done."

LATER = response_doc(
    "Asked for by `Prefer: respond-async`: queued; Location says where to look.",
    PolicyJobAnswer,
    POLICY_QUEUED,
    headers={name: {"schema": {"type": "string"}} for name in ("Location", "Preference-Applied", "Retry-After")},
)

api = Resource("policies", __name__, description="What marketers own, and how it comes to serve.")


@api.post(
    "/v1/policies",
    scope=WRITE,
    headers=(PARAMETER,),
    body=PolicyInput,
    answers={
        "201": response_doc("Proposed; somebody else may approve it.", ProposalAnswer),
        "200": response_doc("This content was proposed before, by the author named.", ProposalAnswer),
        "202": LATER,
    },
)
def publish_policy(client: Client) -> Response:
    """Propose a policy

    Checked whole: 422 names every problem with file and key, or the bound where a policy is too large. One is checked
    at a time, for 20 seconds at most (5 where a single worker serves): beyond that, and while another is, 503 with
    Retry-After; `Prefer: respond-async` is answered 202 at once. Nothing serves differently until another client
    approves.
    """
    body = check(PolicyInput(), read_json(request, most=MOST_VALUES), BODY)
    if prefers_async():
        return _later(engine().policy_jobs.propose(client.name, **body, trace_id=request_context().trace_id))
    proposal, new = engine().governance.publish(body["documents"], client.name, body["note"], _patience())
    headers = [NO_STORE, ("Location", located(proposal))]
    return RawResponse(orjson.dumps(told(proposal)), _status(new), headers)


@api.get(
    "/v1/policies",
    scope=EITHER,
    query=ListQuery,
    answers={"200": response_doc("Proposals, newest first.", ProposalsAnswer)},
)
def list_policies(client: Client) -> Response:
    """The policies proposed, by whom, and what became of them

    Newest first; the one that serves is `active`, those that served are `retired`.
    """
    governance, limit = engine().governance, check(ListQuery(), dict(request.args), QUERY)["limit"]
    return sent({"policies": [told(each) for each in governance.proposals(limit)]})


@api.get(
    "/v1/policies/<string:policy_hash>",
    scope=EITHER,
    answers={"200": response_doc("The policy, with its documents.", PolicyAnswer)},
    errors=(NotFound,),
)
def get_policy(client: Client, policy_hash: str) -> Response:
    """One policy with its documents

    The documents are those of its YAML files; the same documents always have the same hash.
    """
    governance = engine().governance
    proposal = governance.proposal(word(policy_hash, "policy_hash"))
    return sent({**told(proposal), "documents": governance.policy(policy_hash).documents})


@api.get(
    "/v1/policies/<string:policy_hash>/diff",
    scope=EITHER,
    query=DifferenceQuery,
    answers={"200": response_doc("Every change, in words.", DifferenceAnswer)},
    errors=(NotFound,),
)
def diff_policy(client: Client, policy_hash: str) -> Response:
    """What a policy says differently from another, by default from the one that serves

    Every change by document and entry, what it was and what it is.
    """
    governance, against = engine().governance, check(DifferenceQuery(), dict(request.args), QUERY)["against"]
    new = governance.policy(word(policy_hash, "policy_hash"))
    return sent(governance.difference(new, governance.policy(against)).document())


@api.post(
    "/v1/policies/<string:policy_hash>/simulate",
    scope=EITHER,
    body=SimulationInput,
    answers={"200": response_doc("Both policies over the same customers.", SimulationAnswer)},
    errors=(NotFound,),
)
def simulate_policy(client: Client, policy_hash: str) -> Response:
    """What would change for whom

    Both policies decide for a fair sample of the stored customers, now, with the models and prices that serve. Nothing
    is shown to anybody, nothing is recorded. Large policies take fewer customers: 422 says how many.
    """
    governance, asked = engine().governance, check(SimulationInput(), read_json(request), BODY)
    new = governance.policy(word(policy_hash, "policy_hash"))
    old = governance.policy(asked.pop("against"))
    _within(asked["customers"], new, old)
    return sent(governance.simulation(new, old, **asked).document())


@api.post(
    "/v1/policies/<string:policy_hash>/approve",
    scope=APPROVE,
    headers=(PARAMETER,),
    body=ApprovalInput,
    answers={
        "200": response_doc("The release that serves now; every worker follows within two seconds.", ReleaseAnswer),
        "202": LATER,
    },
    errors=(NotFound, Conflict),
)
def approve_policy(client: Client, policy_hash: str) -> Response:
    """Make somebody else's proposal serve

    409 for its author (`own-approval`), where it serves already, and where the stored decisions show that it may earn
    too much less (`gate-refused`). It serves beside the bundle and prices of now. They are replayed as long as a
    proposal is checked: 503 with Retry-After beyond that; `Prefer: respond-async` is answered 202 at once.
    """
    body = check(ApprovalInput(), read_json(request), BODY)
    policy, note, override = word(policy_hash, "policy_hash"), body["note"], body["override"]
    if prefers_async():
        return _later(engine().policy_jobs.approve(client.name, policy, note, override, request_context().trace_id))
    return sent(release(engine().governance.approve(policy, client.name, note, override, _patience())))


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
    found = told_job(engine().policy_jobs.read(job_id, client, SCOPES))
    return RawResponse(orjson.dumps(found), 200, [NO_STORE, *([] if found["answer"] else [LOOK_AGAIN])])


@api.get(
    "/v1/releases",
    scope=EITHER,
    query=ListQuery,
    answers={"200": response_doc("Releases, newest first.", ReleasesAnswer)},
)
def list_releases(client: Client) -> Response:
    """What served, since when, by whom and why

    Newest first. A rollback is a release of its own that names the one it restores.
    """
    governance, limit = engine().governance, check(ListQuery(), dict(request.args), QUERY)["limit"]
    rows = governance.releases(limit)
    return sent({"releases": [{**row, "activated_at": iso(row["activated_at"], UTC)} for row in rows]})


@api.post(
    "/v1/releases/rollback",
    scope=(APPROVE, "models:promote"),
    body=NoteInput,
    answers={"200": response_doc("The release before, as a new one.", ReleaseAnswer)},
    errors=(Conflict,),
)
def rollback_release(client: Client) -> Response:
    """Restore the release before the one that serves

    Needs no second person: what it restores was approved before. Once more goes further back.
    """
    governance, body = engine().governance, check(NoteInput(), read_json(request), BODY)
    return sent(release(governance.rollback(client.name, body["note"])))


def _within(customers: int, *policies: Policy) -> None:
    """InvalidInput where so many customers are more than a worker should calculate at once."""
    each = sum(limits.count_cells(len(one.rules), len(one.offers), len(one.channels)) for one in policies)
    if customers * each > MOST_WORK:
        words = f"must be at most {MOST_WORK // each:,} with policies of this size; the command line takes more"
        raise InvalidInput("The simulation is too large.", [Problem("customers", words)])


def _patience() -> Patience:
    return Patience(engine().governance.deadline_s, INSTEAD)


def _later(job: Job) -> RawResponse:
    headers = [NO_STORE, APPLIED, LOOK_AGAIN, ("Location", f"/v1/policy-jobs/{job.id}")]
    return RawResponse(orjson.dumps(told_job(job)), 202, headers)


def _status(new: bool) -> int:
    return 201 if new else 200


def told_job(job: Job) -> dict[str, Any]:
    """A proposal or an approval that is answered later, as it stands."""
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
    """What the caller would have heard at once; None until the job has ended."""
    found = job.outcome or {}
    if "proposal" in found:
        made = Proposal(**found["proposal"])
        return {"status": _status(found["new"]), "location": located(made), "body": told(made)}
    if "release" in found:
        return {"status": 200, "location": None, "body": release(Release(**found["release"]))}
    if job.finished_at is None:
        return None
    error = found.get("problem") or problem_of(Unavailable(str(job.error)))
    status, rows = error["status"], [TranslatedProblem(**each, language=ENGLISH) for each in error["errors"]]
    body = problem_document(
        status, error["slug"], error["title"], error["detail"], rows, job.request["trace_id"], Translator()
    )
    return {"status": status, "location": None, "body": body}


def located(proposal: Proposal) -> str:
    """Where a proposed policy is."""
    return f"/v1/policies/{proposal.policy}"


def told(proposal: Proposal) -> dict[str, object]:
    """A proposal as it is answered."""
    return {
        "policy": proposal.policy,
        "author": proposal.author,
        "note": proposal.note,
        "proposed_at": iso(proposal.at, UTC),
        "state": proposal.state,
        "release": proposal.release,
        "approver": proposal.approver,
    }


def release(made: Release) -> dict[str, object]:
    """A release as it is answered."""
    return {"id": made.id, "policy": made.policy, "bundle": made.bundle, "prices": dict(made.prices)}


def sent(document: Mapping[str, object]) -> RawResponse:
    """A document, for nobody else to keep."""
    return RawResponse(orjson.dumps(document), 200, [NO_STORE])
