"""/v1/policies, written: propose a policy, approve somebody else's proposal, sign it for compliance, withdraw it.

A process beside the worker checks both (``policy_check_process``, ``value_gate_process``). One worker of the bank waits
for it at a time, within a deadline. With ``Prefer: respond-async`` no worker waits: ``/v1/policy-jobs`` has the answer
later.
"""

import orjson
from flask import Response, request
from marshmallow import fields, validate

from service.core.domain import Client
from service.core.errors import Conflict, NotFound, OwnApproval, Unsigned, Withdrawn
from service.routes.governance.policies.jobs import LATER, answer_later
from service.routes.governance.policies.policies import (
    APPROVE,
    BODY,
    COMPLY,
    NOTE_MAX,
    WRITE,
    NoteInput,
    ProposalAnswer,
    ReleaseAnswer,
    answer_json,
    api,
    locate_proposal,
    note_field,
    proposal_document,
    publish_status,
    release_document,
    signing_document,
    to_field,
)
from service.routes.http.fields import Loose, Named, Strict, check, describe
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


class WithdrawalInput(Strict):
    """Why, and what serves instead."""

    reason = fields.String(
        required=True,
        validate=validate.Length(1, NOTE_MAX, error="must be 1 to {max} characters"),
        metadata=describe("Why, in words; kept with the policy and in the audit log."),
    )
    to = to_field()


class GateAnswer(Loose):
    """What the stored decisions say of a policy's value."""

    verdict = fields.String(required=True, metadata=describe("`open`, or why the gate refuses."))
    sentence = fields.String(required=True)
    decisions = fields.Integer(required=True, metadata=describe("How many stored decisions were replayed."))
    difference_yuan = fields.Float(required=True, allow_none=True, metadata=describe("New less old, per decision."))
    low_yuan = fields.Float(required=True, allow_none=True, metadata=describe("Its lower bound, 95 %."))
    high_yuan = fields.Float(required=True, allow_none=True, metadata=describe("Its upper bound, 95 %."))


class ApprovedAnswer(ReleaseAnswer):
    """The release, and what the gate said."""

    gate = fields.Nested(GateAnswer)


class SignedAnswer(ProposalAnswer):
    """A policy with its signatures."""


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
    document = {**proposal_document(proposal), **signing_document(proposal.policy)}
    return RawResponse(orjson.dumps(document), publish_status(new), headers)


@api.post(
    "/v1/policies/<string:policy_hash>/approve",
    scope=APPROVE,
    headers=(PARAMETER,),
    body=ApprovalInput,
    answers={
        "200": response_doc("The release that serves now; every worker follows within two seconds.", ApprovedAnswer),
        "202": LATER,
    },
    errors=(NotFound, Conflict, Unsigned, Withdrawn),
)
def approve_policy(client: Client, policy_hash: str) -> Response:
    """Make somebody else's proposal serve

    409 for its author (`own-approval`), where it serves already or was withdrawn, where its red changes lack the
    signature of compliance by a third person (`unsigned`), and where the stored decisions show that it may earn too
    much less (`gate-refused`); `gate` is what they say, and on how many decisions. It serves beside the bundle and
    prices of now. They are replayed as long as a proposal is checked: 503 with Retry-After beyond that;
    `Prefer: respond-async` is answered 202 at once.
    """
    body = check(ApprovalInput(), read_json(request), BODY)
    policy, note, override = expect_word(policy_hash, "policy_hash"), body["note"], body["override"]
    if prefers_async():
        return answer_later(
            engine().policy_jobs.approve(client.name, policy, note, override, request_context().trace_id)
        )
    made = engine().governance.approve(policy, client.name, note, override, _time_limit())
    return answer_json({**release_document(made.release), "gate": made.gate.document})


@api.post(
    "/v1/policies/<string:policy_hash>/sign",
    scope=COMPLY,
    body=NoteInput,
    example={"note": "Words and rules read"},
    answers={"200": response_doc("The policy, with its signatures.", SignedAnswer)},
    errors=(NotFound, Conflict, OwnApproval, Withdrawn),
)
def sign_policy(client: Client, policy_hash: str) -> Response:
    """Sign a policy for compliance

    The third pair of eyes on a policy with red changes: neither its author (409 `own-approval`) nor whoever approves it
    or puts it on trial. The signature is bound to the policy's hash, so to its content. Signing again changes nothing.
    """
    body, policy = check(NoteInput(), read_json(request), BODY), expect_word(policy_hash, "policy_hash")
    engine().store.signatures.sign(policy, client.name, body["note"])
    return _answer_policy(policy)


@api.post(
    "/v1/policies/<string:policy_hash>/withdraw",
    scope=APPROVE,
    body=WithdrawalInput,
    example={"reason": "It promises a yield.", "to": "41"},
    answers={"200": response_doc("The policy, withdrawn.", SignedAnswer)},
    errors=(NotFound, Conflict, Withdrawn),
)
def withdraw_policy(client: Client, policy_hash: str) -> Response:
    """Let a policy never serve again

    From now on it is refused wherever a policy may come to serve: proposed anew, approved, on trial, by rollback.
    Where it serves, `to` names the release to fall back on (409 without), which serves in the same transaction; where
    it is on trial, the trial ends. No cached answer is served again. Final.
    """
    body, policy = check(WithdrawalInput(), read_json(request), BODY), expect_word(policy_hash, "policy_hash")
    engine().governance.withdraw(policy, client.name, body["reason"], body["to"])
    return _answer_policy(policy)


def _answer_policy(policy: str) -> RawResponse:
    proposal = engine().governance.proposal(policy)
    return answer_json({**proposal_document(proposal), **signing_document(policy)})


def _time_limit() -> Patience:
    return Patience(engine().governance.deadline_s, INSTEAD)
