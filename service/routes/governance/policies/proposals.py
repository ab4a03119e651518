"""/v1/policies, written: propose a policy, approve somebody else's proposal.

A process beside the worker checks both (``policy_check_process``, ``value_gate_process``). One worker of the bank waits
for it at a time, within a deadline. With ``Prefer: respond-async`` no worker waits: ``/v1/policy-jobs`` has the answer
later.
"""

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import Conflict, NotFound
from service.routes.governance.policies.jobs import LATER, answer_later
from service.routes.governance.policies.policies import (
    APPROVE,
    BODY,
    WRITE,
    ProposalAnswer,
    ReleaseAnswer,
    answer_json,
    api,
    locate_proposal,
    note_field,
    proposal_document,
    publish_status,
    release_document,
)
from service.routes.http.fields import Named, Strict, check, describe
from service.routes.http.guard import engine, expect_word
from service.routes.http.headers.prefer import PARAMETER, prefers_async
from service.routes.http.json_body import read_json
from service.routes.http.request_context import request_context
from service.routes.http.resource import response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.runtime.child_process import Patience


class PolicyInput(Strict):
    """A whole policy: its YAML documents."""

    documents = Named(
        most=100,
        required=True,
        metadata=describe("Each document by its file's name without .yaml: catalogue, channels, consumer, ..."),
    )
    note = note_field()


class ApprovalInput(Strict):
    """A note, and whether to override the gate."""

    note = note_field()
    override = fields.Boolean(
        load_default=False,
        metadata=describe("Approve although the release gate says no (409 `gate-refused`); the audit log keeps it."),
    )


MOST_VALUES = 50_100
"""Most JSON values of a body with a policy. The policy's own limits are checked where it is read."""


INSTEAD = "Ask again with the header Prefer: respond-async to be answered 202 at once, and told later."


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
        return answer_later(engine().policy_jobs.propose(client.name, **body, trace_id=request_context().trace_id))
    proposal, new = engine().governance.publish(body["documents"], client.name, body["note"], _time_limit())
    headers = [NO_STORE, ("Location", locate_proposal(proposal))]
    return RawResponse(orjson.dumps(proposal_document(proposal)), publish_status(new), headers)


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
    policy, note, override = expect_word(policy_hash, "policy_hash"), body["note"], body["override"]
    if prefers_async():
        return answer_later(
            engine().policy_jobs.approve(client.name, policy, note, override, request_context().trace_id)
        )
    return answer_json(
        release_document(engine().governance.approve(policy, client.name, note, override, _time_limit()))
    )


def _time_limit() -> Patience:
    return Patience(engine().governance.deadline_s, INSTEAD)
