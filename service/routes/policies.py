"""/v1/policies and /v1/releases: propose, compare, simulate, approve, roll back, with two pairs of eyes.

The actor is the name of the client that holds the key. Whoever proposed a policy cannot approve it, whatever scopes
the key has. Nothing here is on the hot path; a simulation holds its worker while it runs, so its size has a limit.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import orjson
from flask import Response, request
from marshmallow import Schema

from service import proposing
from service.answer import iso
from service.domain import Client, Release
from service.errors import InvalidInput, Problem
from service.routes.access import engine, needs, word
from service.routes.bodies import read_json
from service.routes.contract import BODY_ERRORS, Conflict, NotFound, Resource, operation, shown
from service.routes.fields import check
from service.routes.replies import NO_STORE, Ready
from service.routes.schemas.releases import (
    ApprovalInput,
    DifferenceAnswer,
    DifferenceQuery,
    ListQuery,
    NoteInput,
    PolicyAnswer,
    PolicyInput,
    ProposalAnswer,
    ProposalsAnswer,
    ReleaseAnswer,
    ReleasesAnswer,
    SimulationAnswer,
    SimulationInput,
)
from service.rules.policy import Policy
from service.rules.reading import limits
from service.store import Proposal

MOST_VALUES = 50_100
"""JSON values of a body with a policy; the policy's own bound is named where it is read."""
MOST_WORK = 2_000_000_000
"""Customers x rules x offers x channels of one simulation, seconds of a worker's time; 2,000 fit any two policies."""
WRITE, APPROVE = "policies:write", "policies:approve"
EITHER = (WRITE, APPROVE)
QUERY, BODY = "The query does not fit.", "The body does not fit; nothing was done."

blueprint = Resource("policies", __name__, description="What marketers own, and how it comes to serve.")


def _takes(schema: type[Schema]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


@blueprint.serve(
    "/v1/policies",
    "POST",
    **operation(
        "publishPolicy",
        WRITE,
        {
            "201": shown("Proposed; somebody else may approve it.", ProposalAnswer),
            "200": shown("This content was proposed before, by the author named.", ProposalAnswer),
        },
        *BODY_ERRORS,
        requestBody=_takes(PolicyInput),
    ),
)
@needs(WRITE)
def publish(client: Client) -> Response:
    """Propose a policy

    Checked whole: 422 names every problem with file and key, or the bound where a policy is too large. One is checked
    at a time: 503 with Retry-After while another is. Nothing serves differently until another client approves.
    """
    governance = engine().governance
    body = check(PolicyInput(), read_json(request, most=MOST_VALUES), BODY)
    proposal, new = governance.publish(body["documents"], client.name, body["note"], proposing.DEADLINE_S)
    headers = [NO_STORE, ("Location", f"/v1/policies/{proposal.policy}")]
    return Ready(orjson.dumps(told(proposal)), 201 if new else 200, headers)


@blueprint.serve(
    "/v1/policies",
    **operation(
        "listPolicies",
        EITHER,
        {"200": shown("Proposals, newest first.", ProposalsAnswer)},
        parameters=[{"in": "query", "schema": ListQuery}],
    ),
)
@needs(*EITHER)
def policies(client: Client) -> Response:
    """The policies proposed, by whom, and what became of them

    Newest first; the one that serves is `active`, those that served are `retired`.
    """
    governance, limit = engine().governance, check(ListQuery(), dict(request.args), QUERY)["limit"]
    return sent({"policies": [told(each) for each in governance.proposals(limit)]})


@blueprint.serve(
    "/v1/policies/<string:policy_hash>",
    **operation("getPolicy", EITHER, {"200": shown("The policy, with its documents.", PolicyAnswer)}, NotFound),
)
@needs(*EITHER)
def policy(client: Client, policy_hash: str) -> Response:
    """One policy with its documents

    The documents are those of its YAML files; the same documents always have the same hash.
    """
    governance = engine().governance
    proposal = governance.proposal(word(policy_hash, "policy_hash"))
    return sent({**told(proposal), "documents": governance.policy(policy_hash).documents})


@blueprint.serve(
    "/v1/policies/<string:policy_hash>/diff",
    **operation(
        "diffPolicy",
        EITHER,
        {"200": shown("Every change, in words.", DifferenceAnswer)},
        NotFound,
        parameters=[{"in": "query", "schema": DifferenceQuery}],
    ),
)
@needs(*EITHER)
def diff(client: Client, policy_hash: str) -> Response:
    """What a policy says differently from another, by default from the one that serves

    Every change by document and entry, what it was and what it is.
    """
    governance, against = engine().governance, check(DifferenceQuery(), dict(request.args), QUERY)["against"]
    new = governance.policy(word(policy_hash, "policy_hash"))
    return sent(governance.difference(new, governance.policy(against)).document())


@blueprint.serve(
    "/v1/policies/<string:policy_hash>/simulate",
    "POST",
    **operation(
        "simulatePolicy",
        EITHER,
        {"200": shown("Both policies over the same customers.", SimulationAnswer)},
        *BODY_ERRORS,
        NotFound,
        requestBody=_takes(SimulationInput),
    ),
)
@needs(*EITHER)
def simulate(client: Client, policy_hash: str) -> Response:
    """What would change for whom

    Both policies decide for a fair sample of the stored customers, now, with the models and prices that serve. Nothing
    is shown to anybody, nothing is recorded. Large policies take fewer customers: 422 says how many.
    """
    governance, asked = engine().governance, check(SimulationInput(), read_json(request), BODY)
    new = governance.policy(word(policy_hash, "policy_hash"))
    old = governance.policy(asked.pop("against"))
    _within(asked["customers"], new, old)
    return sent(governance.simulation(new, old, **asked).document())


@blueprint.serve(
    "/v1/policies/<string:policy_hash>/approve",
    "POST",
    **operation(
        "approvePolicy",
        APPROVE,
        {"200": shown("The release that serves now; every worker follows within two seconds.", ReleaseAnswer)},
        *BODY_ERRORS,
        NotFound,
        Conflict,
        requestBody=_takes(ApprovalInput),
    ),
)
@needs(APPROVE)
def approve(client: Client, policy_hash: str) -> Response:
    """Make somebody else's proposal serve

    409 for its author (`own-approval`), where it serves already, and where the stored decisions show that it may earn
    too much less (`gate-refused`). It serves beside the bundle and prices of now.
    """
    governance, body = engine().governance, check(ApprovalInput(), read_json(request), BODY)
    return sent(release(governance.approve(word(policy_hash, "policy_hash"), client.name, **body)))


@blueprint.serve(
    "/v1/releases",
    **operation(
        "listReleases",
        EITHER,
        {"200": shown("Releases, newest first.", ReleasesAnswer)},
        parameters=[{"in": "query", "schema": ListQuery}],
    ),
)
@needs(*EITHER)
def releases(client: Client) -> Response:
    """What served, since when, by whom and why

    Newest first. A rollback is a release of its own that names the one it restores.
    """
    governance, limit = engine().governance, check(ListQuery(), dict(request.args), QUERY)["limit"]
    rows = governance.releases(limit)
    return sent({"releases": [{**row, "activated_at": iso(row["activated_at"], UTC)} for row in rows]})


@blueprint.serve(
    "/v1/releases/rollback",
    "POST",
    **operation(
        "rollbackRelease",
        (APPROVE, "models:promote"),
        {"200": shown("The release before, as a new one.", ReleaseAnswer)},
        *BODY_ERRORS,
        Conflict,
        requestBody=_takes(NoteInput),
    ),
)
@needs(APPROVE, "models:promote")
def rollback(client: Client) -> Response:
    """Restore the release before the one that serves

    Needs no second person: what it restores was approved before. Once more goes further back.
    """
    governance, body = engine().governance, check(NoteInput(), read_json(request), BODY)
    return sent(release(governance.rollback(client.name, body["note"])))


def _within(customers: int, *policies: Policy) -> None:
    """InvalidInput where so many customers are more than a worker should calculate at once."""
    each = sum(limits.cells(len(one.rules), len(one.offers), len(one.channels)) for one in policies)
    if customers * each > MOST_WORK:
        words = f"must be at most {MOST_WORK // each:,} with policies of this size; the command line takes more"
        raise InvalidInput("The simulation is too large.", [Problem("customers", words)])


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


def sent(document: Mapping[str, object]) -> Ready:
    """A document, for nobody else to keep."""
    return Ready(orjson.dumps(document), 200, [NO_STORE])
