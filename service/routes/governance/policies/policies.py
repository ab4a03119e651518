"""/v1/policies, read: the proposed policies, one of them, its differences; also what the files of this folder share.

The actor is the name of the client that holds the key. Whoever proposed a policy cannot approve it, whatever scopes
the key has. Nothing here is on the hot path.
"""

from collections.abc import Mapping
from datetime import UTC

import orjson
from flask import Response, request
from marshmallow import fields, validate

from service.core.domain import Client, Release
from service.core.errors import NotFound
from service.rendering.answer import iso
from service.routes.http.fields import Loose, QueryInteger, Strict, Word, check, describe
from service.routes.http.guard import engine, expect_word
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.store import Proposal

NOTE_MAX = 500


HASH = 64


def note_field() -> fields.String:
    """Return the field of a note."""
    return fields.String(
        load_default="",
        validate=validate.Length(0, NOTE_MAX, error="must be at most {max} characters"),
        metadata=describe("Why, in words; kept with the release and in the audit log.", example="Autumn rates"),
    )


def to_field() -> Word:
    """Return the field that names a release to go back to."""
    words = "A release: its number, the hash of its policy or the beginning of it, or its bundle's version."
    return Word(HASH, load_default=None, allow_none=True, metadata=describe(words))


class NoteInput(Strict):
    """A note."""

    note = note_field()


class ListQuery(Strict):
    """How many rows."""

    limit = QueryInteger(1, 500, load_default=50, metadata=describe("How many at most, newest first."))


class SignatureAnswer(Loose):
    """A signature of compliance."""

    signer = fields.String(required=True)
    note = fields.String(required=True)
    signed_at = fields.DateTime(required=True)


class WithdrawalAnswer(Loose):
    """Who withdrew a policy, and why."""

    actor = fields.String(required=True)
    reason = fields.String(required=True)
    withdrawn_at = fields.DateTime(required=True)


class ProposalAnswer(Loose):
    """A policy and its state."""

    policy = fields.String(required=True, metadata=describe("SHA-256 of its content: its name."))
    author = fields.String(required=True)
    note = fields.String(required=True)
    proposed_at = fields.DateTime(required=True)
    state = fields.String(required=True, metadata={"enum": ["proposed", "active", "retired"]})
    release = fields.Integer(required=True, allow_none=True, metadata=describe("The newest release that served it."))
    approver = fields.String(required=True, allow_none=True)
    needs = fields.List(
        fields.String(),
        metadata=describe(
            "What it needs beside an approval: `compliance`, the signature of a third person, where changes are red "
            "against what serves now. In the answer about one policy."
        ),
    )
    warnings = fields.List(
        fields.String(),
        metadata=describe(
            "What ends soon and hinders nothing today: holidays known for fewer than 60 days ahead, where a rule reads "
            "them. In the answer about one policy."
        ),
    )
    signatures = fields.List(
        fields.Nested(SignatureAnswer), metadata=describe("Who signed it for compliance, oldest first.")
    )
    withdrawn = fields.Nested(
        WithdrawalAnswer,
        allow_none=True,
        metadata=describe("Null unless it was withdrawn: then it never serves again."),
    )


class ReleaseAnswer(Loose):
    """Policy, bundle and prices that serve together."""

    id = fields.Integer(required=True)
    policy = fields.String(required=True)
    bundle = fields.String(required=True, allow_none=True)
    prices = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


class ShiftAnswer(Loose):
    """One figure under the old policy and under the new."""

    name = fields.String(required=True)
    old = fields.Float(required=True)
    new = fields.Float(required=True)


class DifferenceQuery(Strict):
    """The policy to compare with."""

    against = Word(
        HASH,
        data_key="with",
        load_default=None,
        metadata=describe("The policy to compare with; by default the one that serves."),
    )


class ProposalsAnswer(Loose):
    """The newest first."""

    policies = fields.List(fields.Nested(ProposalAnswer), required=True)


class PolicyAnswer(ProposalAnswer):
    """A policy with its documents."""

    documents = fields.Dict(keys=fields.String(), required=True)


class ChangeAnswer(Loose):
    """One difference, with its sentence."""

    document = fields.String(required=True)
    noun = fields.String(required=True)
    id = fields.String(required=True)
    action = fields.String(required=True, metadata={"enum": ["added", "removed", "changed", "moved"]})
    field = fields.String(required=True, allow_none=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)
    red = fields.String(allow_none=True, metadata=describe("Why compliance must sign it; null where it need not."))
    needs = fields.String(allow_none=True, metadata={"enum": ["compliance", None]})
    sentence = fields.String(required=True)


class ReadAnswer(Loose):
    """A message as customers read it: filled in, in one language and channel."""

    title = fields.String(required=True)
    body = fields.String(required=True)
    disclosures = fields.List(fields.String(), required=True)
    link = fields.String(required=True)


class MessageChangeAnswer(Loose):
    """A message that is new, gone or different."""

    offer = fields.String(required=True)
    language = fields.String(required=True)
    channel = fields.String(required=True)
    positioning = fields.String(
        required=True, allow_none=True, metadata=describe("A segment's words; null are the plain ones.")
    )
    before = fields.Nested(ReadAnswer, required=True, allow_none=True)
    after = fields.Nested(ReadAnswer, required=True, allow_none=True)
    digest = fields.String(
        required=True,
        allow_none=True,
        metadata=describe(
            "SHA-256 of offer, language, title, body, disclosures and link as JSON: names the new message."
        ),
    )


class DifferenceAnswer(Loose):
    """The differences of the new policy."""

    old = fields.String(required=True)
    new = fields.String(required=True)
    needs = fields.List(fields.String(), metadata=describe("`compliance` where a change is red."))
    changes = fields.List(fields.Nested(ChangeAnswer), required=True)
    weights = fields.List(
        fields.Nested(ShiftAnswer), required=True, metadata=describe("Weights of the four C that move.")
    )
    messages = fields.List(
        fields.Nested(MessageChangeAnswer),
        metadata=describe("What customers would read otherwise; a signature under the policy signs it."),
    )


WRITE, APPROVE, COMPLY = "policies:write", "policies:approve", "policies:comply"
EITHER = (WRITE, APPROVE, COMPLY)
QUERY, BODY = "The query does not fit.", "The body does not fit; nothing was done."


api = Resource("policies", __name__, description="What marketers own, and how it comes to serve.")


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
    limit = check(ListQuery(), dict(request.args), QUERY)["limit"]
    proposals = engine().store.proposals.list_proposals(limit)
    return answer_json({"policies": [proposal_document(each) for each in proposals]})


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
    proposal = governance.proposal(expect_word(policy_hash, "policy_hash"))
    documents = governance.policy(policy_hash).documents
    return answer_json({**proposal_document(proposal), **signing_document(policy_hash), "documents": documents})


@api.get(
    "/v1/policies/<string:policy_hash>/diff",
    scope=EITHER,
    query=DifferenceQuery,
    answers={"200": response_doc("Every change, in words.", DifferenceAnswer)},
    errors=(NotFound,),
)
def diff_policy(client: Client, policy_hash: str) -> Response:
    """What a policy says differently from another, by default from the one that serves

    Every change by document and entry, what it was and what it is. `red` marks those that compliance must sign: rules
    that protect, what they read, consent and contact, kinds, words, and rules or cases taken away.
    """
    governance, against = engine().governance, check(DifferenceQuery(), dict(request.args), QUERY)["against"]
    new = governance.policy(expect_word(policy_hash, "policy_hash"))
    return answer_json(governance.compare(new, governance.policy(against)).document())


def locate_proposal(proposal: Proposal) -> str:
    """The path of a proposed policy."""
    return f"/v1/policies/{proposal.policy}"


def proposal_document(proposal: Proposal) -> dict[str, object]:
    """The document of a proposal."""
    return {
        "policy": proposal.policy,
        "author": proposal.author,
        "note": proposal.note,
        "proposed_at": iso(proposal.at, UTC),
        "state": proposal.state,
        "release": proposal.release,
        "approver": proposal.approver,
    }


def signing_document(policy_hash: str) -> dict[str, object]:
    """What a policy needs beside an approval, what of it ends soon, who signed it, and its withdrawal."""
    governance = engine().governance
    gone = governance.withdrawal(policy_hash)
    signed = governance.signatures(policy_hash)
    return {
        "needs": governance.needs(policy_hash),
        "warnings": governance.warnings(policy_hash),
        "signatures": [{"signer": one.signer, "note": one.note, "signed_at": iso(one.at, UTC)} for one in signed],
        "withdrawn": None
        if gone is None
        else {"actor": gone.actor, "reason": gone.reason, "withdrawn_at": iso(gone.at, UTC)},
    }


def release_document(made: Release) -> dict[str, object]:
    """The document of a release."""
    return {"id": made.id, "policy": made.policy, "bundle": made.bundle, "prices": dict(made.prices)}


def answer_json(document: Mapping[str, object]) -> RawResponse:
    """A document as an answer that nobody may cache."""
    return RawResponse(orjson.dumps(document), 200, [NO_STORE])


def publish_status(new: bool) -> int:
    """201 for a new proposal, 200 where the same content was proposed before."""
    return 201 if new else 200
