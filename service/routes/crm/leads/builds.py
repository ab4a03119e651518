"""/v1/lead-builds and /v1/leads/report: leads made for a branch, and the report of what became of them.

A build decides for every customer of the branch, so it runs beside the requests: POST answers 202 with the address of
its state. It is a job like any other (``/v1/jobs`` lists and cancels it).
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import NotFound
from service.core.grid import DAY_MS
from service.engine.auth.branch_audit import about, audit_branch_action
from service.engine.crm.leads.building import Term
from service.rendering.answer import iso
from service.routes.http.fields import (
    Loose,
    OnBehalf,
    QueryInteger,
    Strict,
    Whole,
    Word,
    check,
    describe,
)
from service.routes.http.guard import BoundClients, engine, resolve_branch
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.json_body import read_json
from service.routes.http.query import read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.store.leads import Actor
from service.store.outbox.jobs import LEADS, Job


class BuildInput(OnBehalf):
    """The branch of a build, and the time limits of its leads."""

    branch = Word(metadata=describe("For this branch only; a branch's key builds for its own.", example="b-1"))
    due_days = Whole(1, 90, load_default=7, metadata=describe("Days until each is due.", example=7))
    expire_days = Whole(1, 90, load_default=14, metadata=describe("Days until each ends by itself.", example=14))


class FellOutAnswer(Loose):
    """Why customers got no lead."""

    reason = fields.String(required=True, metadata=describe("The gate's id, or one of the build's own reasons."))
    text = fields.String(required=True)
    customers = fields.Integer(required=True)


class BuiltAnswer(Loose):
    """The outcome of a build: leads, and customers without one by reason, which add up to all customers."""

    customers = fields.Integer(required=True)
    candidates = fields.Integer(required=True, metadata=describe("Customers worth a call."))
    places = fields.Integer(required=True, metadata=describe("Contacts that the advisers had left."))
    leads = fields.Integer(required=True)
    fell_out = fields.List(fields.Nested(FellOutAnswer), required=True, metadata=describe("Most first."))


class BuildAnswer(Loose):
    """A build of leads as it stands."""

    id = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": ["queued", "running", "done", "failed", "cancelled"]})
    branch = fields.String(required=True, allow_none=True, metadata=describe("null: the whole bank."))
    total = fields.Integer(required=True, allow_none=True)
    done = fields.Integer(required=True)
    error = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    built = fields.Nested(BuiltAnswer, required=True, allow_none=True, metadata=describe("Once it is done."))


class ReportQuery(Strict):
    """Which leads to report on."""

    branch = Word(metadata=describe("Of this branch.", example="b-1"))
    days = QueryInteger(1, 3_650, load_default=30, metadata=describe("Built in so many days.", example=30))


class ReportRow(Loose):
    """The outcomes of the leads of one adviser, or of one strategy that raised the offers."""

    by = fields.String(required=True, metadata={"enum": ["adviser", "strategy"]})
    name = fields.String(required=True)
    leads = fields.Integer(required=True)
    claimed = fields.Integer(required=True)
    contacted = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    sold = fields.Integer(required=True)
    sold_yuan = fields.Float(required=True)
    rejected = fields.Integer(required=True)
    withdrawn = fields.Integer(required=True)
    expired = fields.Integer(required=True)
    corrected = fields.Integer(required=True)
    overridden = fields.Integer(required=True)


class ReportAnswer(Loose):
    """The outcomes by adviser, then by strategy; a sale is credited to both."""

    branch = fields.String(required=True, allow_none=True)
    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True)
    rows = fields.List(fields.Nested(ReportRow), required=True)


BUILD_IN: dict[str, Any] = {"branch": "b-1"}

BUILD: dict[str, Any] = {
    "id": "9e0b9c5e-5a0c-4d7c-8a43-8a4d6a9d2f10",
    "state": "done",
    "branch": "b-1",
    "total": 2084,
    "done": 2084,
    "error": None,
    "created_at": "2026-11-23T08:00:00+08:00",
    "finished_at": "2026-11-23T08:00:03+08:00",
    "built": {
        "customers": 2084,
        "candidates": 143,
        "places": 20,
        "leads": 20,
        "fell_out": [
            {
                "reason": "marketing-consent",
                "text": "The customer has not agreed to marketing in this channel",
                "customers": 1941,
            },
            {"reason": "hours-full", "text": "The advisers' hours are full", "customers": 123},
        ],
    },
}

REPORT: dict[str, Any] = {
    "branch": "b-1",
    "since": "2026-10-24T08:00:00+08:00",
    "until": "2026-11-23T08:00:00+08:00",
    "rows": [
        {
            "by": "adviser",
            "name": "a-17",
            "leads": 20,
            "claimed": 18,
            "contacted": 17,
            "accepted": 5,
            "sold": 4,
            "sold_yuan": 360000.0,
            "rejected": 6,
            "withdrawn": 1,
            "expired": 1,
            "corrected": 0,
            "overridden": 2,
        }
    ],
}


SENTENCE = "The build does not fit; nothing was queued."
_INPUT, _REPORT = BuildInput(), ReportQuery()

api = Resource("lead-builds", __name__, description="Making leads, and what became of them.")


@api.post(
    "/v1/lead-builds",
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=BuildInput,
    example=BUILD_IN,
    answers={
        "202": response_doc(
            "Queued; Location says where to look.",
            BuildAnswer,
            BUILD | {"state": "queued", "built": None},
            headers={"Location": {"schema": {"type": "string"}}},
        )
    },
)
def build_leads(client: Client) -> Response:
    """Make leads for a branch

    Decides for every customer of the branch (of the bank where none is named) who has no lead at work, and gives the
    best to the advisers who are here, within their hours and skills. What became of the others is said by reason.
    """
    body = check(_INPUT, read_json(request), SENTENCE)
    branch, spoken = (
        resolve_branch(client, body.get("branch")),
        choose_language(request.headers.get("Accept-Language", "")),
    )
    actor = Actor(client.name, branch, body.get("on_behalf_of"), spoken)
    queued = engine().crm.jobs.add_build(actor, Term(body["due_days"], body["expire_days"]))
    audit_branch_action(engine().store, client, "leads.build.queue", queued.id, about(client, body.get("on_behalf_of")))
    return _reply(queued, 202, [("Location", f"/v1/lead-builds/{queued.id}")])


@api.get(
    "/v1/lead-builds/<string:job_id>",
    scope="leads:read",
    reach=BoundClients.BRANCH,
    answers={"200": response_doc("The build.", BuildAnswer, BUILD)},
    errors=(NotFound,),
)
def get_lead_build(client: Client, job_id: str) -> Response:
    """A build of leads as it stands

    Once it is done, `built` says how many leads were made and, by reason, why the other customers got none.
    """
    return _reply(engine().crm.jobs.read(job_id, client.branch, LEADS))


@api.get(
    "/v1/leads/report",
    scope="leads:read",
    reach=BoundClients.BRANCH,
    query=ReportQuery,
    answers={"200": response_doc("The report.", ReportAnswer, REPORT)},
)
def report_leads(client: Client) -> Response:
    """What became of the leads built lately

    A row per adviser, then one per strategy that raised an offer; a branch's key sees its own branch's.
    """
    query = read_query(_REPORT)
    branch, now = resolve_branch(client, query.get("branch")), engine().clock()
    since = now - query["days"] * DAY_MS
    rows = engine().store.leads.report(since, now + 1, branch)
    audit_branch_action(engine().store, client, "leads.report", branch or "bank", about(client))
    zone = engine().timezone
    report = {"branch": branch, "since": iso(since, zone), "until": iso(now, zone), "rows": rows}
    return RawResponse(orjson.dumps(report), 200, [NO_STORE])


def _reply(job: Job, status: int = 200, headers: list[tuple[str, str]] | None = None) -> RawResponse:
    return RawResponse(orjson.dumps(_document(job)), status, [NO_STORE, *(headers or [])])


def _document(job: Job) -> dict[str, Any]:
    zone = engine().timezone
    times = {name: getattr(job, name) for name in ("created_at", "finished_at")}
    return {
        **{name: getattr(job, name) for name in ("id", "state", "branch", "total", "done", "error")},
        **{name: None if at is None else iso(at, zone) for name, at in times.items()},
        "built": job.outcome,
    }
