"""/v1/lead-builds and /v1/leads/report: make a branch's list, and see what became of it.

A build decides for every customer of the branch, so it is done beside the requests: POST answers 202 with the address
at which to look. It is a job like any other (``/v1/jobs`` lists and cancels it).
"""

from typing import Any

import orjson
from flask import Response, request

from service.core.domain import Client
from service.core.errors import NotFound
from service.core.grid import DAY_MS
from service.engine.crm.leads.building import Term
from service.engine.crm.leads.judging import now_ms
from service.rendering.answer import iso
from service.routes.examples.leads import BUILD, BUILD_IN, REPORT
from service.routes.http.crm_audit import about, audit_branch_action
from service.routes.http.fields import check
from service.routes.http.guard import BoundClients, engine, own_branch
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, language
from service.routes.http.json_body import read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.offers import pairs
from service.routes.schemas.leads import BuildAnswer, BuildInput, ReportAnswer, ReportQuery
from service.store.leads import Actor
from service.store.outbox.jobs import LEADS, Job

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
    branch, spoken = own_branch(client, body.get("branch")), language(request.headers.get("Accept-Language", ""))
    actor = Actor(client.name, branch, body.get("on_behalf_of"), spoken)
    queued = engine().crm.jobs.add_build(actor, Term(body["due_days"], body["expire_days"]))
    audit_branch_action(client, "leads.build.queue", queued.id, about(client, body.get("on_behalf_of")))
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
    query = check(_REPORT, pairs(request.environ["QUERY_STRING"]), "The query does not fit.")
    branch, now = own_branch(client, query.get("branch")), now_ms()
    since = now - query["days"] * DAY_MS
    rows = engine().crm.report(since, now + 1, branch)
    audit_branch_action(client, "leads.report", branch or "bank", about(client))
    zone = engine().timezone
    told = {"branch": branch, "since": iso(since, zone), "until": iso(now, zone), "rows": rows}
    return RawResponse(orjson.dumps(told), 200, [NO_STORE])


def _reply(found: Job, status: int = 200, headers: list[tuple[str, str]] | None = None) -> RawResponse:
    return RawResponse(orjson.dumps(_document(found)), status, [NO_STORE, *(headers or [])])


def _document(found: Job) -> dict[str, Any]:
    zone = engine().timezone
    times = {name: getattr(found, name) for name in ("created_at", "finished_at")}
    return {
        **{name: getattr(found, name) for name in ("id", "state", "branch", "total", "done", "error")},
        **{name: None if at is None else iso(at, zone) for name, at in times.items()},
        "built": found.outcome,
    }
